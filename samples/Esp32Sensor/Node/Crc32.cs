namespace Esp32Sensor.Node;

/// <summary>The checksum of Ethernet and zip, by a table of 16 entries: what storage gives back is what was put in.</summary>
internal sealed class Crc32
{
    private readonly int[] _table = new int[16];
    private int _value = -1;

    internal Crc32()
    {
        for (int i = 0; i < _table.Length; i++)
        {
            uint entry = (uint)i;
            for (int bit = 0; bit < 4; bit++)
            {
                entry = (entry & 1) != 0 ? (entry >> 1) ^ 0xEDB88320 : entry >> 1;
            }

            _table[i] = (int)entry;
        }
    }

    /// <summary>The checksum of all added since the last <see cref="Reset"/>.</summary>
    internal int Value => ~_value;

    internal void Reset() => _value = -1;

    internal void Add(byte[] data, int offset, int count)
    {
        int[] table = _table;
        int value = _value;
        for (int end = offset + count; offset < end; offset++)
        {
            value ^= data[offset];
            value = table[value & 15] ^ ((value >> 4) & 0x0FFFFFFF);
            value = table[value & 15] ^ ((value >> 4) & 0x0FFFFFFF);
        }

        _value = value;
    }
}
