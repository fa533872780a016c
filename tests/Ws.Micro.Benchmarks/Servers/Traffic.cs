using System;
using System.Buffers.Binary;
using System.Linq;
using Ws.Micro.Benchmarks.Deflate;

namespace Ws.Micro.Benchmarks.Servers;

/// <summary>
/// The messages that every connection sends, one after the other, as frames made beforehand, so that the load costs next to nothing beside the
/// servers. Messages repeat; deflated ones refer to those before, so the frames of the first time are others than those of all later times.
/// </summary>
internal sealed class Traffic
{
    // More than a window of 32 KB holds, so that what a repeated frame refers to is the same each time.
    private const int Deflating = 300;
    private const uint MaskKey = 0x5AC3_17E9;
    private readonly byte[][] _messages;
    private readonly byte[][] _frames;

    private Traffic(byte[][] messages, byte[][] frames, int windowBits)
    {
        _messages = messages;
        _frames = frames;
        WindowBits = windowBits;
    }

    /// <summary>The window that permessage-deflate is offered with, both ways; 0: not offered.</summary>
    public int WindowBits { get; }

    /// <summary>Bytes of the largest message.</summary>
    public int MessageSize => _messages.Max(message => message.Length);

    /// <summary>One binary message of so many bytes, again and again.</summary>
    public static Traffic Binary(int size)
    {
        byte[] message = new byte[size];
        new Random(1).NextBytes(message);
        return new Traffic([message], [Frame(0x82, message)], 0);
    }

    /// <summary>Readings of one device as text of 150 bytes, deflated with context takeover.</summary>
    public static Traffic Deflated(int windowBits)
    {
        byte[][] messages = Readings.Make(Deflating);
        PerMessageDeflate codec = Sockets.Codecs(false, windowBits, Sockets.OnDotnet);
        byte[] output = new byte[1024];
        return new Traffic(messages, [.. messages.Concat(messages).Select(message => Frame(0xC1, output[..codec.Encode(message, output)]))], windowBits);
    }

    /// <summary>The masked frame with a connection's message of this number, from 0.</summary>
    public byte[] FrameOf(long number) => _frames[number < _frames.Length ? number : _frames.Length - _messages.Length + (number % _messages.Length)];

    /// <summary>That message.</summary>
    public ReadOnlySpan<byte> MessageOf(long number) => _messages[number % _messages.Length];

    private static byte[] Frame(byte first, byte[] payload)
    {
        byte[] header = payload.Length switch
        {
            < 126 => [first, (byte)(0x80 | payload.Length)],
            <= ushort.MaxValue => [first, 0xFE, (byte)(payload.Length >> 8), (byte)payload.Length],
            _ => [first, 0xFF, 0, 0, 0, 0, (byte)(payload.Length >> 24), (byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length],
        };
        byte[] key = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(key, MaskKey);
        return [.. header, .. key, .. payload.Select((b, i) => (byte)(b ^ key[i & 3]))];
    }
}
