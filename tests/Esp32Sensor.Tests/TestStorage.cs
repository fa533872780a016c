using System;
using System.IO;

namespace Esp32Sensor.Tests;

/// <summary>A board's storage in memory, which outlives the board, and may fail.</summary>
internal sealed class TestStorage
{
    private readonly byte[]?[] _slots = new byte[2][];
    private int _operations;

    /// <summary>Which open, read, write or close fails, counted from 1; 0: none.</summary>
    public int FailingOperation { get; set; }

    /// <summary>How many more bytes can be written before the power goes; what was written of a slot is then all that it holds. -1: all.</summary>
    public long PowerLeft { get; set; } = -1;

    public bool HasFailed { get; private set; }

    public int Writes { get; private set; }

    public byte[]? this[int slot]
    {
        get => _slots[slot];
        set => _slots[slot] = value;
    }

    public Stream? OpenRead(int slot)
    {
        Count();
        return _slots[slot] is { } content ? new FaultyStream(this, content) : null;
    }

    public Stream OpenWrite(int slot)
    {
        Count();
        Writes++;
        _slots[slot] = [];
        return new FaultyStream(this, slot);
    }

    private void Count()
    {
        if (++_operations == FailingOperation)
        {
            HasFailed = true;
            throw new IOException("the storage fails");
        }
    }

    private sealed class FaultyStream : MemoryStream
    {
        private readonly TestStorage _storage;
        private readonly int _slot = -1;
        private bool _disposed;

        public FaultyStream(TestStorage storage, byte[] content)
            : base(content, writable: false) => _storage = storage;

        public FaultyStream(TestStorage storage, int slot)
        {
            _storage = storage;
            _slot = slot;
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            _storage.Count();

            // A stream may give less than was asked for.
            return base.Read(buffer, offset, Math.Min(count, 1 + (int)(Position % 41)));
        }

        public override void Write(byte[] buffer, int offset, int count)
        {
            _storage.Count();
            int written = _storage.PowerLeft < 0 ? count : (int)Math.Min(count, _storage.PowerLeft);
            base.Write(buffer, offset, written);
            if (_storage.PowerLeft >= 0)
            {
                _storage.PowerLeft -= written;
            }

            if (written < count)
            {
                _storage._slots[_slot] = ToArray();
                throw new PowerCutException();
            }
        }

        protected override void Dispose(bool disposing)
        {
            if (_slot >= 0 && !_disposed)
            {
                _disposed = true;
                _storage._slots[_slot] = ToArray();
                _storage.Count();
            }

            base.Dispose(disposing);
        }
    }
}

/// <summary>The power is gone: nothing after this was done.</summary>
internal sealed class PowerCutException : Exception;
