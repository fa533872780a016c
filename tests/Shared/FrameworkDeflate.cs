using System;
using System.IO;
using System.IO.Compression;

namespace Ws.Micro.Testing;

/// <summary>permessage-deflate's payloads (RFC 7692 §7.2) made and read with .NET's own DEFLATE.</summary>
internal static class FrameworkDeflate
{
    private static readonly byte[] FlushEnd = [0, 0, 0xFF, 0xFF];

    /// <summary>The payload of a message that stands alone.</summary>
    public static byte[] Compress(ReadOnlySpan<byte> message)
    {
        using MemoryStream stream = new();
        using DeflateStream deflate = new(stream, CompressionLevel.Optimal);
        deflate.Write(message);
        deflate.Flush();
        byte[] bytes = stream.ToArray();

        // §7.2.1: the flush's last four bytes are cut off. Nothing to flush, nothing written.
        return bytes.Length == 0 ? [0] : bytes[..^FlushEnd.Length];
    }

    /// <summary>The messages of one context, each by the payload of all its frames, one after the other.</summary>
    public static byte[] Decompress(params byte[][] messages)
    {
        using MemoryStream stream = new();
        foreach (byte[] message in messages)
        {
            stream.Write(message);
            stream.Write(FlushEnd);
        }

        // The stream wants a final block.
        stream.Write([1, 0, 0, 0xFF, 0xFF]);
        stream.Position = 0;
        using DeflateStream deflate = new(stream, CompressionMode.Decompress);
        using MemoryStream plain = new();
        deflate.CopyTo(plain);
        return plain.ToArray();
    }
}
