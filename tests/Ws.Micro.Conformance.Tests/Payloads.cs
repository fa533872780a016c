using System;

namespace Ws.Micro.Conformance.Tests;

/// <summary>Payloads of which no two stretches are alike, so that a byte lost, doubled or moved shows.</summary>
internal static class Payloads
{
    private static readonly byte[][] MultiByte = ["é"u8.ToArray(), "€"u8.ToArray(), "𝄞"u8.ToArray()];

    public static byte[] Binary(int length)
    {
        byte[] payload = new byte[length];
        new Random(length).NextBytes(payload);
        return payload;
    }

    /// <summary>UTF-8: ASCII, with a code point of 2 to 4 bytes among every 64 bytes or fewer.</summary>
    public static byte[] Text(int length)
    {
        byte[] payload = Binary(length);
        for (int i = 0; i < length; i++)
        {
            payload[i] = (byte)(' ' + payload[i] % ('~' - ' '));
        }

        Random random = new(length);
        for (int at = random.Next(60); at + 4 <= length; at += 4 + random.Next(60))
        {
            MultiByte[random.Next(3)].CopyTo(payload, at);
        }

        return payload;
    }
}
