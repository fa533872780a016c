using System;

namespace Ws.Micro.Handshake;

/// <summary>
/// Computes Sec-WebSocket-Accept: base64 of the SHA-1 of the key and a fixed GUID (RFC 6455 §4.2.2). Allocates at construction only.
/// SHA-1 is here because the device has none; it proves that the peer speaks WebSocket and protects nothing.
/// </summary>
public sealed class AcceptKey
{
    /// <summary>Characters of a key: base64 of 16 bytes.</summary>
    public const int KeySize = 24;

    /// <summary>Characters of an accept value: base64 of 20 bytes.</summary>
    public const int Size = 28;

    private const int BlockSize = 64;
    private const string Guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    private static readonly byte[] Base64 = Ascii.Bytes("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");

    // Key and GUID are 60 bytes, which with SHA-1's padding always fill two blocks.
    private readonly byte[] _message = new byte[2 * BlockSize];
    private readonly int[] _schedule = new int[16];
    private readonly byte[] _digest = new byte[20];

    /// <summary>Takes the memory.</summary>
    public AcceptKey()
    {
        const int Length = 60;
        Array.Copy(Ascii.Bytes(Guid), 0, _message, KeySize, Guid.Length);
        _message[Length] = 0x80;
        _message[(2 * BlockSize) - 2] = (Length * 8) >> 8;
        _message[(2 * BlockSize) - 1] = (Length * 8) & 0xFF;
    }

    /// <summary>Writes the 28 characters that answer the 24 characters of a key.</summary>
    public void Compute(byte[] key, int keyOffset, byte[] output, int outputOffset)
    {
        Array.Copy(key, keyOffset, _message, 0, KeySize);
        int[] w = _schedule;
        byte[] message = _message;
        int h0 = 0x67452301;
        int h1 = unchecked((int)0xEFCDAB89);
        int h2 = unchecked((int)0x98BADCFE);
        int h3 = 0x10325476;
        int h4 = unchecked((int)0xC3D2E1F0);
        int offset = 0;
        while (offset < message.Length)
        {
            // FIPS 180-4 §6.1.3: the schedule as a ring of 16 words.
            int a = h0, b = h1, c = h2, d = h3, e = h4;
            for (int t = 0; t < 80; t++)
            {
                int s = t & 15;
                int word;
                if (t < 16)
                {
                    word = (message[offset] << 24) | (message[offset + 1] << 16) | (message[offset + 2] << 8) | message[offset + 3];
                    offset += 4;
                }
                else
                {
                    word = w[(s + 13) & 15] ^ w[(s + 8) & 15] ^ w[(s + 2) & 15] ^ w[s];
                    word = (word << 1) | (int)((uint)word >> 31);
                }

                w[s] = word;
                int f;
                if (t < 20)
                {
                    f = (d ^ (b & (c ^ d))) + 0x5A827999;
                }
                else if (t < 40)
                {
                    f = (b ^ c ^ d) + 0x6ED9EBA1;
                }
                else if (t < 60)
                {
                    f = ((b & c) | (d & (b | c))) + unchecked((int)0x8F1BBCDC);
                }
                else
                {
                    f = (b ^ c ^ d) + unchecked((int)0xCA62C1D6);
                }

                word += ((a << 5) | (int)((uint)a >> 27)) + f + e;
                e = d;
                d = c;
                c = (b << 30) | (int)((uint)b >> 2);
                b = a;
                a = word;
            }

            h0 += a;
            h1 += b;
            h2 += c;
            h3 += d;
            h4 += e;
        }

        w[0] = h0;
        w[1] = h1;
        w[2] = h2;
        w[3] = h3;
        w[4] = h4;
        for (int i = 0; i < _digest.Length; i++)
        {
            _digest[i] = (byte)(w[i >> 2] >> (24 - (8 * (i & 3))));
        }

        ToBase64(_digest, _digest.Length, output, outputOffset);
    }

    /// <summary>Writes the base64 form (RFC 4648 §4) of the first <paramref name="count"/> bytes of <paramref name="data"/> and returns its size.</summary>
    public static int ToBase64(byte[] data, int count, byte[] output, int outputOffset)
    {
        int at = outputOffset;
        for (int i = 0; i < count; i += 3)
        {
            int left = count - i;
            int group = (data[i] << 16) | (left > 1 ? data[i + 1] << 8 : 0) | (left > 2 ? data[i + 2] : 0);
            output[at++] = Base64[group >> 18];
            output[at++] = Base64[(group >> 12) & 63];
            output[at++] = left > 1 ? Base64[(group >> 6) & 63] : (byte)'=';
            output[at++] = left > 2 ? Base64[group & 63] : (byte)'=';
        }

        return at - outputOffset;
    }
}
