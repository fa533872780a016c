using System;
using System.Globalization;
using System.Net.WebSockets;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using MQTTnet;
using MQTTnet.Protocol;

namespace Ws.Micro.Benchmarks.Bridge;

/// <summary>
/// The sub-command 'bridge-peer', which the benchmarks start as a process of its own: what one would write from the documentation of ASP.NET Core and
/// MQTTnet. Each message of a sensor's WebSocket is published, and the next is read once the broker has acknowledged it.
/// </summary>
internal static class BridgePeer
{
    private const int MaxReadingSize = 64 * 1024;

    /// <summary>Listens on a port of this machine, in front of a broker, until it is killed.</summary>
    /// <param name="port">The port.</param>
    /// <param name="broker">The broker's URL.</param>
    /// <param name="isInline">Whether Kestrel's sockets go on on the thread that polls them.</param>
    public static async Task RunAsync(string port, string broker, bool isInline)
    {
        using IMqttClient client = new MqttClientFactory().CreateMqttClient();
        await client.ConnectAsync(new MqttClientOptionsBuilder().WithClientId("bridge-peer" + port).WithWebSocketServer(options => options.WithUri(broker)).Build());

        WebApplicationBuilder builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.Services.Configure<SocketTransportOptions>(options => options.UnsafePreferInlineScheduling = isInline);
        WebApplication app = builder.Build();
        app.Urls.Add(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));
        app.UseWebSockets();
        app.Map("/sensors/{id}", async (HttpContext context, string id) =>
        {
            using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
            await ServeAsync(socket, client, $"sensors/{id}/telemetry");
        });
        await app.RunAsync();
    }

    private static async Task ServeAsync(WebSocket socket, IMqttClient client, string topic)
    {
        byte[] buffer = new byte[4096];
        int count = 0;
        while (true)
        {
            ValueWebSocketReceiveResult result = await socket.ReceiveAsync(buffer.AsMemory(count), CancellationToken.None);
            if (result.MessageType == WebSocketMessageType.Close)
            {
                return;
            }

            count += result.Count;
            if (result.EndOfMessage)
            {
                await client.PublishAsync(new MqttApplicationMessageBuilder().WithTopic(topic).WithPayload(buffer[..count])
                    .WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce).Build());
                count = 0;
            }
            else if (count == buffer.Length)
            {
                Array.Resize(ref buffer, count < MaxReadingSize ? 2 * count : throw new WebSocketException("The reading is too large."));
            }
        }
    }
}
