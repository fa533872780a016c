namespace Ws.Micro.Framing;

/// <summary>Masks and unmasks payload bytes, which is the same operation (RFC 6455 §5.3).</summary>
public static partial class Masking
{
    /// <summary>
    /// XORs <paramref name="count"/> bytes in place with a key whose first wire byte is the lowest 8 bits of <paramref name="key"/>.
    /// Returns the key rotated so that the bytes that follow go on with it, whatever the split.
    /// </summary>
    public static int Apply(byte[] buffer, int offset, int count, int key)
    {
        byte k0 = (byte)key;
        byte k1 = (byte)(key >> 8);
        byte k2 = (byte)(key >> 16);
        byte k3 = (byte)(key >> 24);
        int end = offset + count;
        int lastEight = end - 8;
        ApplyFast(buffer, ref offset, end, key);
        while (offset <= lastEight)
        {
            buffer[offset] ^= k0;
            buffer[offset + 1] ^= k1;
            buffer[offset + 2] ^= k2;
            buffer[offset + 3] ^= k3;
            buffer[offset + 4] ^= k0;
            buffer[offset + 5] ^= k1;
            buffer[offset + 6] ^= k2;
            buffer[offset + 7] ^= k3;
            offset += 8;
        }

        while (offset < end)
        {
            buffer[offset] ^= (byte)key;
            key = (int)((uint)key >> 8) | (key << 24);
            offset++;
        }

        return key;
    }

    // .NET's body masks a multiple of four bytes at a time and leaves the last few.
    static partial void ApplyFast(byte[] buffer, ref int offset, int end, int key);
}
