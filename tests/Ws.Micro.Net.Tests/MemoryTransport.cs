using System;
using System.Collections.Generic;
using System.Threading;

namespace Ws.Micro.Net.Tests;

/// <summary>One end of a connection without a network. Its Nth read or write can be made to fail.</summary>
internal sealed class MemoryTransport : Transport
{
    private readonly Direction _input;
    private readonly Direction _output;
    private int _operations;
    private bool _lost;

    private MemoryTransport(Direction input, Direction output)
    {
        _input = input;
        _output = output;
    }

    /// <summary>The operation, from 1, at which the connection is lost; 0: none.</summary>
    internal int FailAt { get; set; }

    /// <summary>Whether a write that fails gets half of its bytes through.</summary>
    internal bool WritesHalf { get; set; }

    /// <summary>Whether, as on the device, one direction cannot be ended alone.</summary>
    internal bool CannotEndWrite { get; set; }

    /// <summary>Reads and writes so far.</summary>
    internal int Operations => _operations;

    internal bool HasFailed => _lost;

    internal bool IsClosed { get; private set; }

    internal static (MemoryTransport Left, MemoryTransport Right) Pair()
    {
        Direction one = new();
        Direction other = new();
        return (new MemoryTransport(one, other), new MemoryTransport(other, one));
    }

    public override int Read(byte[] buffer, int offset, int count, int timeout) =>
        Fails() ? 0 : _input.Read(buffer, offset, count, timeout);

    public override bool Write(byte[] buffer, int offset, int count, int timeout)
    {
        Assert.True(timeout >= 0);
        bool fails = Fails();
        if (!fails || WritesHalf)
        {
            _output.Write(buffer, offset, fails ? count / 2 : count);
        }

        return !fails && !IsClosed;
    }

    public override bool EndWrite()
    {
        if (!CannotEndWrite)
        {
            _output.End();
        }

        return !CannotEndWrite;
    }

    public override void Close()
    {
        IsClosed = true;
        _input.End();
        _output.End();
    }

    private bool Fails()
    {
        _operations++;
        _lost |= _operations == FailAt;
        return _lost;
    }

    private sealed class Direction
    {
        private readonly Queue<byte> _bytes = new();
        private bool _ended;

        internal int Read(byte[] buffer, int offset, int count, int timeout)
        {
            lock (_bytes)
            {
                long deadline = Environment.TickCount64 + timeout;
                while (_bytes.Count == 0 && !_ended)
                {
                    long left = deadline - Environment.TickCount64;
                    if (left <= 0)
                    {
                        return TimedOut;
                    }

                    Monitor.Wait(_bytes, (int)Math.Min(left, int.MaxValue));
                }

                int n = Math.Min(count, _bytes.Count);
                for (int i = 0; i < n; i++)
                {
                    buffer[offset + i] = _bytes.Dequeue();
                }

                return n;
            }
        }

        internal void Write(byte[] buffer, int offset, int count)
        {
            lock (_bytes)
            {
                for (int i = 0; i < count && !_ended; i++)
                {
                    _bytes.Enqueue(buffer[offset + i]);
                }

                Monitor.PulseAll(_bytes);
            }
        }

        internal void End()
        {
            lock (_bytes)
            {
                _ended = true;
                Monitor.PulseAll(_bytes);
            }
        }
    }
}
