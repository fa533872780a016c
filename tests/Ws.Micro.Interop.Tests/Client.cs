using System;
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
        using Endpoint endpoint = stack == Stack.Device ? await ConnectDeviceAsync(url) : await ConnectDotnetAsync(url);
        return await endpoint.TalkAsync(talk);
    }

    /// <summary>.NET's own.</summary>
    public static async Task<Transcript> TalkWithClientWebSocketAsync(Uri url, Conversation talk)
    {
        ClientWebSocket socket = new();
        using WebSocketEndpoint endpoint = new(socket);
        socket.Options.RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate!.Equals(TestCertificates.Server);
        await socket.ConnectAsync(url, CancellationToken.None).InTime();
        return await endpoint.TalkAsync(talk);
    }

    private static async Task<Endpoint> ConnectDeviceAsync(Uri url)
    {
        int limit = (int)Deadline.Limit.TotalMilliseconds;
        WebSocketClientOptions options = new()
        {
            RootCertificate = TestCertificates.Root,
            ConnectTimeout = limit,
            SendTimeout = limit,
            CloseTimeout = limit,
        };
        return new DeviceEndpoint(await DeviceEndpoint.RunAsync(() => WebSocketClient.Connect(url.AbsoluteUri, options)));
    }

    private static async Task<Endpoint> ConnectDotnetAsync(Uri url)
    {
        MicroWebSocketClientOptions options = new() { ConnectTimeout = Deadline.Limit, CloseTimeout = Deadline.Limit };
        options.RootCertificates.Add(TestCertificates.Root);
        return new WebSocketEndpoint(await MicroWebSocketClient.ConnectAsync(url, options));
    }
}
