using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Text;

namespace RpiGateway.Readings;

/// <summary>
/// A log without a file, which ends with the gateway. Readings lie one behind the other in blocks of bytes, where a hundred thousand are one object
/// for the garbage collector and not three hundred thousand.
/// </summary>
internal sealed class MemoryStore : ReadingStore
{
    // Below what .NET takes for a large object, and above the largest reading.
    private const int BlockSize = 80_000;

    // Of a reading: boot, sequence, arrival, sizes of sensor and payload.
    private const int BootAt = 0, SequenceAt = 8, ArrivedAt = 16, PayloadSizeAt = 24, SensorSizeAt = 28, HeadSize = 29;

    private readonly Queue<Block> _blocks = [];
    private readonly Stack<byte[]> _spare = [];
    private readonly Dictionary<string, List<BootRun>> _runs = [];
    private Block? _newest;
    private int _runCount;

    /// <param name="last">Numbers go on after this one.</param>
    public MemoryStore(long last)
    {
        Last = last;
        First = last + 1;
    }

    /// <inheritdoc/>
    public override long UsedBytes => _blocks.TryPeek(out Block? oldest) ? ((long)_blocks.Count * BlockSize) - oldest.Start : 0;

    /// <inheritdoc/>
    public override long SpareBytes => (long)_spare.Count * BlockSize;

    protected override long LogId { get; } = (BitConverter.ToInt64(RandomNumberGenerator.GetBytes(8)) & MaxBoot) | 1;

    /// <inheritdoc/>
    public override long LastOf(string sensor, long boot) => FindRun(sensor, boot)?.Last ?? 0;

    /// <inheritdoc/>
    public override void Write(List<Reading> readings)
    {
        long last = Last;
        foreach (Reading reading in readings)
        {
            if (TryNumber(reading, ref last))
            {
                Add(reading);
            }
        }

        Last = last;
    }

    /// <inheritdoc/>
    public override List<Reading> Page(long from)
    {
        List<Reading> page = [];
        int bytes = 0;
        foreach ((Block block, long id, int at) in From(from))
        {
            Reading reading = block.Read(id, at);
            bytes += reading.Size;
            page.Add(reading);
            if (page.Count == MaxPageReadings || bytes >= MaxPageBytes)
            {
                break;
            }
        }

        return page;
    }

    /// <inheritdoc/>
    public override void DeleteThrough(long id)
    {
        First = Math.Max(First, Math.Min(id, Last) + 1);
        while (_blocks.TryPeek(out Block? oldest))
        {
            oldest.DeleteBefore(First);
            if (oldest.Next > First)
            {
                return;
            }

            _spare.Push(_blocks.Dequeue().Bytes);
        }

        _newest = null;
    }

    /// <inheritdoc/>
    public override (long Id, long Arrived)? Oldest() => First <= Last ? (First, ArrivalFrom(First)) : null;

    /// <inheritdoc/>
    public override long ArrivalFrom(long id)
    {
        foreach ((Block block, _, int at) in From(id))
        {
            return block.Long(at + ArrivedAt);
        }

        return 0;
    }

    /// <inheritdoc/>
    public override long? LastOlderThan(long arrived, long through)
    {
        long? newest = null;
        foreach ((Block block, long id, int at) in From(First))
        {
            if (id > through)
            {
                break;
            }

            newest = block.Long(at + ArrivedAt) is > 0 and var time && time < arrived ? id : newest;
        }

        return newest;
    }

    /// <inheritdoc/>
    public override void Shrink(long bytes)
    {
        for (; bytes >= BlockSize && _spare.Count > 0; bytes -= BlockSize)
        {
            _spare.Pop();
        }
    }

    public override void Dispose()
    {
    }

    protected override bool TakeNumber(Reading reading)
    {
        BootRun run = FindRun(reading.Sensor, reading.Boot) ?? AddRun(reading.Sensor, reading.Boot);
        run.Heard = Last;
        bool isNext = reading.Sequence > run.Last;
        run.Last = Math.Max(run.Last, reading.Sequence);
        return isNext;
    }

    private void Add(Reading reading)
    {
        int size = HeadSize + reading.Sensor.Length + reading.Payload.Length;
        if (_newest is null || _newest.End + size > BlockSize)
        {
            _newest = new Block(_spare.TryPop(out byte[]? spare) ? spare : new byte[BlockSize], reading.Id);
            _blocks.Enqueue(_newest);
        }

        _newest.Append(reading);
    }

    // The readings from that number on, and where each begins.
    private IEnumerable<(Block Block, long Id, int At)> From(long from)
    {
        foreach (Block block in _blocks)
        {
            int at = block.Start;
            for (long id = block.First; id < block.Next && block.Next > from; id++)
            {
                if (id >= from)
                {
                    yield return (block, id, at);
                }

                at += block.SizeAt(at);
            }
        }
    }

    private BootRun? FindRun(string sensor, long boot) => _runs.GetValueOrDefault(sensor)?.Find(run => run.Boot == boot);

    private BootRun AddRun(string sensor, long boot)
    {
        if (_runCount == MaxRuns)
        {
            long heard = _runs.Values.SelectMany(static runs => runs).Select(static run => run.Heard).Order().ElementAt(RunsForgotten - 1);
            foreach ((string name, List<BootRun> runs) in _runs)
            {
                Forget(name, runs, run => run.Heard <= heard);
            }
        }

        List<BootRun> own = _runs.GetValueOrDefault(sensor) ?? [];
        if (own.Count == MaxBoots)
        {
            BootRun oldest = own.MinBy(static run => run.Heard)!;
            Forget(sensor, own, run => run == oldest);
        }

        BootRun added = new(boot);
        own.Add(added);
        _runs[sensor] = own;
        _runCount++;
        return added;
    }

    private void Forget(string sensor, List<BootRun> runs, Predicate<BootRun> isForgotten)
    {
        _runCount -= runs.RemoveAll(isForgotten);
        if (runs.Count == 0)
        {
            _runs.Remove(sensor);
        }
    }

    // Readings with the numbers from First to before Next, from Start to End of the bytes.
    private sealed class Block(byte[] bytes, long first)
    {
        public byte[] Bytes => bytes;

        public long First { get; private set; } = first;

        public long Next { get; private set; } = first;

        public int Start { get; private set; }

        public int End { get; private set; }

        public long Long(int at) => BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(at));

        public int SizeAt(int at) => HeadSize + bytes[at + SensorSizeAt] + PayloadSize(at);

        public void Append(Reading reading)
        {
            Span<byte> room = bytes.AsSpan(End);
            BinaryPrimitives.WriteInt64LittleEndian(room[BootAt..], reading.Boot);
            BinaryPrimitives.WriteInt64LittleEndian(room[SequenceAt..], reading.Sequence);
            BinaryPrimitives.WriteInt64LittleEndian(room[ArrivedAt..], reading.Arrived);
            BinaryPrimitives.WriteInt32LittleEndian(room[PayloadSizeAt..], reading.Payload.Length);
            room[SensorSizeAt] = (byte)Encoding.ASCII.GetBytes(reading.Sensor, room[HeadSize..]);
            reading.Payload.CopyTo(room[(HeadSize + reading.Sensor.Length)..]);
            End += HeadSize + reading.Sensor.Length + reading.Payload.Length;
            Next++;
        }

        public void DeleteBefore(long id)
        {
            for (; First < id && First < Next; First++)
            {
                Start += SizeAt(Start);
            }
        }

        public Reading Read(long id, int at)
        {
            int sensorSize = bytes[at + SensorSizeAt];
            return new Reading
            {
                Id = id,
                Sensor = Encoding.ASCII.GetString(bytes, at + HeadSize, sensorSize),
                Boot = Long(at + BootAt),
                Sequence = Long(at + SequenceAt),
                Arrived = Long(at + ArrivedAt),
                Payload = bytes.AsSpan(at + HeadSize + sensorSize, PayloadSize(at)).ToArray(),
            };
        }

        private int PayloadSize(int at) => BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at + PayloadSizeAt));
    }

    // A boot of a sensor.
    private sealed class BootRun(long boot)
    {
        public long Boot => boot;

        public long Last { get; set; }

        // The log's number when it was heard last.
        public long Heard { get; set; }
    }
}
