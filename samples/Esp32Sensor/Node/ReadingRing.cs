using System;

namespace Esp32Sensor.Node;

/// <summary>
/// A queue of encoded readings in one array that never grows: where there is no room, the oldest readings are dropped, and counted. Each
/// takes its own bytes and two for its length. Allocates nothing once constructed. Used by one thread.
/// </summary>
public sealed class ReadingRing
{
    /// <summary>The bytes that each reading takes beside its own.</summary>
    public const int Overhead = 2;

    private readonly byte[] _buffer;
    private readonly byte[] _length = new byte[Overhead];
    private int _start;
    private int _used;

    /// <summary>A ring of <paramref name="size"/> bytes.</summary>
    public ReadingRing(int size) => _buffer = new byte[size];

    /// <summary>The readings held.</summary>
    public int Count { get; private set; }

    /// <summary>The readings dropped so far, for want of room.</summary>
    public int Dropped { get; private set; }

    /// <summary>Adds a reading of 1 to 65,535 bytes, the first of <paramref name="reading"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is larger than the whole ring, or not of that size.</exception>
    public void Add(byte[] reading, int count)
    {
        int size = count + Overhead;
        if (count < 1 || count > 65535 || size > _buffer.Length)
        {
            throw new ArgumentOutOfRangeException(
                nameof(count), "A reading of " + count.ToString() + " bytes does not fit a ring of " + _buffer.Length.ToString() + ".");
        }

        while (_buffer.Length - _used < size)
        {
            RemoveOldest();
            Dropped++;
        }

        _length[0] = (byte)count;
        _length[1] = (byte)(count >> 8);
        CopyIn(_length, Overhead);
        CopyIn(reading, count);
        Count++;
    }

    /// <summary>Copies the oldest reading to the start of <paramref name="destination"/> and returns its size in bytes; 0 where there is none.</summary>
    public int Peek(byte[] destination)
    {
        if (Count == 0)
        {
            return 0;
        }

        int count = OldestLength();
        int at = Wrap(_start + Overhead);
        int first = Min(count, _buffer.Length - at);
        Array.Copy(_buffer, at, destination, 0, first);
        Array.Copy(_buffer, 0, destination, first, count - first);
        return count;
    }

    /// <summary>Removes the oldest reading, if there is one.</summary>
    public void RemoveOldest()
    {
        if (Count > 0)
        {
            int size = OldestLength() + Overhead;
            _start = Wrap(_start + size);
            _used -= size;
            Count--;
        }
    }

    private int OldestLength() => _buffer[_start] | (_buffer[Wrap(_start + 1)] << 8);

    private void CopyIn(byte[] source, int count)
    {
        int at = Wrap(_start + _used);
        int first = Min(count, _buffer.Length - at);
        Array.Copy(source, 0, _buffer, at, first);
        Array.Copy(source, first, _buffer, 0, count - first);
        _used += count;
    }

    private static int Min(int a, int b) => a < b ? a : b;

    private int Wrap(int at) => at < _buffer.Length ? at : at - _buffer.Length;
}
