using System;
using System.Collections.Generic;
using System.IO;
using Ws.Micro.Testing;

namespace Ws.Micro.Conformance.Tests;

/// <summary>The peer's permessage-deflate (RFC 7692 §7.2), over the machine's zlib, which holds the stack to what was agreed.</summary>
internal sealed class DeflateCodec(DeflateTerms agreed)
{
    private static readonly byte[] Tail = [0x00, 0x00, 0xFF, 0xFF];

    // What the stack's window holds, as far as its next message may refer to it.
    private byte[] _context = [];

    public DeflateTerms Agreed => agreed;

    /// <summary>Bytes of payload that the stack's messages had on the wire, and of what they said.</summary>
    public long WireBytes { get; private set; }

    public long MessageBytes { get; private set; }

    /// <summary>The peer's messages as it sends them, in this order and no other.</summary>
    public byte[][] Deflate(IReadOnlyList<byte[]> messages)
    {
        // zlib reaches back 262 bytes less than its window has, so that its smallest, of 9 bits, keeps to 8.
        byte[][] deflated = new byte[messages.Count][];
        int bits = agreed.Peer.Bits!.Value;
        if (agreed.Peer.NoTakeover)
        {
            for (int i = 0; i < deflated.Length; i++)
            {
                deflated[i] = Zlib.Deflate([messages[i]], bits)[0];
            }
        }
        else
        {
            deflated = Zlib.Deflate([.. messages], bits);
        }

        // §7.2.1: the end that every message has is left away.
        return Array.ConvertAll(deflated, static message => message[..^Tail.Length]);
    }

    /// <summary>A message of the stack's.</summary>
    /// <exception cref="InvalidDataException">It is not what was agreed.</exception>
    public byte[] Inflate(byte[] payload)
    {
        int bits = agreed.Stack.Bits!.Value;
        ZlibVerdict verdict = Zlib.Inflate([.. payload, .. Tail], bits, out byte[] message, out _, _context);
        if (verdict != ZlibVerdict.Unfinished)
        {
            throw new InvalidDataException($"a compressed message is not whole blocks within {_context.Length} bytes of context and a window of {bits} bits: {verdict}");
        }

        if (!agreed.Stack.NoTakeover)
        {
            byte[] all = [.. _context, .. message];
            _context = all[^Math.Min(all.Length, 1 << bits)..];
        }

        return message;
    }

    public void Count(long wireBytes, long messageBytes)
    {
        WireBytes += wireBytes;
        MessageBytes += messageBytes;
    }
}
