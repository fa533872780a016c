using Ws.Micro.Handshake;

namespace Ws.Micro.Net;

public sealed partial class WebSocketConnection
{
    /// <summary>What was agreed on for permessage-deflate; null where messages go as they are.</summary>
    public DeflateParameters? Deflate => (_extension as PerMessageDeflate)?.Agreed;
}
