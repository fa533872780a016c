using System;
using System.Globalization;

namespace Ws.Micro.Benchmarks.Servers;

/// <summary>What answers.</summary>
internal enum ServerKind
{
    /// <summary>MicroWebSocketListener.</summary>
    Listener,

    /// <summary>Kestrel with UseMicroWebSockets.</summary>
    DropIn,

    /// <summary>Kestrel with UseWebSockets: System.Net.WebSockets.</summary>
    Kestrel,

    /// <summary>npm's ws.</summary>
    Node,
}

/// <summary>What Kestrel runs on.</summary>
internal enum KestrelSockets
{
    /// <summary>Its own sockets as they come.</summary>
    AsTheyCome,

    /// <summary>Its own, which complete where they are polled, and threads that do not spin.</summary>
    Inline,

    /// <summary>UseMicroSockets.</summary>
    Micro,
}

/// <summary>One echo server and how it is set up.</summary>
/// <param name="Kind">What answers.</param>
/// <param name="WindowBits">Of permessage-deflate, both ways; 0: without it.</param>
/// <param name="HoldsBuffer">Whether each connection has a receive buffer for as long as it lasts, or rents one while there is a message.</param>
/// <param name="BufferSize">Bytes of that buffer; a message must fit.</param>
/// <param name="Sockets">What Kestrel runs on.</param>
internal sealed record EchoServerSettings(
    ServerKind Kind, int WindowBits = 0, bool HoldsBuffer = true, int BufferSize = 4096, KestrelSockets Sockets = KestrelSockets.AsTheyCome)
{
    public string[] ToArguments() => [$"{Kind}", $"{WindowBits}", $"{HoldsBuffer}", $"{BufferSize}", $"{Sockets}"];

    /// <exception cref="FormatException">These are not the arguments of another's <see cref="ToArguments"/>.</exception>
    public static EchoServerSettings Parse(string[] arguments) => arguments is [string kind, string bits, string holds, string size, string sockets]
        ? new EchoServerSettings(
            Enum.Parse<ServerKind>(kind), int.Parse(bits, CultureInfo.InvariantCulture), bool.Parse(holds),
            int.Parse(size, CultureInfo.InvariantCulture), Enum.Parse<KestrelSockets>(sockets))
        : throw new FormatException("An echo server takes five arguments.");
}
