using System;
using System.IO;

namespace Esp32Sensor.Node;

/// <summary>
/// A queue of readings in one array that never grows: where it is full, the oldest is dropped, and counted. A reading stays until it is
/// acknowledged; a mark stands between those that were sent over the present connection and the others. Allocates nothing once
/// constructed. Used by one thread.
/// </summary>
public sealed class ReadingRing
{
    private readonly byte[] _buffer;
    private int _start;

    /// <summary>A ring of <paramref name="capacity"/> readings, <see cref="Reading.Size"/> bytes each.</summary>
    public ReadingRing(int capacity)
    {
        Capacity = capacity;
        _buffer = new byte[capacity * Reading.Size];
    }

    /// <summary>The most readings held.</summary>
    public int Capacity { get; }

    /// <summary>The readings held.</summary>
    public int Count { get; private set; }

    /// <summary>How many of them, from the oldest on, were sent over the present connection and are not acknowledged.</summary>
    public int Sent { get; private set; }

    /// <summary>The readings dropped so far, for want of room.</summary>
    public int Dropped { get; set; }

    /// <summary>The largest number that a reading was given, here or before the node was started anew.</summary>
    public int LastSequence { get; set; }

    /// <summary>Adds a reading, which must have a number above all before.</summary>
    public void Add(Reading reading)
    {
        if (Count == Capacity)
        {
            Remove(1);
            Dropped++;
        }

        reading.Write(_buffer, At(Count));
        LastSequence = reading.Sequence;
        Count++;
    }

    /// <summary>Copies the oldest reading that was not sent yet; false where there is none.</summary>
    public bool PeekUnsent(Reading reading)
    {
        if (Sent == Count)
        {
            return false;
        }

        reading.Read(_buffer, At(Sent));
        return true;
    }

    /// <summary>The reading that <see cref="PeekUnsent"/> gives is on its way.</summary>
    public void MarkSent() => Sent++;

    /// <summary>The connection is gone: all that is held has to be sent over the next.</summary>
    public void Rewind() => Sent = 0;

    /// <summary>Removes all readings up to that number.</summary>
    public void Acknowledge(long sequence)
    {
        int count = 0;
        while (count < Count && LittleEndian.GetInt(_buffer, At(count)) <= sequence)
        {
            count++;
        }

        Remove(count);
    }

    /// <summary>Removes all readings, without counting them as dropped.</summary>
    public void Clear() => Remove(Count);

    /// <summary>Those whose time is told by <see cref="NodeClock.Uptime"/> alone have none any more: that clock was started anew.</summary>
    internal void ForgetUptimes(Reading scratch)
    {
        for (int i = 0; i < Count; i++)
        {
            scratch.Read(_buffer, At(i));
            if (scratch.Source == TimeSource.None)
            {
                scratch.Time = Reading.Unknown;
                scratch.Write(_buffer, At(i));
            }
        }
    }

    /// <summary>Writes all readings, the oldest first, and takes them into <paramref name="checksum"/>.</summary>
    internal void Save(Stream destination, Crc32 checksum)
    {
        int first = Min(Count, Capacity - _start);
        SavePart(destination, checksum, _start, first);
        SavePart(destination, checksum, 0, Count - first);
    }

    /// <summary>
    /// Puts <paramref name="count"/> readings, which <see cref="Save"/> wrote, in the place of what is held; where they are more than fit, the
    /// oldest are passed over, and counted as dropped. False where the stream ends before.
    /// </summary>
    internal bool Load(Stream source, Crc32 checksum, int count)
    {
        Clear();
        _start = 0;
        for (int i = 0; i < count; i++)
        {
            if (Count == Capacity)
            {
                Remove(1);
                Dropped++;
            }

            int at = At(Count);
            if (!NodeStore.ReadAll(source, _buffer, at, Reading.Size))
            {
                return false;
            }

            checksum.Add(_buffer, at, Reading.Size);
            Count++;
        }

        return true;
    }

    private static int Min(int a, int b) => a < b ? a : b;

    private void SavePart(Stream destination, Crc32 checksum, int first, int count)
    {
        if (count > 0)
        {
            checksum.Add(_buffer, first * Reading.Size, count * Reading.Size);
            destination.Write(_buffer, first * Reading.Size, count * Reading.Size);
        }
    }

    private void Remove(int count)
    {
        _start = Wrap(_start + count);
        Count -= count;
        Sent = Sent > count ? Sent - count : 0;
    }

    private int At(int index) => Wrap(_start + index) * Reading.Size;

    private int Wrap(int index) => index < Capacity ? index : index - Capacity;
}
