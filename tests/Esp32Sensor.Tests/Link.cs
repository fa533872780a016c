using System;
using Ws.Micro.Net;

namespace Esp32Sensor.Tests;

/// <summary>
/// Two ends of a connection in memory, used by one thread: where one end finds nothing to read, the other end is run. It can break, for
/// both ends, at a call or at a byte of the client's.
/// </summary>
internal sealed class Link
{
    private readonly Pipe _toServer = new();
    private readonly Pipe _toClient = new();

    public Link()
    {
        Client = new End(this, _toClient, _toServer, isClient: true);
        Server = new End(this, _toServer, _toClient, isClient: false);
    }

    public Transport Client { get; }

    public Transport Server { get; }

    /// <summary>An end closed, or the link broke: nothing can be written, and reading ends once what has arrived is read.</summary>
    public bool IsOver { get; private set; }

    /// <summary>A fault: the client reads not even what had arrived.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Runs the server until it has nothing to do.</summary>
    public Action RunServer { get; set; } = static () => { };

    /// <summary>Asked before each call of the client's; true breaks the link.</summary>
    public Func<bool> BreaksNow { get; set; } = static () => false;

    /// <summary>Bytes that still pass, in both directions together, before the link breaks in mid-call.</summary>
    public long BytesLeft { get; set; } = long.MaxValue;

    private void Break()
    {
        IsBroken = true;
        IsOver = true;
    }

    private int Allow(int count)
    {
        int allowed = (int)Math.Min(count, BytesLeft);
        BytesLeft -= allowed;
        return allowed;
    }

    private sealed class End(Link link, Pipe input, Pipe output, bool isClient) : Transport
    {
        public override int Read(byte[] buffer, int offset, int count, int timeout)
        {
            if (isClient && link.BreaksNow())
            {
                link.Break();
            }

            if (isClient && input.Count == 0)
            {
                link.RunServer();
            }

            if (isClient && link.IsBroken)
            {
                return 0;
            }

            if (input.Count > 0)
            {
                return isClient ? ReadAllowed(buffer, offset, count) : input.Read(buffer, offset, count);
            }

            return link.IsOver ? 0 : TimedOut;
        }

        public override bool Write(byte[] buffer, int offset, int count, int timeout)
        {
            if (isClient && link.BreaksNow())
            {
                link.Break();
            }

            if (link.IsOver)
            {
                return false;
            }

            int allowed = isClient ? link.Allow(count) : count;
            output.Write(buffer, offset, allowed);
            if (allowed < count)
            {
                link.Break();
            }

            return allowed == count;
        }

        public override bool EndWrite() => false;

        public override void Close() => link.IsOver = true;

        private int ReadAllowed(byte[] buffer, int offset, int count)
        {
            int allowed = link.Allow(Math.Min(count, input.Count));
            if (allowed == 0)
            {
                link.Break();
            }

            return input.Read(buffer, offset, allowed);
        }
    }

    /// <summary>Bytes under way. What was written before a break still arrives at the server, as with TCP.</summary>
    private sealed class Pipe
    {
        private readonly byte[] _bytes = new byte[64 * 1024];
        private int _start;

        public int Count { get; private set; }

        public void Write(byte[] source, int offset, int count)
        {
            Assert.True(Count + count <= _bytes.Length, "nobody reads");
            if (_start + Count + count > _bytes.Length)
            {
                Array.Copy(_bytes, _start, _bytes, 0, Count);
                _start = 0;
            }

            Array.Copy(source, offset, _bytes, _start + Count, count);
            Count += count;
        }

        public int Read(byte[] destination, int offset, int count)
        {
            int n = Math.Min(count, Count);
            Array.Copy(_bytes, _start, destination, offset, n);
            _start += n;
            Count -= n;
            return n;
        }
    }
}
