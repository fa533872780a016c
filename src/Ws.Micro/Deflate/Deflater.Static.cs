namespace Ws.Micro.Deflate;

// Tokens written with the static codes (RFC 1951 §3.2.6), which are computed, not stored.
public sealed partial class Deflater
{
    private const int StaticHeader = 1 << 1, HeaderBits = 3;

    /// <summary>Writes the finder's tokens into the message's one static block until all are written or the output is full.</summary>
    private int WriteTokens(byte[] output, int at, int end)
    {
        byte[] values = _finder.Values;
        ushort[] distances = _finder.Distances;
        byte[] reversed = BitOrder.Reversed;
        int count = _finder.Count;
        int token = _written;
        int bits = _bits;
        int bitCount = _bitCount;
        int last = end - TokenRoom;
        if (!_inBlock && at <= last)
        {
            _inBlock = true;
            bits |= StaticHeader << bitCount;
            bitCount += HeaderBits;
            if (bitCount >= 8)
            {
                output[at++] = (byte)bits;
                bits >>= 8;
                bitCount -= 8;
            }
        }

        while (token < count && at <= last)
        {
            int value = values[token];
            int distance = distances[token++] - 1;
            if (distance < 0)
            {
                if (value < 144)
                {
                    bits |= reversed[value + 0x30] << bitCount;
                    output[at++] = (byte)bits;
                    bits >>= 8;
                    continue;
                }

                // 0x190 + value - 144 in nine bits is a one, and then the value.
                bits |= ((reversed[value] << 1) | 1) << bitCount;
                bitCount += 9;
            }
            else
            {
                // §3.2.5: 258 has a symbol of its own.
                int extra = value < 8 || value == 255 ? 0 : value < 16 ? 1 : value < 32 ? 2 : value < 64 ? 3 : value < 128 ? 4 : 5;
                int symbol = value == 255 ? 29 : (extra << 2) + (value >> extra) + 1;
                value &= (1 << extra) - 1;

                // Symbols 257 to 279 have seven bits, those from 280 on eight.
                if (symbol < 24)
                {
                    bits |= (reversed[symbol << 1] | (value << 7)) << bitCount;
                    bitCount += 7 + extra;
                }
                else
                {
                    bits |= (reversed[symbol + 0xC0 - 24] | (value << 8)) << bitCount;
                    bitCount += 8 + extra;
                }

                while (bitCount >= 8)
                {
                    output[at++] = (byte)bits;
                    bits >>= 8;
                    bitCount -= 8;
                }

                extra = distance < 64 ? 0 : distance < 512 ? 5 : 8;
                while (distance >> extra >= 4)
                {
                    extra++;
                }

                symbol = (extra << 1) + (distance >> extra);
                bits |= (reversed[symbol << 3] | ((distance & ((1 << extra) - 1)) << 5)) << bitCount;
                bitCount += 5 + extra;
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
