using System;

namespace Ws.Micro.Fuzz;

/// <summary>
/// A fuzz input. Any byte string is one; missing header bytes count as 0.
/// <list type="bullet">
/// <item>Byte 0: options. frame-reader: bit 0 masked, bit 1 RSV1 defined. engine-…: bit 0 with an extension, bit 1 the extension holds
/// bytes back, bit 2 the clock goes on with each control frame. …-handshake: none. inflater: bits 0 to 2 the window, 0 for 8 bits; bits 3 to 5 the
/// lookup table, 1 for 7 bits, 5 and on for none. deflate-engine: bit 0 the server's role, bits 1 to 3 both windows, bit 4 no context takeover.</item>
/// <item>Byte 1: limit. engine-…: the largest message in bytes, 255 for no limit. …-handshake: (limit + 1) * 16 bytes of buffer.</item>
/// <item>Bytes 2 to 7: the sizes of six pieces. After the sixth comes a piece of one byte, then the first size again, until all is given.</item>
/// <item>Bytes 8 and on, at most 4096: what the peer sends.</item>
/// </list>
/// </summary>
internal sealed class Input
{
    public const int HeaderSize = 8;
    public const int MaxWire = 4096;
    private const int Pieces = 6;

    private readonly byte[] _header = new byte[HeaderSize];

    public Input(byte[] bytes)
    {
        Array.Copy(bytes, _header, Math.Min(bytes.Length, HeaderSize));
        int size = Math.Clamp(bytes.Length - HeaderSize, 0, MaxWire);
        Wire = bytes.AsSpan(bytes.Length - Math.Max(bytes.Length - HeaderSize, 0), size).ToArray();
    }

    public byte Limit => _header[1];

    public byte[] Wire { get; }

    public bool Option(int bit) => (_header[0] >> bit & 1) != 0;

    /// <summary>Some of the options as a number.</summary>
    public int Bits(int first, int count) => (_header[0] >> first) & ((1 << count) - 1);

    /// <summary>The size of a piece by its number; all of <paramref name="left"/> where the input is given whole.</summary>
    public int PieceSize(int number, bool whole, int left)
    {
        int turn = number % (Pieces + 1);
        return whole ? left : Math.Min(turn == Pieces ? 1 : _header[2 + turn], left);
    }
}
