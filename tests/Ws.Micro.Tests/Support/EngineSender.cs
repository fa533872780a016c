using System;
using System.Collections.Generic;

namespace Ws.Micro.Tests.Support;

/// <summary>Sends through an engine as a shell does, into memory.</summary>
internal static class EngineSender
{
    private const int MaskKey = 0x1234567;

    /// <summary>The frames of a message, or of a fragment of one: encoded in buffers of <paramref name="bufferSize"/> bytes, or as it is.</summary>
    public static byte[] Encode(
        this WebSocketEngine engine, byte[] data, bool isText = false, bool isLast = true, bool compress = true, int bufferSize = 512)
    {
        List<byte> wire = new();
        byte[] buffer = new byte[bufferSize];
        int offset = 0;
        bool encoded = engine.BeginEncode(data.Length, isLast, compress);
        while (encoded)
        {
            int size = engine.WriteEncoded(data, offset, data.Length - offset, isText, isLast, buffer, MaskKey);
            if (size == 0)
            {
                Assert.Equal(0, offset);
                break;
            }

            offset += engine.EncodeTaken;
            wire.AddRange(new ArraySegment<byte>(buffer, engine.EncodedFrameOffset, size));
            if (engine.EncodeDone)
            {
                Assert.Equal(data.Length, offset);
                return wire.ToArray();
            }
        }

        buffer = new byte[WebSocketEngine.Headroom + data.Length];
        Array.Copy(data, 0, buffer, WebSocketEngine.Headroom, data.Length);
        int header = engine.BeginFrame(buffer, WebSocketEngine.Headroom, data.Length, isText, isLast, false, MaskKey);
        engine.Mask(buffer, WebSocketEngine.Headroom, data.Length);
        wire.AddRange(new ArraySegment<byte>(buffer, WebSocketEngine.Headroom - header, header + data.Length));
        return wire.ToArray();
    }
}
