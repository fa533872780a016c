using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using MQTTnet;
using MQTTnet.Protocol;

namespace RpiGateway.Mqtt;

/// <summary>
/// The gateway's attachment to the broker for all but readings: hears topics, and publishes at QoS 1. While the broker is away publishes wait; each is tried until the broker has
/// acknowledged it, so a message may arrive twice but is not lost while the gateway lives. For any thread.
/// </summary>
internal sealed class MqttBridge
{
    /// <summary>The most publishes under way at a time; a broker may ask for fewer.</summary>
    public const int MaxInFlight = 256;

    /// <summary>How long a broker may take to acknowledge; after that the publish is tried again.</summary>
    private static readonly TimeSpan AcknowledgeTimeout = TimeSpan.FromSeconds(30);

    private readonly MqttConnection _connection;
    private readonly ILogger _logger;
    private readonly List<(string Filter, Action<MqttApplicationMessage> Take)> _heard = [];
    private TaskCompletionSource<Sender> _sender = NewSource();

    public MqttBridge(BrokerTarget broker, ILogger logger)
    {
        _logger = logger;
        _connection = new MqttConnection(broker, "RpiGateway", OnAttached, logger);
    }

    /// <summary>Raised when the broker is attached.</summary>
    public event Action? Attached;

    /// <summary>What the broker publishes where the gateway is lost; before the bridge runs.</summary>
    public Publication? Will
    {
        set => _connection.Will = value?.ToMessage();
    }

    /// <summary>Whether the broker is attached now.</summary>
    public bool IsAttached => Volatile.Read(ref _sender).Task is { IsCompletedSuccessfully: true, Result.Lost.IsCancellationRequested: false };

    /// <summary>Hears a topic; before the bridge runs.</summary>
    /// <param name="topicFilter">The filter (MQTT 5, 4.7); no two that match one topic.</param>
    /// <param name="take">Called for each message, one after the other; it is acknowledged when this returns. Must not throw.</param>
    public void Hear(string topicFilter, Action<MqttApplicationMessage> take) => _heard.Add((topicFilter, take));

    /// <summary>Keeps the bridge attached until cancelled.</summary>
    public Task RunAsync(CancellationToken stopping) => _connection.RunAsync(stopping);

    /// <summary>
    /// Returns once the broker has acknowledged the publication. Publishes of one topic keep their order when each is
    /// awaited before the next.
    /// </summary>
    /// <returns>False when the broker can never take one of this size: its own limit is lower.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="givingUp"/> was cancelled; the broker may have it or not.</exception>
    public async Task<bool> PublishAsync(Publication publication, CancellationToken givingUp)
    {
        MqttApplicationMessage message = publication.ToMessage();
        Backoff backoff = new();

        while (true)
        {
            TaskCompletionSource<Sender> source = Volatile.Read(ref _sender);
            Sender sender = await source.Task.WaitAsync(givingUp);
            if (publication.MaxPacketSize > sender.MaximumPacketSize)
            {
                return false;
            }

            string trouble;
            try
            {
                MqttClientPublishResult result = await sender.PublishAsync(message, givingUp);
                if (result.IsSuccess)
                {
                    return true;
                }

                trouble = $"the broker answered {result.ReasonCode} {result.ReasonString}".TrimEnd();
            }
            catch (Exception error)
            {
                // MQTTnet has errors of its own for it.
                givingUp.ThrowIfCancellationRequested();
                trouble = error.Message;
            }

            if (sender.Lost.IsCancellationRequested)
            {
                // The first to see the loss puts a fresh source in place; all then wait for the next connection.
                Interlocked.CompareExchange(ref _sender, NewSource(), source);
                continue;
            }

            TimeSpan wait = backoff.Next();
            _logger.LogWarning("Publish to {Topic} failed: {Trouble}; next try in {Seconds:0.0} s", publication.Topic, trouble, wait.TotalSeconds);
            await Task.Delay(wait, givingUp);
        }
    }

    private async Task OnAttached(AttachedClient client)
    {
        client.Client.ApplicationMessageReceivedAsync += received =>
        {
            MqttApplicationMessage message = received.ApplicationMessage;
            _heard.Find(heard => MqttTopicFilterComparer.Compare(message.Topic, heard.Filter) == MqttTopicFilterCompareResult.IsMatch).Take?.Invoke(message);
            return Task.CompletedTask;
        };
        foreach ((string filter, _) in _heard)
        {
            await client.Client.SubscribeAsync(
                new MqttClientSubscribeOptionsBuilder().WithTopicFilter(filter, MqttQualityOfServiceLevel.AtLeastOnce).Build(), client.Lost);
        }

        Sender sender = new(client);
        TaskCompletionSource<Sender> source = NewSource();
        source.SetResult(sender);
        Interlocked.Exchange(ref _sender, source).TrySetResult(sender);
        Attached?.Invoke();
    }

    private static TaskCompletionSource<Sender> NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Sender(AttachedClient client)
    {
        private readonly SemaphoreSlim _inFlight = new(Math.Min(MaxInFlight, client.ReceiveMaximum));

        public CancellationToken Lost => client.Lost;

        public uint MaximumPacketSize => client.MaximumPacketSize;

        public async Task<MqttClientPublishResult> PublishAsync(MqttApplicationMessage message, CancellationToken givingUp)
        {
            using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(client.Lost, givingUp);
            await _inFlight.WaitAsync(deadline.Token);
            try
            {
                deadline.CancelAfter(AcknowledgeTimeout);
                return await client.Client.PublishAsync(message, deadline.Token);
            }
            finally
            {
                _inFlight.Release();
            }
        }
    }
}
