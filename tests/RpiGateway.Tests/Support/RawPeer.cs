using System;
using System.Net.Http;
using System.Net.WebSockets;
using System.Threading;
using System.Threading.Tasks;

namespace RpiGateway.Tests;

/// <summary>A peer of the broker's endpoint that sends any bytes in any frames.</summary>
internal sealed class RawPeer : IDisposable
{
    /// <summary>CONNECT, MQTT 3.1.1, clean session, keep alive 60 s, client id "raw".</summary>
    public static readonly byte[] Connect = [0x10, 15, 0, 4, (byte)'M', (byte)'Q', (byte)'T', (byte)'T', 4, 2, 0, 60, 0, 3, (byte)'r', (byte)'a', (byte)'w'];

    /// <summary>SUBSCRIBE to "t" at QoS 0, packet id 1.</summary>
    public static readonly byte[] Subscribe = [0x82, 6, 0, 1, 0, 1, (byte)'t', 0];

    /// <summary>PUBLISH of "hi" to "t" at QoS 1, packet id 2.</summary>
    public static readonly byte[] Publish = [0x32, 7, 0, 1, (byte)'t', 0, 2, (byte)'h', (byte)'i'];

    private readonly ClientWebSocket _socket = new();

    public static async Task<RawPeer> AttachAsync(TestGateway gateway)
    {
        RawPeer peer = new();
        peer._socket.Options.AddSubProtocol("mqtt");
        await peer._socket.ConnectAsync(gateway.Broker, CancellationToken.None).InTime();
        Assert.Equal("mqtt", peer._socket.SubProtocol);
        return peer;
    }

    /// <summary>Asks for an upgrade that is not granted; gives the status and the text.</summary>
    public static async Task<(int Status, string Text)> RefusedUpgradeAsync(Uri url, string? subprotocol)
    {
        using HttpClient client = new();
        using HttpRequestMessage request = new(HttpMethod.Get, new UriBuilder(url) { Scheme = "http" }.Uri);
        request.Headers.Add("Connection", "Upgrade");
        request.Headers.Add("Upgrade", "websocket");
        request.Headers.Add("Sec-WebSocket-Version", "13");
        request.Headers.Add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        if (subprotocol is not null)
        {
            request.Headers.Add("Sec-WebSocket-Protocol", subprotocol);
        }

        using HttpResponseMessage response = await client.SendAsync(request).InTime();
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync().InTime());
    }

    public Task SendAsync(ReadOnlyMemory<byte> bytes, WebSocketMessageType type = WebSocketMessageType.Binary, bool last = true) =>
        _socket.SendAsync(bytes, type, last, CancellationToken.None).AsTask().InTime();

    /// <summary>The next frame's payload, which must be binary and a whole message.</summary>
    public async Task<byte[]> NextFrameAsync()
    {
        byte[] buffer = new byte[4096];
        WebSocketReceiveResult received = await _socket.ReceiveAsync(buffer, CancellationToken.None).InTime();
        Assert.Equal((WebSocketMessageType.Binary, true), (received.MessageType, received.EndOfMessage));
        return buffer[..received.Count];
    }

    /// <summary>Takes all that comes, up to the close frame or the end; acknowledges nothing.</summary>
    public async Task ReadToEndAsync()
    {
        byte[] buffer = new byte[65536];
        try
        {
            while ((await _socket.ReceiveAsync(buffer, CancellationToken.None).InTime()).MessageType != WebSocketMessageType.Close)
            {
            }
        }
        catch (WebSocketException)
        {
            // Without a close frame.
        }
    }

    /// <summary>Waits for the close frame, which must come next.</summary>
    public async Task<WebSocketCloseStatus?> CloseStatusAsync()
    {
        WebSocketReceiveResult received = await _socket.ReceiveAsync(new byte[4096], CancellationToken.None).InTime();
        Assert.Equal(WebSocketMessageType.Close, received.MessageType);
        return received.CloseStatus;
    }

    public void Dispose() => _socket.Dispose();
}
