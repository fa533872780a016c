namespace Ws.Micro.Net;

public abstract partial class WebSocketOptions
{
    /// <summary>permessage-deflate: what to offer as a client and to accept as a server; null: nothing, messages go as they are. Default null.</summary>
    public PerMessageDeflateOptions? Deflate;

    partial void ValidateDeflate() => Deflate?.Validate();
}
