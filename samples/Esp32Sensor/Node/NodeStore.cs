using System;
using System.IO;

namespace Esp32Sensor.Node;

/// <summary>
/// Keeps a node's state and readings on its board's storage: each time in the other of two slots, with a number that grows and a checksum at
/// the end, so that a power cut in the middle leaves what was there before. Used by one thread.
/// </summary>
internal sealed class NodeStore
{
    // "WSN" and the format's version.
    private const int Magic = 0x014E5357;
    private const int HeaderSize = 58;

    private readonly NodeBoard _board;
    private readonly Crc32 _checksum = new();
    private readonly byte[] _header = new byte[HeaderSize];
    private int _generation;

    internal NodeStore(NodeBoard board) => _board = board;

    /// <summary>Fills in what was stored last; false where there is nothing whole, and both are as they were made.</summary>
    internal bool Load(NodeState state, ReadingRing ring)
    {
        int first = Generation(0);
        int second = Generation(1);
        int newer = second > first ? 1 : 0;
        return (newer == 0 ? first : second) > 0 && (LoadSlot(newer, state, ring) || ((newer == 0 ? second : first) > 0 && LoadSlot(1 - newer, state, ring)));
    }

    /// <summary>Stores; false where that failed, and what was stored before still stands.</summary>
    internal bool Save(NodeState state, ReadingRing ring)
    {
        Stream? stream = null;
        try
        {
            stream = _board.OpenWrite((_generation + 1) & 1);
            if (stream == null)
            {
                return false;
            }

            _checksum.Reset();
            WriteHeader(state, ring.Count);
            _checksum.Add(_header, 0, HeaderSize);
            stream.Write(_header, 0, HeaderSize);
            ring.Save(stream, _checksum);
            LittleEndian.PutInt(_header, 0, _checksum.Value);
            stream.Write(_header, 0, 4);
            stream.Dispose();
            stream = null;
            _generation++;
            return true;
        }
        catch (Exception e)
        {
            _board.Log("Storing failed: " + e.Message);
            return false;
        }
        finally
        {
            Close(stream);
        }
    }

    /// <summary>Reads that many bytes; false where the stream ends before.</summary>
    internal static bool ReadAll(Stream stream, byte[] buffer, int offset, int count)
    {
        while (count > 0)
        {
            int n = stream.Read(buffer, offset, count);
            if (n <= 0)
            {
                return false;
            }

            offset += n;
            count -= n;
        }

        return true;
    }

    private static void Close(Stream? stream)
    {
        try
        {
            stream?.Dispose();
        }
        catch (Exception)
        {
            // What matters has failed already, or was read.
        }
    }

    // The number of what a slot holds, whole or not; 0 where it holds nothing.
    private int Generation(int slot)
    {
        Stream? stream = null;
        try
        {
            stream = _board.OpenRead(slot);
            return stream != null && ReadHeader(stream) ? LittleEndian.GetInt(_header, 4) : 0;
        }
        catch (Exception e)
        {
            _board.Log("Reading slot " + slot.ToString() + " failed: " + e.Message);
            return 0;
        }
        finally
        {
            Close(stream);
        }
    }

    private bool LoadSlot(int slot, NodeState state, ReadingRing ring)
    {
        Stream? stream = null;
        int dropped = ring.Dropped;
        try
        {
            stream = _board.OpenRead(slot);
            if (stream != null && ReadHeader(stream))
            {
                _checksum.Reset();
                _checksum.Add(_header, 0, HeaderSize);
                if (ring.Load(stream, _checksum, LittleEndian.GetInt(_header, HeaderSize - 4)))
                {
                    // The checksum takes the place of the header's first number, which has done its work.
                    if (ReadAll(stream, _header, 0, 4) && LittleEndian.GetInt(_header, 0) == _checksum.Value)
                    {
                        TakeHeader(state);
                        ring.Dropped += state.Dropped;
                        return true;
                    }
                }
            }
        }
        catch (Exception e)
        {
            _board.Log("Reading slot " + slot.ToString() + " failed: " + e.Message);
        }
        finally
        {
            Close(stream);
        }

        ring.Clear();
        ring.Dropped = dropped;
        return false;
    }

    private bool ReadHeader(Stream stream) => ReadAll(stream, _header, 0, HeaderSize) && LittleEndian.GetInt(_header, 0) == Magic;

    private void WriteHeader(NodeState state, int count)
    {
        byte[] header = _header;
        LittleEndian.PutInt(header, 0, Magic);
        LittleEndian.PutInt(header, 4, _generation + 1);
        LittleEndian.PutInt(header, 8, state.Boot);
        LittleEndian.PutInt(header, 12, state.NextSequence);
        LittleEndian.PutInt(header, 16, state.Reserved);
        LittleEndian.PutInt(header, 20, state.Dropped);
        LittleEndian.PutInt(header, 24, state.Restarts);
        LittleEndian.PutInt(header, 28, state.Interval);
        LittleEndian.PutInt(header, 32, state.Unsent);
        LittleEndian.PutLong(header, 36, state.Floor);
        LittleEndian.PutLong(header, 44, state.Uptime);
        header[52] = (byte)state.Source;
        header[53] = 0;
        LittleEndian.PutInt(header, HeaderSize - 4, count);
    }

    private void TakeHeader(NodeState state)
    {
        byte[] header = _header;
        _generation = LittleEndian.GetInt(header, 4);
        state.Boot = LittleEndian.GetInt(header, 8);
        state.NextSequence = LittleEndian.GetInt(header, 12);
        state.Reserved = LittleEndian.GetInt(header, 16);
        state.Dropped = LittleEndian.GetInt(header, 20);
        state.Restarts = LittleEndian.GetInt(header, 24);
        state.Interval = LittleEndian.GetInt(header, 28);
        state.Unsent = LittleEndian.GetInt(header, 32);
        state.Floor = LittleEndian.GetLong(header, 36);
        state.Uptime = LittleEndian.GetLong(header, 44);
        state.Source = (TimeSource)header[52];
    }
}
