using System.Net;
using Ws.Micro.Handshake;

namespace Ws.Micro.Desktop;

/// <summary>A client's request for a connection, shown to <see cref="MicroWebSocketListenerOptions.OnRequest"/> while that runs.</summary>
public sealed class MicroWebSocketRequest
{
    private readonly HttpHead _head;

    internal MicroWebSocketRequest(HttpHead head, string path, EndPoint? remoteEndPoint)
    {
        _head = head;
        Path = path;
        RemoteEndPoint = remoteEndPoint;
    }

    /// <summary>The path and query.</summary>
    public string Path { get; }

    /// <summary>Where the client connects from.</summary>
    public EndPoint? RemoteEndPoint { get; }

    /// <summary>The value of the first header of that name, any letter case, or null.</summary>
    public string? GetHeader(string name) => _head.GetHeader(name);
}
