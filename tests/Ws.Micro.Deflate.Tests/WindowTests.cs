using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Ws.Micro.Deflate.Tests.Support;
using Ws.Micro.Handshake;
using Ws.Micro.Tests.Support;
using static Ws.Micro.Tests.Support.Frame;

namespace Ws.Micro.Deflate.Tests;

/// <summary>Windows of 8 to 15 bits, each side with its own (RFC 7692 §7.1.2): pitfalls D2, D6 and D7.</summary>
public sealed class WindowTests
{
    private const int BinaryRsv1 = 0xC2;

    // A pattern begins with so many bytes of noise; what saves half of them has found them again.
    private const int Noise = 64;

    public static MatrixTheoryData<int, int> Pairs { get; } = new(Agreed.AllBits, Agreed.AllBits);

    [Theory]
    [MemberData(nameof(Pairs))]
    public void D2_every_pair_is_offered_accepted_and_spoken(int serverBits, int clientBits)
    {
        DeflateOptions policy = new() { MaxSendWindowBits = clientBits, MaxReceiveWindowBits = serverBits };
        ClientHandshake client = new(new byte[1024], Heads.Nonce, [], policy);
        byte[] request = new byte[1024];
        int size = client.WriteRequest(request, "host", "/", []);

        ServerHandshake server = new(new byte[1024]);
        Assert.Equal(HandshakeStatus.Done, Heads.Feed(server.Head, server.Read, request[..size], 1));
        DeflateParameters agreed = server.SelectDeflate(new DeflateOptions())!;
        byte[] response = new byte[1024];
        size = server.WriteAccept(response, null, DeflateNegotiation.WriteResponse(agreed));
        Assert.Equal(HandshakeStatus.Done, Heads.Feed(client.Head, client.Read, response[..size], 1));

        DeflateParameters[] sides = [agreed, client.Deflate!];
        Assert.All(sides, side => Assert.Equal((serverBits, clientBits), (side.ServerWindowBits, side.ClientWindowBits)));
        foreach (bool dynamicCodes in new[] { false, true })
        {
            foreach (bool takeover in new[] { true, false })
            {
                AssertSpoken(new Agreed(serverBits, clientBits, !takeover, !takeover), Agreed.Options(dynamicCodes: dynamicCodes, lookupBits: dynamicCodes ? 9 : 0));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void D2_memory_follows_the_bits_agreed(int ours, int theirs)
    {
        foreach (bool isServer in Agreed.Roles)
        {
            foreach (PerMessageDeflateOptions options in new[] { Agreed.Options(), Agreed.Options(dynamicCodes: true, lookupBits: 9) })
            {
                int bytes = Agreed.Seen(isServer, ours, theirs).Extension(isServer, options).MemoryBytes;
                Assert.Equal(options.MemoryBytes(ours, theirs), bytes);
                Assert.True(ours == 8 || bytes > Agreed.Seen(isServer, ours - 1, theirs).Extension(isServer, options).MemoryBytes);
                Assert.True(theirs == 8 || bytes > Agreed.Seen(isServer, ours, theirs - 1).Extension(isServer, options).MemoryBytes);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void D2_and_D6_each_side_compresses_with_all_of_its_own_window_and_no_more(int ours, int theirs)
    {
        Zlib.Require();
        foreach (bool isServer in Agreed.Roles)
        {
            foreach (bool dynamicCodes in new[] { false, true })
            {
                Agreed agreed = Agreed.Seen(isServer, ours, theirs);
                foreach (int beyond in new[] { 0, 1 })
                {
                    WebSocketEngine sender = agreed.Engine(isServer, Agreed.Options(dynamicCodes: dynamicCodes));
                    byte[] pattern = Pattern((1 << ours) + beyond);
                    byte[][] wires = [sender.Encode(pattern, bufferSize: 40_000), sender.Encode(pattern, bufferSize: 40_000)];
                    int saved = Wire.Payload(wires[0]).Length - Wire.Payload(wires[1]).Length;

                    Assert.All(wires, wire => Assert.True(Wire.IsCompressed(wire)));
                    Assert.True(saved > Noise / 2 == (beyond == 0), $"{saved} bytes saved by what lay {1 << ours} + {beyond} bytes back");
                    Assert.Equal((byte[])[.. pattern, .. pattern], Wire.InflateWithZlib(wires, ours));
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void D6_and_D7_each_side_inflates_with_the_other_sides_window_and_a_distance_beyond_it_fails(int ours, int theirs)
    {
        int size = 1 << theirs;
        (byte[] Message, byte[] Plain) reachable = ReachBack(size + 2, size), beyond = ReachBack(size + 2, size + 1);
        foreach (bool isServer in Agreed.Roles)
        {
            foreach (int lookupBits in new[] { 0, 9 })
            {
                WebSocketEngine Engine() => Agreed.Seen(isServer, ours, theirs).Engine(isServer, Agreed.Options(lookupBits: lookupBits));
                byte[] wire = Frame.Encode(isServer, Of(BinaryRsv1, reachable.Message));

                // All cuts once; for the other pairs those around the match.
                int firstCut = ours == theirs ? 1 : wire.Length - 6;
                EverySplit.Gives(Engine, wire, [$"binary {Recorder.Show(reachable.Plain, false)} first last"], firstCut, reachable.Plain.Length);
                if (theirs < 15)
                {
                    wire = Frame.Encode(isServer, Of(BinaryRsv1, beyond.Message));
                    EverySplit.Gives(Engine, wire, ["failed UndecodableMessage 1007"], firstCut, beyond.Plain.Length);
                }
            }
        }
    }

    [Fact]
    public void D7_a_distance_beyond_what_has_been_output_fails()
    {
        byte[] vector = Agreed.Bytes("4a 04 12 00 00");
        foreach (int bits in Agreed.AllBits)
        {
            foreach (bool isServer in Agreed.Roles)
            {
                foreach (int lookupBits in new[] { 0, 9 })
                {
                    WebSocketEngine Engine() => new Agreed(bits, bits).Engine(isServer, Agreed.Options(lookupBits: lookupBits));
                    EverySplit.Gives(Engine, Frame.Encode(isServer, Of(BinaryRsv1, vector), Of(0x82, "never")), ["failed UndecodableMessage 1007"]);
                    foreach (int total in new[] { 4, 20, (1 << bits) - 1 })
                    {
                        (byte[] message, byte[] plain) = ReachBack(total, total);
                        byte[] wire = Frame.Encode(isServer, Of(BinaryRsv1, message));
                        EverySplit.Gives(Engine, wire, [$"binary {Recorder.Show(plain, false)} first last"], wire.Length - 6, plain.Length);
                        wire = Frame.Encode(isServer, Of(BinaryRsv1, ReachBack(total, total + 1).Message));
                        EverySplit.Gives(Engine, wire, ["failed UndecodableMessage 1007"], wire.Length - 6, plain.Length);
                    }
                }
            }
        }
    }

    private static void AssertSpoken(Agreed agreed, PerMessageDeflateOptions options)
    {
        byte[][] messages = [.. Messages(1 << Math.Max(agreed.ServerBits, agreed.ClientBits))];
        string[] expected = [.. messages.Select(message => $"binary {Recorder.Show(message, false)} first last")];
        foreach (bool isServer in Agreed.Roles)
        {
            WebSocketEngine sender = agreed.Engine(isServer, options), receiver = agreed.Engine(!isServer, options);
            Recorder recorder = new(1 << 18, 0x5A);
            recorder.Feed(receiver, [.. messages.SelectMany(message => sender.Encode(message))], 1 + (agreed.ServerBits * agreed.ClientBits));
            Assert.Equal(expected, recorder.Lines);
        }
    }

    // Small ones, one of more than a window, and noise that goes as it is.
    private static IEnumerable<byte[]> Messages(int windowSize)
    {
        yield return [];
        yield return [7];
        Random random = new(windowSize);
        byte[] noise = new byte[3000];
        random.NextBytes(noise);
        yield return noise;
        for (int i = 0; i < 10; i++)
        {
            yield return Encoding.ASCII.GetBytes($$"""{"id":"attic-{{i % 3}}","seq":{{i}},"temperature":{{20 + random.NextDouble():F2}},"humidity":{{45 + random.Next(9)}}.0}""");
        }

        yield return Pattern(windowSize);
        yield return [.. Enumerable.Range(0, (2 * windowSize) + 300).Select(i => (byte)(i % 257))];
        yield return Pattern(windowSize);
    }

    private static byte[] Pattern(int length)
    {
        byte[] pattern = new byte[length];
        new Random(length).NextBytes(pattern.AsSpan(0, Noise));
        return pattern;
    }

    /// <summary>A message of "abcx", x's up to <paramref name="total"/> bytes, and a match of three bytes; and what it stands for.</summary>
    private static (byte[] Message, byte[] Plain) ReachBack(int total, int distance)
    {
        byte[] plain = [.. "abc"u8, .. Enumerable.Repeat((byte)'x', total - 3), 0, 0, 0];
        BitWriter writer = new BitWriter().Bits(2, 3).Fixed('a').Fixed('b').Fixed('c').Fixed('x');
        int left = total - 4;
        for (; left >= 258; left -= 258)
        {
            writer.Fixed(285).Code(0, 5);
        }

        for (; left >= 10; left -= 10)
        {
            writer.Fixed(264).Code(0, 5);
        }

        for (; left > 0; left--)
        {
            writer.Fixed('x');
        }

        for (int i = total; i < plain.Length && distance <= total; i++)
        {
            plain[i] = plain[i - distance];
        }

        return (writer.Fixed(257).Distance(distance).Fixed(256).Bits(0, 3).ToArray(), plain);
    }
}
