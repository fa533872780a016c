using System;
using System.Buffers;
using System.Diagnostics;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using MQTTnet;
using MQTTnet.Adapter;
using MQTTnet.Diagnostics.Logger;
using MQTTnet.Exceptions;
using MQTTnet.Formatter;
using RpiGateway.Monitoring;

namespace RpiGateway.Mqtt;

/// <summary>
/// Keeps one MQTT client attached to the broker: tries for ever, at each address in turn and then after a wait with full jitter, and hands each
/// connection that stands to <c>attached</c>. It speaks MQTT 5, or 3.1.1 where the broker has no 5.
/// </summary>
internal sealed class MqttConnection(BrokerTarget broker, string name, Func<AttachedClient, Task> attached, ILogger logger)
{
    // What a broker may take from the first step to the end of CONNACK, and to do what a client that has just attached asks for.
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan AttachTimeout = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan DisconnectTimeout = TimeSpan.FromMilliseconds(500);

    // Well under the 60 s after which some brokers drop an idle WebSocket.
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(15);

    // A broker that accepts and then drops must not be met with quick tries: only a connection that lasted starts afresh.
    private static readonly TimeSpan StableAfter = TimeSpan.FromMinutes(1);

    // The reason codes of CONNACK: MQTT 3.1.1, 3.2.2.3, and MQTT 5, 3.2.2.2.
    private const byte UnacceptableProtocolVersion = 0x01;
    private const byte UnsupportedProtocolVersion = 0x84;

    private readonly Backoff _backoff = new();

    /// <summary>What the broker publishes when it loses the connection (MQTT 5, 3.1.2.5), or null for nothing.</summary>
    public MqttApplicationMessage? Will { get; set; }

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        int index = 0;
        int failures = 0;
        while (!stopping.IsCancellationRequested)
        {
            BrokerAddress address = broker.Addresses[index];
            long started = Stopwatch.GetTimestamp();
            string trouble;
            try
            {
                await AttachAsync(address, stopping);
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
                failures = 0;
            }

            // The next address at once, but after a whole round a wait.
            index = (index + 1) % broker.Addresses.Count;
            TimeSpan wait = ++failures % broker.Addresses.Count == 0 ? _backoff.Next() : TimeSpan.Zero;
            logger.LogWarning(
                "{Name}: broker {Broker} is away: {Trouble}; next try, at {Next}, in {Seconds:0.0} s",
                name, address, LogText.Printable(trouble), broker.Addresses[index], wait.TotalSeconds);
            await Task.Delay(wait, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task AttachAsync(BrokerAddress address, CancellationToken stopping)
    {
        TaskCompletionSource disconnected = new(TaskCreationOptions.RunContinuationsAsynchronously);
        (IMqttClient client, MqttClientConnectResult result, AdapterFactory adapters) = await ConnectAsync(address, disconnected, stopping);
        using (client)
        {
            logger.LogInformation("{Name}: attached to broker {Broker} by MQTT {Version}", name, address, client.Options.ProtocolVersion == MqttProtocolVersion.V500 ? "5" : "3.1.1");
            using CancellationTokenSource lost = new();
            try
            {
                // MQTTnet gives 0 where the broker named no maximum, which means none but the field's own (MQTT 5, 3.2.2.3).
                await attached(new AttachedClient(
                    client,
                    adapters.Adapter!,
                    adapters.Transport,
                    result.ReceiveMaximum is ushort receive and > 0 ? receive : ushort.MaxValue,
                    result.MaximumPacketSize is uint packet and > 0 ? packet : uint.MaxValue,
                    lost.Token)).WaitAsync(AttachTimeout, stopping);
                await disconnected.Task.WaitAsync(stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            finally
            {
                await lost.CancelAsync();
            }

            if (client.IsConnected)
            {
                using CancellationTokenSource deadline = new(DisconnectTimeout);

                // A channel waits for the broker's answer to its close, whatever the token says.
                await client.DisconnectAsync(new MqttClientDisconnectOptions(), deadline.Token).WaitAsync(deadline.Token);
            }
        }
    }

    // By MQTT 5, and where the broker has no 5 by 3.1.1.
    private async Task<(IMqttClient Client, MqttClientConnectResult Result, AdapterFactory Adapters)> ConnectAsync(BrokerAddress address, TaskCompletionSource disconnected, CancellationToken stopping)
    {
        MqttProtocolVersion version = address.Version;
        try
        {
            return await ConnectAsync(address, version, disconnected, stopping);
        }
        catch (VersionRefusedException refused) when (version == MqttProtocolVersion.V500)
        {
            (IMqttClient, MqttClientConnectResult, AdapterFactory) connected = await ConnectAsync(address, MqttProtocolVersion.V311, disconnected, stopping);

            // Who just closed may have had other reasons, and is asked again the next time.
            if (refused.IsSaid)
            {
                address.RefuseVersion5();
            }

            return connected;
        }
    }

    private async Task<(IMqttClient Client, MqttClientConnectResult Result, AdapterFactory Adapters)> ConnectAsync(
        BrokerAddress address, MqttProtocolVersion version, TaskCompletionSource disconnected, CancellationToken stopping)
    {
        MqttPacketGuard guard = new(MqttPacketGuard.ConnectAcknowledgement);
        AdapterFactory adapters = new(address, guard);
        using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        deadline.CancelAfter(ConnectTimeout);
        IMqttClient client = new MqttClientFactory(MqttNetNullLogger.Instance, adapters).CreateMqttClient();
        try
        {
            MqttClientConnectResult result = await client.ConnectAsync(Options(version), deadline.Token);
            if (result.ResultCode == MqttClientConnectResultCode.Success)
            {
                client.DisconnectedAsync += _ =>
                {
                    disconnected.TrySetResult();
                    return Task.CompletedTask;
                };
                if (!client.IsConnected)
                {
                    disconnected.TrySetResult();
                }

                return (client, result, adapters);
            }

            ThrowIfVersionRefused(guard, null);
            throw new InvalidOperationException($"it answered CONNECT with {result.ResultCode} {result.ReasonString}".TrimEnd());
        }
        catch (Exception error)
        {
            client.Dispose();
            if (deadline.IsCancellationRequested)
            {
                stopping.ThrowIfCancellationRequested();
                throw new TimeoutException($"no connection within {ConnectTimeout.TotalSeconds:0} s");
            }

            ThrowIfVersionRefused(guard, error);
            throw;
        }
    }

    // A broker without MQTT 5 says so by a reason code of 3.1.1 or 5, or just closes (MQTT 5, 3.1.2.2; 3.1.1, 3.1.2.2). MQTTnet throws that
    // exception only when the connection had been opened.
    private static void ThrowIfVersionRefused(MqttPacketGuard guard, Exception? error)
    {
        if (error is not VersionRefusedException && (guard.ReasonCode is UnacceptableProtocolVersion or UnsupportedProtocolVersion
            || !guard.FirstPacketPassed && error is MqttConnectingFailedException))
        {
            throw new VersionRefusedException(guard.ReasonCode is not null);
        }
    }

    private MqttClientOptions Options(MqttProtocolVersion version)
    {
        // MQTTnet asks for a server here, but the channel has its own.
        MqttClientOptionsBuilder options = new MqttClientOptionsBuilder()
            .WithTcpServer("localhost")
            .WithClientId(name + broker.Identity)
            .WithProtocolVersion(version)
            .WithKeepAlivePeriod(KeepAlive)
            .WithTimeout(ConnectTimeout)
            .WithoutPacketFragmentation();
        if (broker.Settings.User is { } user)
        {
            options.WithCredentials(user, broker.Settings.ReadPassword());
        }

        if (Will is { } will)
        {
            options.WithWillTopic(will.Topic).WithWillPayload(will.Payload.ToArray()).WithWillQualityOfServiceLevel(will.QualityOfServiceLevel).WithWillRetain(will.Retain);
        }

        // What MQTT 3.1.1 has no place for, user properties above all, is left out there.
        MqttClientOptions built = options.Build();
        built.ValidateFeatures = false;
        return built;
    }

    // Of one client, which asks once.
    private sealed class AdapterFactory(BrokerAddress address, MqttPacketGuard guard) : IMqttClientAdapterFactory
    {
        public GatheringStream Transport { get; } = new();

        public PublishingAdapter? Adapter { get; private set; }

        public IMqttChannelAdapter CreateClientAdapter(MqttClientOptions options, MqttPacketInspector packetInspector, IMqttNetLogger logger)
        {
            MqttChannel channel = address.CreateChannel(guard, Transport);
            MqttPacketFormatterAdapter formatter = new(options.ProtocolVersion, new MqttBufferWriter(options.WriterBufferSize, options.WriterBufferSizeMax));
            MqttChannelAdapter inner = new(channel, formatter, logger) { AllowPacketFragmentation = options.AllowPacketFragmentation, PacketInspector = packetInspector };
            return Adapter = new PublishingAdapter(inner, channel);
        }
    }

    private sealed class VersionRefusedException(bool isSaid) : Exception("it speaks neither MQTT 5 nor 3.1.1")
    {
        public bool IsSaid => isSaid;
    }
}

/// <summary>A client while it is attached: <paramref name="Lost"/> is cancelled when it no longer is.</summary>
/// <param name="Client">The client, for any thread.</param>
/// <param name="Publisher">Publishes past the client; either it or the client does.</param>
/// <param name="Transport">What its packets go out through.</param>
/// <param name="ReceiveMaximum">How many QoS 1 publishes the broker takes at a time (MQTT 5, 3.2.2.3.3).</param>
/// <param name="MaximumPacketSize">The largest packet in bytes that the broker takes (MQTT 5, 3.2.2.3.6).</param>
/// <param name="Lost">Cancelled at the end of the connection.</param>
internal sealed record AttachedClient(
    IMqttClient Client, PublishingAdapter Publisher, GatheringStream Transport, int ReceiveMaximum, uint MaximumPacketSize, CancellationToken Lost);
