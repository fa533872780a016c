using System;
using System.Text;

namespace Ws.Micro.Conformance.Tests;

internal enum EventKind
{
    Text,
    Binary,
    Ping,
    Pong,
    Close,

    /// <summary>TCP ended in order (FIN), between two frames.</summary>
    End,

    /// <summary>TCP was reset.</summary>
    Reset,

    /// <summary>The time given ran out and nothing was heard.</summary>
    Silence,

    /// <summary>What was received breaks RFC 6455; the payload says how.</summary>
    Violation,
}

/// <summary>What the stack under test did, as its peer saw it.</summary>
internal sealed record PeerEvent(EventKind Kind, byte[] Payload)
{
    /// <summary>What <see cref="CloseCode"/> gives for a close frame without one (RFC 6455 §7.1.5).</summary>
    public const int NoStatusReceived = 1005;

    public static readonly PeerEvent End = new(EventKind.End, []);

    public static readonly PeerEvent Silence = new(EventKind.Silence, []);

    public int CloseCode => Payload.Length < 2 ? NoStatusReceived : (Payload[0] << 8) | Payload[1];

    public static PeerEvent Text(string text) => new(EventKind.Text, Encoding.UTF8.GetBytes(text));

    public static PeerEvent Text(byte[] payload) => new(EventKind.Text, payload);

    public static PeerEvent Binary(byte[] payload) => new(EventKind.Binary, payload);

    public static PeerEvent Pong(string text) => new(EventKind.Pong, Encoding.UTF8.GetBytes(text));

    public static PeerEvent Pong(byte[] payload) => new(EventKind.Pong, payload);

    public static PeerEvent Violation(string what) => new(EventKind.Violation, Encoding.UTF8.GetBytes(what));

    public bool Equals(PeerEvent? other) => other is not null && Kind == other.Kind && Payload.AsSpan().SequenceEqual(other.Payload);

    public override int GetHashCode() => HashCode.Combine(Kind, Payload.Length);

    public override string ToString() => Kind switch
    {
        EventKind.End or EventKind.Reset or EventKind.Silence => Kind.ToString(),
        EventKind.Violation => $"Violation: {Encoding.UTF8.GetString(Payload)}",
        EventKind.Close => $"Close {CloseCode} '{Encoding.UTF8.GetString(Payload.AsSpan(Math.Min(2, Payload.Length)))}'",
        _ => $"{Kind} of {Payload.Length} bytes {Convert.ToHexString(Payload.AsSpan(0, Math.Min(32, Payload.Length)))}",
    };
}
