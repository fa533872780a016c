using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Linq;
using Ws.Micro.Deflate.Tests.Support;
using Ws.Micro.Framing;
using Ws.Micro.Tests.Support;
using static Ws.Micro.Tests.Support.Frame;

namespace Ws.Micro.Deflate.Tests;

/// <summary>Pitfall D1: a message that is small on the wire and large in the clear ends at the limit while it inflates, and takes no memory.</summary>
[Collection(MeasuredAlone.Name)]
public sealed class BombTests
{
    private const int Size = 1 << 20;

    // The least that does not count as a tiny fragment.
    private const int FragmentSize = Limits.TinyFragmentSize;

    private static readonly byte[] Bomb = Make();

    [Fact]
    public void D1_is_stopped_at_the_limit_at_every_split()
    {
        foreach (bool isServer in Agreed.Roles)
        {
            byte[] wire = Frame.Encode(isServer, Of(0xC1, Agreed.Bytes("f2 48 cd c9 c9 07 00")), Of(0x42, Bomb[..100]), Of(0x80, Bomb[100..]));
            foreach (int lookupBits in new[] { 0, 9 })
            {
                EverySplit.Gives(
                    () => new Agreed(9, 9).Engine(isServer, Agreed.Options(lookupBits: lookupBits), 1000), wire, ["text \"Hello\" first last", "failed MessageTooBig 1009"]);
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(32_768)]
    [InlineData(Size - 1)]
    [InlineData(Size)]
    [InlineData(long.MaxValue)]
    public void D1_no_more_than_the_limit_is_delivered_and_nothing_is_allocated(long limit)
    {
        Assert.InRange(Bomb.Length, 1000, 1100);
        foreach (bool isServer in Agreed.Roles)
        {
            foreach (int bits in Agreed.AllBits)
            {
                foreach (int piece in new[] { 1, 7, 64, 10_000 })
                {
                    (long delivered, long allocated, ProtocolError error) = Read(isServer, bits, limit, Fragments(isServer), piece);
                    Assert.Equal(limit < Size ? ProtocolError.MessageTooBig : ProtocolError.None, error);
                    Assert.True(limit < Size ? delivered <= limit && delivered >= limit - (1 << bits) : delivered == Size, $"{delivered} bytes of {limit}");
                    Assert.Equal(0, allocated);
                }
            }
        }
    }

    [Fact]
    public void D1_a_bomb_of_empty_blocks_and_fragments_ends_by_the_budget_of_fragments()
    {
        // Stored blocks of nothing, five bytes each: no output at all, so no limit of size is ever reached.
        foreach (bool isServer in Agreed.Roles)
        {
            Frame[] frames = [Of(0x42), .. Enumerable.Repeat(Of(0x00, 0, 0, 0, 0xFF, 0xFF), Limits.MaxTinyFragments)];
            (long delivered, _, ProtocolError error) = Read(isServer, 15, 1000, Frame.Encode(isServer, frames), 100);
            Assert.Equal((0, ProtocolError.TooManyFragments), (delivered, error));
        }
    }

    // In as many fragments as there can be.
    private static byte[] Fragments(bool isServer)
    {
        List<Frame> frames = [];
        for (int at = 0; at < Bomb.Length; at += FragmentSize)
        {
            int end = Math.Min(Bomb.Length, at + FragmentSize);
            frames.Add(Of((at == 0 ? 0x42 : 0) | (end == Bomb.Length ? 0x80 : 0), Bomb[at..end]));
        }

        return Frame.Encode(isServer, [.. frames]);
    }

    private static (long Delivered, long Allocated, ProtocolError Error) Read(bool isServer, int bits, long limit, byte[] wire, int piece)
    {
        // One for each attempt to measure; a server's bytes are unmasked in place.
        Queue<(WebSocketEngine Engine, byte[] Wire)> attempts = new(
            Enumerable.Range(0, Measured.Attempts + 1).Select(_ => (new Agreed(bits, bits).Engine(isServer, null, limit), (byte[])wire.Clone())));
        long delivered = 0;
        ProtocolError error = default;
        long allocated = Measured.Allocated(() =>
        {
            (WebSocketEngine engine, byte[] input) = attempts.Dequeue();
            delivered = 0;
            int at = 0;
            int end = 0;
            while (end < input.Length)
            {
                end = Math.Min(input.Length, end + piece);
                EngineEvent found;
                do
                {
                    found = engine.Receive(input, at, end - at, 0);
                    at += engine.Taken;
                    delivered += found == EngineEvent.Data ? engine.DataCount : 0;
                }
                while (found != EngineEvent.None);
            }

            error = engine.Error;
        });
        return (delivered, allocated, error);
    }

    private static byte[] Make()
    {
        using MemoryStream stream = new();
        using (DeflateStream deflate = new(stream, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            deflate.Write(new byte[Size]);
        }

        // It ends with a final block, which RFC 7692 §7.2.3.4 has followed by the header of an empty one.
        return [.. stream.ToArray(), 0];
    }
}
