using System;
using System.Diagnostics;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using MQTTnet;
using MQTTnet.Adapter;
using MQTTnet.Diagnostics.Logger;
using MQTTnet.Formatter;
using Ws.Micro.Desktop;

namespace RpiGateway.Mqtt;

/// <summary>
/// Keeps one MQTT 5 client attached to a broker over WebSocket: tries for ever, with full jitter, and hands each
/// connection that stands to <c>attached</c>.
/// </summary>
internal sealed class MqttConnection(Uri broker, string name, Func<AttachedClient, Task> attached, ILogger logger) : IMqttClientAdapterFactory
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan DisconnectTimeout = TimeSpan.FromMilliseconds(500);

    // Well under the 60 s after which some brokers drop an idle WebSocket.
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(15);

    // A broker that accepts and then drops must not be met with quick tries: only a connection that lasted starts afresh.
    private static readonly TimeSpan StableAfter = TimeSpan.FromMinutes(1);

    private readonly Backoff _backoff = new();
    private readonly string _clientId = $"{name}{RandomNumberGenerator.GetHexString(8, lowercase: true)}";

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            long started = Stopwatch.GetTimestamp();
            string trouble;
            try
            {
                await AttachAsync(stopping);
                trouble = "the connection was lost";
            }
            catch (Exception error)
            {
                trouble = error.GetBaseException().Message;
            }

            if (stopping.IsCancellationRequested)
            {
                return;
            }

            if (Stopwatch.GetElapsedTime(started) > StableAfter)
            {
                _backoff.Reset();
            }

            TimeSpan wait = _backoff.Next();
            logger.LogWarning("{Name}: broker {Broker} is away: {Trouble}; next try in {Seconds:0.0} s", name, broker, trouble, wait.TotalSeconds);
            await Task.Delay(wait, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    IMqttChannelAdapter IMqttClientAdapterFactory.CreateClientAdapter(MqttClientOptions options, MqttPacketInspector packetInspector, IMqttNetLogger mqttLogger) =>
        new MqttChannelAdapter(
            new MqttWebSocketChannel(OpenAsync, logger),
            new MqttPacketFormatterAdapter(options.ProtocolVersion, new MqttBufferWriter(options.WriterBufferSize, options.WriterBufferSizeMax)),
            mqttLogger)
        {
            AllowPacketFragmentation = options.AllowPacketFragmentation,
            PacketInspector = packetInspector,
        };

    private async Task<WebSocket> OpenAsync(CancellationToken cancellationToken)
    {
        MicroWebSocket socket = await MicroWebSocketClient.ConnectAsync(
            broker, new MicroWebSocketClientOptions { SubProtocols = { MqttWebSocketChannel.Subprotocol } }, cancellationToken);

        // [MQTT-6.0.0-4]
        if (socket.SubProtocol == MqttWebSocketChannel.Subprotocol)
        {
            return socket;
        }

        socket.Dispose();
        throw new WebSocketException("the server did not choose the subprotocol mqtt");
    }

    private async Task AttachAsync(CancellationToken stopping)
    {
        MqttClientOptions options = new MqttClientOptionsBuilder()
            .WithWebSocketServer(server => server.WithUri(broker.AbsoluteUri))
            .WithClientId(_clientId)
            .WithProtocolVersion(MqttProtocolVersion.V500)
            .WithKeepAlivePeriod(KeepAlive)
            .WithTimeout(ConnectTimeout)
            .WithoutPacketFragmentation()
            .Build();

        using IMqttClient client = new MqttClientFactory(new MqttNetNullLogger(), this).CreateMqttClient();
        TaskCompletionSource disconnected = new(TaskCreationOptions.RunContinuationsAsynchronously);
        client.DisconnectedAsync += _ =>
        {
            disconnected.TrySetResult();
            return Task.CompletedTask;
        };

        MqttClientConnectResult result;
        using (CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(stopping))
        {
            deadline.CancelAfter(ConnectTimeout);
            result = await client.ConnectAsync(options, deadline.Token);
        }

        if (result.ResultCode != MqttClientConnectResultCode.Success)
        {
            throw new InvalidOperationException($"it answered CONNECT with {result.ResultCode} {result.ReasonString}".TrimEnd());
        }

        logger.LogInformation("{Name}: attached to broker {Broker}", name, broker);
        using CancellationTokenSource lost = new();
        try
        {
            // MQTTnet gives 0 where the broker named no maximum, which means none but the field's own (MQTT 5, 3.2.2.3).
            await attached(new AttachedClient(
                client,
                result.ReceiveMaximum is ushort receive and > 0 ? receive : ushort.MaxValue,
                result.MaximumPacketSize is uint packet and > 0 ? packet : uint.MaxValue,
                lost.Token));
            await disconnected.Task.WaitAsync(stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            await lost.CancelAsync();
        }

        if (client.IsConnected)
        {
            using CancellationTokenSource deadline = new(DisconnectTimeout);
            await client.DisconnectAsync(new MqttClientDisconnectOptions(), deadline.Token);
        }
    }
}

/// <summary>A client while it is attached: <paramref name="Lost"/> is cancelled when it no longer is.</summary>
/// <param name="Client">The client, for any thread.</param>
/// <param name="ReceiveMaximum">How many QoS 1 publishes the broker takes at a time (MQTT 5, 3.2.2.3.3).</param>
/// <param name="MaximumPacketSize">The largest packet in bytes that the broker takes (MQTT 5, 3.2.2.3.6).</param>
/// <param name="Lost">Cancelled at the end of the connection.</param>
internal sealed record AttachedClient(IMqttClient Client, int ReceiveMaximum, uint MaximumPacketSize, CancellationToken Lost);
