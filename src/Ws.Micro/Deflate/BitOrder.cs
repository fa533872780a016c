namespace Ws.Micro.Deflate;

/// <summary>Huffman codes come highest bit first in bytes that fill lowest bit first (RFC 1951 §3.1.1).</summary>
internal static class BitOrder
{
    /// <summary>Each byte with its bits in reverse. One for all, there once <see cref="Prepare"/> was called.</summary>
    internal static byte[] Reversed = null!;

    internal static void Prepare()
    {
        if (Reversed != null)
        {
            return;
        }

        byte[] reversed = new byte[256];
        for (int i = 1; i < 256; i++)
        {
            reversed[i] = (byte)((reversed[i >> 1] >> 1) | (i << 7));
        }

        Reversed = reversed;
    }
}
