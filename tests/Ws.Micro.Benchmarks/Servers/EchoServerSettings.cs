using System;
using System.Globalization;
using System.Linq;

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

/// <summary>One echo server and how it is set up.</summary>
/// <param name="Kind">What answers.</param>
/// <param name="WindowBits">Of permessage-deflate, both ways; 0: without it.</param>
/// <param name="HoldsBuffer">Whether each connection has a receive buffer for as long as it lasts, or rents one while there is a message.</param>
/// <param name="BufferSize">Bytes of that buffer; a message must fit.</param>
/// <param name="Inline">Whether Kestrel's sockets complete where they are polled, and threads do not spin, instead of all as it comes.</param>
internal sealed record EchoServerSettings(ServerKind Kind, int WindowBits = 0, bool HoldsBuffer = true, int BufferSize = 4096, bool Inline = false)
{
    public string[] ToArguments() => [$"{Kind}", $"{WindowBits}", $"{HoldsBuffer}", $"{BufferSize}", $"{Inline}"];

    /// <exception cref="FormatException">These are not the arguments of another's <see cref="ToArguments"/>.</exception>
    public static EchoServerSettings Parse(string[] arguments) => arguments is [string kind, string bits, string holds, string size, string inline]
        ? new EchoServerSettings(
            Enum.GetValues<ServerKind>().Single(value => $"{value}" == kind), int.Parse(bits, CultureInfo.InvariantCulture), bool.Parse(holds),
            int.Parse(size, CultureInfo.InvariantCulture), bool.Parse(inline))
        : throw new FormatException("An echo server takes five arguments.");
}
