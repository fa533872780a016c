using System;
using Ws.Micro.Handshake;

namespace Ws.Micro.Net;

/// <summary>
/// The bytes under a connection, blocking, each call with its deadline. A lost connection is a result, not an exception, because a
/// peer can cause it at any time. Used by one thread at a time; <see cref="Close"/> may be called from any.
/// </summary>
public abstract class Transport
{
    /// <summary>What <see cref="Read"/> returns when nothing arrived in time.</summary>
    public const int TimedOut = -1;

    /// <summary>
    /// Reads at least one byte if one arrives within <paramref name="timeout"/> milliseconds (0: only what is there). Returns the number of
    /// bytes, 0 at the end or loss of the connection, or <see cref="TimedOut"/>.
    /// </summary>
    public abstract int Read(byte[] buffer, int offset, int count, int timeout);

    /// <summary>Writes all bytes; false where that was not possible within <paramref name="timeout"/> milliseconds, at least 1. After false nothing more can be written.</summary>
    public abstract bool Write(byte[] buffer, int offset, int count, int timeout);

    /// <summary>Tells the peer that nothing more will come; its own bytes can still be read. False where the transport cannot.</summary>
    public virtual bool EndWrite() => false;

    /// <summary>Ends the connection at once and frees what it holds. May be called more than once; never throws.</summary>
    public abstract void Close();

    /// <summary>
    /// Reads the peer's head of the opening handshake until it is whole, or refused. Returns what hindered that, or null.
    /// </summary>
    /// <param name="handshake">Takes the head.</param>
    /// <param name="deadline">When to give up, on the clock of <see cref="TimeLeft"/>.</param>
    /// <param name="timeout">The milliseconds that it stands for.</param>
    internal string? ReadHead(OpeningHandshake handshake, long deadline, int timeout)
    {
        HttpHead head = handshake.Head;
        while (true)
        {
            int left = TimeLeft(deadline);
            int n = Read(head.Buffer, head.Count, head.Buffer.Length - head.Count, left);
            if (n > 0)
            {
                if (handshake.Read(n) != HandshakeStatus.NeedMore)
                {
                    return null;
                }
            }
            else if (n == 0)
            {
                return "the peer ended the connection";
            }
            else if (left == 0)
            {
                return "not done within " + timeout.ToString() + " ms";
            }
        }
    }

    /// <summary>Milliseconds from now to <paramref name="deadline"/> on the clock of <see cref="Environment.TickCount64"/>; at least 0.</summary>
    internal static int TimeLeft(long deadline)
    {
        long left = deadline - Environment.TickCount64;
        return left <= 0 ? 0 : left > int.MaxValue ? int.MaxValue : (int)left;
    }
}
