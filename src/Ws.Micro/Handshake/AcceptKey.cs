using System;
using System.Text;

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

    private const string Guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    // The characters of base64 (RFC 4648 §4).
    internal const string Base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    // Key and GUID are 60 bytes, which with SHA-1's padding always fill two blocks of 64.
    private readonly byte[] _message = new byte[128];
    private readonly int[] _schedule = new int[16];

    /// <summary>Takes the memory.</summary>
    public AcceptKey()
    {
        const int Length = 60;
        Encoding.UTF8.GetBytes(Guid, 0, Guid.Length, _message, KeySize);
        _message[Length] = 0x80;
        _message[126] = (Length * 8) >> 8;
        _message[127] = (Length * 8) & 0xFF;
    }

    /// <summary>Writes the 28 characters that answer the 24 characters of a key.</summary>
    public void Compute(byte[] key, int keyOffset, byte[] output, int outputOffset)
    {
        int a = 0x67452301;
        int b = unchecked((int)0xEFCDAB89);
        int c = unchecked((int)0x98BADCFE);
        int d = 0x10325476;
        int e = unchecked((int)0xC3D2E1F0);
        int[] w = _schedule;
        byte[] message = _message;
        Array.Copy(key, keyOffset, message, 0, KeySize);
        int offset = 0;
        while (offset < message.Length)
        {
            // FIPS 180-4 §6.1.3: the schedule as a ring of 16 words.
            int h0 = a, h1 = b, h2 = c, h3 = d, h4 = e;
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
                word += ((a << 5) | (int)((uint)a >> 27)) + e;
                word += t < 20 ? (d ^ (b & (c ^ d))) + 0x5A827999
                    : t < 40 ? (b ^ c ^ d) + 0x6ED9EBA1
                    : t < 60 ? ((b & c) | (d & (b | c))) + unchecked((int)0x8F1BBCDC)
                    : (b ^ c ^ d) + unchecked((int)0xCA62C1D6);
                e = d;
                d = c;
                c = (b << 30) | (int)((uint)b >> 2);
                b = a;
                a = word;
            }

            a += h0;
            b += h1;
            c += h2;
            d += h3;
            e += h4;
        }

        // RFC 4648 §4: the digest's 160 bits in 27 groups of 6, the last filled up with zeros.
        w[0] = a;
        w[1] = b;
        w[2] = c;
        w[3] = d;
        w[4] = e;
        w[5] = 0;
        string base64 = Base64;
        for (int i = 0; i < Size - 1; i++)
        {
            int bit = i * 6;
            long words = ((long)w[bit >> 5] << 32) | (uint)w[(bit >> 5) + 1];
            output[outputOffset + i] = (byte)base64[(int)(words >> (58 - (bit & 31))) & 63];
        }

        output[outputOffset + Size - 1] = (byte)'=';
    }
}
