using System;
using System.Globalization;
using System.IO;

namespace RpiGateway.Readings;

/// <summary>
/// What this process makes the disk write, as Linux counts it (write_bytes in /proc/self/io): that is what wears out an SD card, not the size of
/// what was to be written. Elsewhere 0. Used by one thread.
/// </summary>
internal sealed class DiskWear
{
    private const string Source = "/proc/self/io";
    private const string Field = "write_bytes: ";

    private long _last = Read();

    /// <summary>Bytes written since the last call, or the construction.</summary>
    public long BytesSinceLast()
    {
        long before = _last;
        _last = Read();
        return _last - before;
    }

    private static long Read()
    {
        try
        {
            foreach (string line in File.ReadLines(Source))
            {
                // Not "cancelled_write_bytes".
                if (line.StartsWith(Field, StringComparison.Ordinal))
                {
                    return long.Parse(line.AsSpan(Field.Length), NumberStyles.None, CultureInfo.InvariantCulture);
                }
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Not Linux, or not to be read.
        }

        return 0;
    }
}
