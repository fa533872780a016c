using System;
using System.Collections.Generic;
using System.Linq;
using System.Net.WebSockets;
using System.Threading;
using System.Threading.Tasks;
using Ws.Micro.Desktop;
using Ws.Micro.Net;

namespace Ws.Micro.Interop.Tests;

/// <summary>Clients in this process, which trust the test's root alone.</summary>
internal static class Client
{
    /// <summary>A client of ours.</summary>
    public static async Task<Transcript> TalkAsync(Stack stack, Uri url, Conversation talk)
    {
        using Endpoint endpoint = stack == Stack.Device ? await ConnectDeviceAsync(url, talk.Compression) : await ConnectDotnetAsync(url, talk.Compression);
        return await endpoint.TalkAsync(talk);
    }

    /// <summary>.NET's own.</summary>
    public static async Task<Transcript> TalkWithClientWebSocketAsync(Uri url, Conversation talk)
    {
        using ClientWebSocket socket = new();
        socket.Options.CollectHttpResponseDetails = true;
        socket.Options.DangerousDeflateOptions = talk.Compression?.Theirs.ToClientWebSocket();
        socket.Options.RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate!.Equals(TestCertificates.Server);
        await socket.ConnectAsync(url, CancellationToken.None).InTime();
        string? extensions = socket.HttpResponseHeaders!.TryGetValue("Sec-WebSocket-Extensions", out IEnumerable<string>? values) ? values.Single() : null;
        using WebSocketEndpoint endpoint = new(socket, extensions);
        return await endpoint.TalkAsync(talk);
    }

    private static async Task<Endpoint> ConnectDeviceAsync(Uri url, Compression? compression)
    {
        int limit = (int)Deadline.Limit.TotalMilliseconds;
        WebSocketClientOptions options = new()
        {
            RootCertificate = TestCertificates.Root,
            ConnectTimeout = limit,
            SendTimeout = limit,
            CloseTimeout = limit,
            Deflate = compression?.Ours.ToOptions(isServer: false),
        };
        return new DeviceEndpoint(await DeviceEndpoint.RunAsync(() => WebSocketClient.Connect(url.AbsoluteUri, options)));
    }

    private static async Task<Endpoint> ConnectDotnetAsync(Uri url, Compression? compression)
    {
        MicroWebSocketClientOptions options = new()
        {
            ConnectTimeout = Deadline.Limit,
            CloseTimeout = Deadline.Limit,
            Deflate = compression?.Ours.ToOptions(isServer: false),
        };
        options.RootCertificates.Add(TestCertificates.Root);
        return new WebSocketEndpoint(await MicroWebSocketClient.ConnectAsync(url, options));
    }
}
