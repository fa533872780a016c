namespace Esp32Sensor.Node;

/// <summary>Whole numbers in byte arrays, the lowest byte first.</summary>
internal static class LittleEndian
{
    internal static void PutInt(byte[] buffer, int offset, int value)
    {
        buffer[offset] = (byte)value;
        buffer[offset + 1] = (byte)(value >> 8);
        buffer[offset + 2] = (byte)(value >> 16);
        buffer[offset + 3] = (byte)(value >> 24);
    }

    internal static int GetInt(byte[] buffer, int offset) =>
        buffer[offset] | (buffer[offset + 1] << 8) | (buffer[offset + 2] << 16) | (buffer[offset + 3] << 24);

    internal static void PutLong(byte[] buffer, int offset, long value)
    {
        PutInt(buffer, offset, (int)value);
        PutInt(buffer, offset + 4, (int)(value >> 32));
    }

    internal static long GetLong(byte[] buffer, int offset) => (uint)GetInt(buffer, offset) | ((long)GetInt(buffer, offset + 4) << 32);
}
