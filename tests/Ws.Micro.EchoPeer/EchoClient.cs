using System;
using System.Threading.Tasks;

namespace Ws.Micro.EchoPeer;

/// <summary>A client that connects and echoes every message with its type, until closed. Keep-alive pings are off.</summary>
public abstract class EchoClient
{
    /// <summary>The client of a stack.</summary>
    /// <param name="stack">Device or Dotnet: Kestrel has no client.</param>
    /// <param name="closeTimeout">How long a peer may take to answer a close frame.</param>
    /// <param name="deflate">What to offer of permessage-deflate; null: nothing.</param>
    public static EchoClient Create(Stack stack, TimeSpan closeTimeout, PerMessageDeflateOptions? deflate = null) => stack switch
    {
        Stack.Device => new DeviceEchoClient(closeTimeout, deflate),
        Stack.Dotnet => new DotnetEchoClient(closeTimeout, deflate),
        _ => throw new ArgumentOutOfRangeException(nameof(stack), stack, "not a stack with a client"),
    };

    /// <summary>Connects, and echoes until the connection has ended, well or badly.</summary>
    public abstract Task EchoAsync(Uri uri);

    /// <summary>Connects and gives the first message, as text; then echoes what follows until the connection has ended.</summary>
    public abstract Task<string> ReadTextAsync(Uri uri);
}
