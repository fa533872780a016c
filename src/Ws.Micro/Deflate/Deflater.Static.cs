namespace Ws.Micro.Deflate;

// Tokens written with the static codes (RFC 1951 §3.2.6), which are computed, not stored.
public sealed partial class Deflater
{
    private const int StaticHeader = 1 << 1, HeaderBits = 3;

    // The four bits of an index in reverse: Huffman codes go out from their highest bit on (RFC 1951 §3.1.1).
    private static readonly byte[] ReversedBits = { 0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15 };

    /// <summary>Writes the finder's tokens into the message's one static block until all are written or the output is full.</summary>
    private int WriteTokens(byte[] output, int at, int end)
    {
        byte[] values = _finder.Values;
        ushort[] distances = _finder.Distances;
        byte[] reversed = ReversedBits;
        int count = _finder.Count;
        int token = _written;
        int bits = _bits;
        int bitCount = _bitCount;
        if (!_inBlock)
        {
            _inBlock = true;
            bits |= StaticHeader << bitCount;
            bitCount += HeaderBits;
        }

        int last = end - TokenRoom;
        while (token < count && at <= last)
        {
            int value = values[token];
            int distance = distances[token++] - 1;
            if (distance < 0)
            {
                if (value < 144)
                {
                    value += 0x30;
                    bits |= ((reversed[value & 15] << 4) | reversed[value >> 4]) << bitCount;
                    bitCount += 8;
                }
                else
                {
                    // 0x190 + value - 144 in nine bits is a one, and then the value.
                    bits |= ((reversed[value & 15] << 5) | (reversed[value >> 4] << 1) | 1) << bitCount;
                    bitCount += 9;
                }
            }
            else
            {
                int extra = 0;
                while (value >> extra >= 8)
                {
                    extra++;
                }

                int symbol = value == 255 ? 28 : (extra << 2) + (value >> extra);
                if (value == 255)
                {
                    extra = 0;
                }

                // Symbols 257 to 279 have seven bits, those from 280 on eight.
                if (++symbol < 24)
                {
                    bits |= ((reversed[symbol & 15] << 3) | (reversed[symbol >> 4] >> 1)) << bitCount;
                    bitCount += 7;
                }
                else
                {
                    symbol += 0xC0 - 24;
                    bits |= ((reversed[symbol & 15] << 4) | reversed[symbol >> 4]) << bitCount;
                    bitCount += 8;
                }

                bits |= (value & ((1 << extra) - 1)) << bitCount;
                bitCount += extra;
                while (bitCount >= 8)
                {
                    output[at++] = (byte)bits;
                    bits >>= 8;
                    bitCount -= 8;
                }

                extra = distance < 256 ? 0 : 7;
                while (distance >> extra >= 4)
                {
                    extra++;
                }

                symbol = (extra << 1) + (distance >> extra);
                bits |= ((reversed[symbol & 15] << 1) | (symbol >> 4)) << bitCount;
                bitCount += 5;
                bits |= (distance & ((1 << extra) - 1)) << bitCount;
                bitCount += extra;
            }

            while (bitCount >= 8)
            {
                output[at++] = (byte)bits;
                bits >>= 8;
                bitCount -= 8;
            }
        }

        if (token == count)
        {
            token = 0;
            _finder.Count = 0;
            _writing = false;
        }

        _written = token;
        _bits = bits;
        _bitCount = bitCount;
        return at;
    }
}
