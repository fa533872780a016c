using System;
using System.Net;
using System.Net.WebSockets;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using RpiGateway.Access;

namespace RpiGateway.Mqtt;

/// <summary>Where MQTT clients attach to the embedded broker: WebSocket connections with subprotocol <c>mqtt</c>.</summary>
internal sealed class MqttEndpoint(EmbeddedBroker broker, AccessControl access, ILogger logger)
{
    public const string Path = "/mqtt";

    /// <summary>How long a client may take from its connection to the whole of its CONNECT packet.</summary>
    public static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Serves one connection to its end.</summary>
    public async Task RunAsync(HttpContext context)
    {
        if (!broker.IsRunning)
        {
            await access.Refusals.SendAsync(context, StatusCodes.Status503ServiceUnavailable, "the broker is stopping");
            return;
        }

        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.Headers.Upgrade = "websocket";
            await access.Refusals.SendAsync(context, StatusCodes.Status426UpgradeRequired, "attach by WebSocket, with subprotocol mqtt");
            return;
        }

        // [MQTT-6.0.0-3]
        if (!context.WebSockets.WebSocketRequestedProtocols.Contains(MqttWebSocketChannel.Subprotocol))
        {
            await access.Refusals.SendAsync(context, StatusCodes.Status400BadRequest, "offer the subprotocol mqtt (Sec-WebSocket-Protocol: mqtt)");
            return;
        }

        using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync(MqttWebSocketChannel.Subprotocol);
        using MqttWebSocketChannel channel = new(
            socket, EndPointOf(context.Connection.RemoteIpAddress, context.Connection.RemotePort),
            EndPointOf(context.Connection.LocalIpAddress, context.Connection.LocalPort), access.NewPace(), access.Refusals, logger);
        await using Timer connectDeadline = new(_ => RefuseLateConnect(channel), null, ConnectTimeout, Timeout.InfiniteTimeSpan);
        await broker.ServeAsync(channel, access.PeerOf(context));
    }

    private static void RefuseLateConnect(MqttWebSocketChannel channel)
    {
        if (!channel.FirstPacketReceived)
        {
            _ = channel.RefuseAsync(new(WebSocketCloseStatus.PolicyViolation, $"no CONNECT within {ConnectTimeout.TotalSeconds:0} s"));
        }
    }

    private static IPEndPoint? EndPointOf(IPAddress? address, int port) => address is null ? null : new(address, port);
}
