using System;
using System.Collections.Generic;

namespace Ws.Micro.Deflate.Tests.Support;

/// <summary>Writes DEFLATE by hand (RFC 1951 §3.1.1), valid or not.</summary>
internal sealed class BitWriter
{
    private readonly List<byte> _bytes = [];
    private int _used = 8;

    public byte[] ToArray() => [.. _bytes];

    /// <summary>A number, lowest bit first.</summary>
    public BitWriter Bits(int value, int count)
    {
        for (int i = 0; i < count; i++)
        {
            if (_used == 8)
            {
                _bytes.Add(0);
                _used = 0;
            }

            _bytes[^1] |= (byte)(((value >> i) & 1) << _used++);
        }

        return this;
    }

    /// <summary>A Huffman code, highest bit first.</summary>
    public BitWriter Code(int code, int length)
    {
        for (int i = length - 1; i >= 0; i--)
        {
            Bits(code >> i, 1);
        }

        return this;
    }

    /// <summary>A symbol of a block with fixed codes (§3.2.6).</summary>
    public BitWriter Fixed(int symbol) => symbol switch
    {
        < 144 => Code(0x30 + symbol, 8),
        < 256 => Code(0x190 + symbol - 144, 9),
        < 280 => Code(symbol - 256, 7),
        _ => Code(0xC0 + symbol - 280, 8),
    };

    /// <summary>A length's symbol with the fixed code, and its extra bits (§3.2.5).</summary>
    public BitWriter MatchLength(int length)
    {
        if (length == 258)
        {
            return Fixed(285);
        }

        int value = length - 3;
        int extra = 0;
        while (value >> extra >= 8)
        {
            extra++;
        }

        return Fixed(257 + (extra << 2) + (value >> extra)).Bits(value & ((1 << extra) - 1), extra);
    }

    /// <summary>A distance's symbol with the fixed code of 5 bits, and its extra bits (§3.2.5).</summary>
    public BitWriter Distance(int distance)
    {
        int symbol = 29;
        while (Base(symbol) > distance)
        {
            symbol--;
        }

        return Code(symbol, 5).Bits(distance - Base(symbol), symbol < 4 ? 0 : (symbol >> 1) - 1);

        static int Base(int symbol) => symbol < 4 ? symbol + 1 : ((2 + (symbol & 1)) << ((symbol >> 1) - 1)) + 1;
    }

    /// <summary>A code of the code length code that <see cref="DynamicHeader"/> writes: 0 to 12 with 4 bits, 13 to 18 with 5.</summary>
    public BitWriter Length(int symbol) => symbol < 13 ? Code(symbol, 4) : Code(26 + symbol - 13, 5);

    /// <summary>The header of a block with dynamic codes, up to where the code lengths begin (§3.2.7).</summary>
    public BitWriter DynamicHeader(int literals, int distances)
    {
        Bits(0, 1).Bits(2, 2).Bits(literals - 257, 5).Bits(distances - 1, 5).Bits(15, 4);
        foreach (int symbol in (ReadOnlySpan<int>)[16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15])
        {
            Bits(symbol < 13 ? 4 : 5, 3);
        }

        return this;
    }

    /// <summary>A whole header of a block with dynamic codes, its code lengths one by one.</summary>
    public BitWriter Dynamic(int[] literals, int[] distances)
    {
        DynamicHeader(literals.Length, distances.Length);
        foreach (int length in (int[])[.. literals, .. distances])
        {
            Length(length);
        }

        return this;
    }
}
