using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using MQTTnet;
using MQTTnet.Protocol;

namespace RpiGateway.Tests;

/// <summary>What MQTTnet's broker leaves open and the gateway guards.</summary>
public sealed class EmbeddedBrokerTests
{
    [Fact]
    public async Task RepeatedQos2PublishIsPassedOnOnce()
    {
        byte[] publish = [0x34, 6, 0, 1, (byte)'t', 0, 7, (byte)'a'];
        byte[] repeat = [0x3C, .. publish.AsSpan(1)];
        byte[] release = [0x62, 2, 0, 7];
        byte[] next = [0x34, 6, 0, 1, (byte)'t', 0, 7, (byte)'b'];
        await using TestGateway gateway = await TestGateway.StartAsync();
        await using Subscriber subscriber = await Subscriber.AttachAsync(gateway.Broker, "t");
        using RawPeer peer = await RawPeer.AttachAsync(gateway);
        await peer.SendAsync(RawPeer.Connect);
        await peer.NextFrameAsync();

        await peer.SendAsync((byte[])[.. publish, .. repeat, .. release, .. next]);

        Assert.Equal("50020007", Convert.ToHexString(await peer.NextFrameAsync()));
        Assert.Equal("50020007", Convert.ToHexString(await peer.NextFrameAsync()));
        Assert.Equal("70020007", Convert.ToHexString(await peer.NextFrameAsync()));
        Assert.Equal("50020007", Convert.ToHexString(await peer.NextFrameAsync()));
        Assert.Equal("a", (await subscriber.NextHeardAsync()).Text);
        Assert.Equal("b", (await subscriber.NextHeardAsync()).Text);
    }

    // MQTT 5, 4.3.3: a PUBREC with an error is the end of it.
    [Fact]
    public async Task IdentifierOfARefusedQos2PublishIsFreeAgain()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        byte[] secret = Encoding.ASCII.GetBytes(gateway.AddDevice("attic"));
        byte[] connect = [0, 4, .. "MQTT"u8, 5, 0xC2, 0, 60, 0, 0, 3, .. "raw"u8, 0, 5, .. "attic"u8, 0, (byte)secret.Length, .. secret];
        byte[] topic = [.. "sensors/attic/status"u8];
        await using Subscriber subscriber = await Subscriber.AttachAsync(gateway.Broker, "sensors/attic/status");
        using RawPeer peer = await RawPeer.AttachAsync(gateway);
        await peer.SendAsync((byte[])[0x10, (byte)connect.Length, .. connect]);
        Assert.Equal(0x20, (await peer.NextFrameAsync())[0]);

        await peer.SendAsync((byte[])[0x34, 7, 0, 1, (byte)'x', 0, 7, 0, (byte)'a']);
        Assert.Equal("5004000787", Convert.ToHexString(await peer.NextFrameAsync())[..10]);
        await peer.SendAsync((byte[])[0x34, (byte)(6 + topic.Length), 0, (byte)topic.Length, .. topic, 0, 7, 0, (byte)'b']);

        Assert.Equal("b", (await subscriber.NextHeardAsync()).Text);
    }

    // Each would keep a topic of up to 64 KiB.
    [Fact]
    public async Task TopicAliasesAreBounded()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        using RawPeer peer = await RawPeer.AttachAsync(gateway);
        byte[] connect = [.. RawPeer.Connect.AsSpan(0, 12), 0, .. RawPeer.Connect.AsSpan(12)];
        (connect[1], connect[8]) = (16, 5);
        await peer.SendAsync(connect);
        Assert.Contains($"22{BrokerGuards.MaxTopicAlias:X4}", Convert.ToHexString(await peer.NextFrameAsync()), StringComparison.Ordinal);

        // At QoS 1, to "t", with the alias.
        await peer.SendAsync((byte[])[0x32, 9, 0, 1, (byte)'t', 0, 1, 3, 0x23, 0, BrokerGuards.MaxTopicAlias]);
        Assert.Equal(0x40, (await peer.NextFrameAsync())[0]);
        await peer.SendAsync((byte[])[0x32, 9, 0, 1, (byte)'t', 0, 2, 3, 0x23, 0, BrokerGuards.MaxTopicAlias + 1]);

        byte[] disconnect = await peer.NextFrameAsync();
        Assert.Equal((0xE0, 0x94), (disconnect[0], disconnect[2]));
        Assert.NotNull(await peer.CloseStatusAsync());
        Assert.Equal(1, (await Metrics.ReadAsync(gateway.Address))["rpigateway_refused_total{\"reason\": \"protocol_error\"}"]);
    }

    [Fact]
    public async Task SharedSubscriptionsAreRefused()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        using IMqttClient client = await ConnectAsync(gateway.Broker);

        Assert.Equal(MqttClientSubscribeResultCode.SharedSubscriptionsNotSupported, await SubscribeAsync(client, "$share/g/t"));
    }

    [Theory]
    [InlineData(new byte[] { 0xE0, 1, 4 }, true)]
    [InlineData(new byte[] { 0xE0, 0 }, false)]
    public async Task DisconnectWithWillSendsTheWill(byte[] disconnect, bool isSent)
    {
        // CONNECT, MQTT 5, clean start, with the will "gone" to "w".
        byte[] connect = [0x10, 26, 0, 4, .. "MQTT"u8, 5, 0x06, 0, 60, 0, 0, 3, .. "raw"u8, 0, 0, 1, (byte)'w', 0, 4, .. "gone"u8];
        await using TestGateway gateway = await TestGateway.StartAsync();
        await using Subscriber subscriber = await Subscriber.AttachAsync(gateway.Broker, "w");
        using RawPeer peer = await RawPeer.AttachAsync(gateway);
        await peer.SendAsync(connect);
        Assert.Equal(0x20, (await peer.NextFrameAsync())[0]);

        await peer.SendAsync(disconnect);

        Assert.NotNull(await peer.CloseStatusAsync());
        await subscriber.PublishAsync(new MqttApplicationMessage { Topic = "w", Payload = new(Encoding.ASCII.GetBytes("after")) });
        string first = (await subscriber.NextHeardAsync()).Text;
        if (!isSent)
        {
            Assert.Equal("after", first);
            return;
        }

        // The broker sends the will when the connection has ended, which the peer may see first.
        Assert.Contains("gone", new[] { first, (await subscriber.NextHeardAsync()).Text });
    }

    [Fact]
    public async Task SlowSubscriberHoldsUpPublishersAndMissesNothing()
    {
        const int Messages = 6000;
        await using TestGateway gateway = await TestGateway.StartAsync();
        await using Subscriber publisher = await Subscriber.AttachAsync(gateway.Broker, "unused");
        using RawPeer slow = await RawPeer.AttachAsync(gateway);
        await slow.SendAsync((byte[])[.. RawPeer.Connect, .. RawPeer.Subscribe]);
        await slow.NextFrameAsync();
        await slow.NextFrameAsync();
        int published = 0;
        Task publishing = Task.Run(async () =>
        {
            for (; published < Messages; Interlocked.Increment(ref published))
            {
                byte[] payload = new byte[4000];
                BitConverter.TryWriteBytes(payload, published);
                await publisher.PublishAsync(
                    new MqttApplicationMessage { Topic = "t", Payload = new(payload), QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce });
            }
        });

        // Until its socket and its queue are full; publishers are then held up.
        int before;
        do
        {
            before = Volatile.Read(ref published);
            await Task.Delay(1000);
        }
        while (before != Volatile.Read(ref published));

        Assert.InRange(before, BrokerGuards.HoldUpFrom, Messages - 1);
        for (int i = 0; i < Messages; i++)
        {
            // Fixed header, 3 bytes, and topic, 3 bytes.
            Assert.Equal(i, BitConverter.ToInt32(await slow.NextFrameAsync(), 6));
        }

        await publishing.InTime();
    }

    [Fact]
    public async Task SubscriberThatAcknowledgesNothingIsDisconnectedBeforeItTakesTheMemory()
    {
        const int Size = 250_000;
        byte[] subscribe = [.. RawPeer.Subscribe];
        subscribe[^1] = 1;
        await using TestGateway gateway = await TestGateway.StartAsync();
        using IMqttClient publisher = await ConnectAsync(gateway.Broker);
        using RawPeer silent = await RawPeer.AttachAsync(gateway);
        await silent.SendAsync((byte[])[.. RawPeer.Connect, .. subscribe]);
        await silent.NextFrameAsync();
        Assert.Equal("9003000101", Convert.ToHexString(await silent.NextFrameAsync()));
        Task gone = silent.ReadToEndAsync();

        MqttApplicationMessage message = new() { Topic = "t", Payload = new(new byte[Size]), QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce };
        int heard = 0;
        while ((await publisher.PublishAsync(message).InTime()).ReasonCode == MqttClientPublishReasonCode.Success)
        {
            Assert.True(++heard < 1000);
        }

        await gone.InTime();
        Assert.InRange(heard, BrokerGuards.MaxUnacknowledgedBytes / Size, 1000);
        Assert.Equal(1, (await Metrics.ReadAsync(gateway.Address))["rpigateway_refused_total{\"reason\": \"too_slow\"}"]);
    }

    [Fact]
    public async Task SessionEndsWithItsConnection()
    {
        byte[] connect = [.. RawPeer.Connect];
        connect[9] = 0;
        await using TestGateway gateway = await TestGateway.StartAsync();
        using (RawPeer first = await RawPeer.AttachAsync(gateway))
        {
            await first.SendAsync((byte[])[.. connect, .. RawPeer.Subscribe]);
            Assert.Equal("20020000", Convert.ToHexString(await first.NextFrameAsync()));
            Assert.Equal(0x90, (await first.NextFrameAsync())[0]);
            await first.SendAsync((byte[])[0xE0, 0]);
            await first.CloseStatusAsync();
        }

        using RawPeer second = await RawPeer.AttachAsync(gateway);
        await second.SendAsync(connect);

        // Session present: 0.
        Assert.Equal("20020000", Convert.ToHexString(await second.NextFrameAsync()));
    }

    [Fact]
    public async Task OnePacketAsksForNoMoreThanASessionMayHave()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        using RawPeer peer = await RawPeer.AttachAsync(gateway);
        await peer.SendAsync(RawPeer.Connect);
        await peer.NextFrameAsync();
        byte[] filters = [.. Enumerable.Repeat((byte[])[0, 1, (byte)'t', 0], SubscriptionLimits.MaxCount + 1).SelectMany(static filter => filter)];
        int length = 2 + filters.Length;

        await peer.SendAsync((byte[])[0x82, (byte)(0x80 | (length & 0x7F)), (byte)(length >> 7), 0, 1, .. filters]);

        // The fixed header of SUBACK has 3 bytes, and the packet id 2.
        byte[] answer = await peer.NextFrameAsync();
        Assert.Equal(5 + SubscriptionLimits.MaxCount + 1, answer.Length);
        Assert.All(answer[5..^1], static code => Assert.Equal(0, code));
        Assert.Equal(0x80, answer[^1]);

        // The next may ask again.
        await peer.SendAsync(RawPeer.Subscribe);
        Assert.Equal("9003000100", Convert.ToHexString(await peer.NextFrameAsync()));
    }

    [Fact]
    public async Task RetainedMessagesSurviveARestartAndAreBounded()
    {
        using TempDirectory data = new();
        await using (TestGateway first = await TestGateway.StartAsync(data: data.Path))
        {
            using IMqttClient client = await ConnectAsync(first.Broker);
            Assert.Equal(MqttClientPublishReasonCode.NoMatchingSubscribers, await RetainAsync(client, "kept/é", 3));
            Assert.Equal(MqttClientPublishReasonCode.NoMatchingSubscribers, await RetainAsync(client, "cleared", 3));
            Assert.Equal(MqttClientPublishReasonCode.NoMatchingSubscribers, await RetainAsync(client, "cleared", 0));
            MqttClientPublishReasonCode answer;
            int count = 0;
            do
            {
                answer = await RetainAsync(client, $"large/{count++}", 250_000);
            }
            while (answer == MqttClientPublishReasonCode.NoMatchingSubscribers && count < 100);

            Assert.Equal(MqttClientPublishReasonCode.QuotaExceeded, answer);
            Assert.Equal((RetainedMessages.MaxBytes / 250_000) + 1, count);
            Assert.Equal(1, (await Metrics.ReadAsync(first.Address))["rpigateway_refused_total{\"reason\": \"quota_exceeded\"}"]);
        }

        await using TestGateway second = await TestGateway.StartAsync(data: data.Path);
        await using Subscriber subscriber = await Subscriber.AttachAsync(second.Broker, "kept/+");
        Assert.Equal(("kept/é", "xxx"), await subscriber.NextHeardAsync() is var heard ? (heard.Topic, heard.Text) : default);
        await using Subscriber other = await Subscriber.AttachAsync(second.Broker, "cleared");
        await subscriber.PublishAsync(new MqttApplicationMessage { Topic = "cleared", Payload = new("now"u8.ToArray()) });
        Assert.Equal("now", (await other.NextHeardAsync()).Text);
    }

    // What is beside a payload is kept too.
    [Theory]
    [InlineData(60_000, 0)]
    [InlineData(10, 60_000)]
    public async Task TopicsAndPropertiesOfRetainedMessagesAreBoundedToo(int topic, int property)
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        using IMqttClient client = await ConnectAsync(gateway.Broker);
        MqttClientPublishReasonCode answer;
        int count = 0;
        do
        {
            MqttApplicationMessageBuilder message = new MqttApplicationMessageBuilder().WithTopic($"{count++}".PadLeft(topic, 'x')).WithPayload("x")
                .WithRetainFlag().WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce);
            for (int i = 0; property > 0 && i < 4; i++)
            {
                message.WithUserProperty("p", Encoding.ASCII.GetBytes(new string('x', property)));
            }

            answer = (await client.PublishAsync(message.Build()).InTime()).ReasonCode;
        }
        while (answer == MqttClientPublishReasonCode.NoMatchingSubscribers && count < 1000);

        Assert.Equal(MqttClientPublishReasonCode.QuotaExceeded, answer);
        Assert.InRange(count, 50, RetainedMessages.MaxBytes / 60_000);
    }

    [Fact]
    public async Task ANewSubscriberHearsAllRetainedMessages()
    {
        using TempDirectory data = new();
        File.WriteAllLines(
            Path.Join(data.Path, RetainedMessages.FileName),
            Enumerable.Range(0, RetainedMessages.MaxCount).Select(static i => $"{Convert.ToBase64String(Encoding.ASCII.GetBytes($"t/{i}"))} 1 eA=="));
        await using TestGateway gateway = await TestGateway.StartAsync(data: data.Path);
        await using Subscriber subscriber = await Subscriber.AttachAsync(gateway.Broker, "t/#");

        HashSet<string> heard = [];
        while (heard.Count < RetainedMessages.MaxCount)
        {
            Assert.True(heard.Add((await subscriber.NextHeardAsync()).Topic));
        }
    }

    // MQTT 3.9.3: the codes have the order of the filters.
    [Fact]
    public async Task SubscriptionsAreAnsweredInTheirOrder()
    {
        byte[] subscribe = [0x82, 18, 0, 1, 0, 1, (byte)'a', 0, 0, 1, (byte)'b', 2, 0, 1, (byte)'c', 1, 0, 1, (byte)'d', 0];
        await using TestGateway gateway = await TestGateway.StartAsync();
        using RawPeer peer = await RawPeer.AttachAsync(gateway);

        await peer.SendAsync((byte[])[.. RawPeer.Connect, .. subscribe]);

        Assert.Equal("20020000", Convert.ToHexString(await peer.NextFrameAsync()));
        Assert.Equal("9006000100020100", Convert.ToHexString(await peer.NextFrameAsync()));
    }

    [Fact]
    public async Task SubscriptionsOfASessionAreBounded()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        using IMqttClient client = await ConnectAsync(gateway.Broker);
        MqttClientSubscribeOptionsBuilder all = new();
        for (int i = 0; i < SubscriptionLimits.MaxCount; i++)
        {
            all.WithTopicFilter($"t/{i}");
        }

        MqttClientSubscribeResult filled = await client.SubscribeAsync(all.Build()).InTime();
        Assert.All(filled.Items, static item => Assert.Equal(MqttClientSubscribeResultCode.GrantedQoS0, item.ResultCode));

        Assert.Equal(MqttClientSubscribeResultCode.QuotaExceeded, await SubscribeAsync(client, "more"));
        Assert.Equal(MqttClientSubscribeResultCode.GrantedQoS0, await SubscribeAsync(client, "t/7"));
        await client.UnsubscribeAsync("t/7").InTime();
        Assert.Equal(MqttClientSubscribeResultCode.GrantedQoS0, await SubscribeAsync(client, "more"));
        Assert.Equal(MqttClientSubscribeResultCode.QuotaExceeded, await SubscribeAsync(client, "t/7"));
        Assert.Equal(2, (await Metrics.ReadAsync(gateway.Address))["rpigateway_refused_total{\"reason\": \"quota_exceeded\"}"]);
        using IMqttClient other = await ConnectAsync(gateway.Broker);
        Assert.Equal(MqttClientSubscribeResultCode.GrantedQoS0, await SubscribeAsync(other, "t/7"));
    }

    [Fact]
    public async Task LongTopicFiltersAreRefused()
    {
        // Two bytes of UTF-8 each.
        string longest = new('é', SubscriptionLimits.MaxFilterLength / 2);
        await using TestGateway gateway = await TestGateway.StartAsync();
        using IMqttClient client = await ConnectAsync(gateway.Broker);
        Assert.Equal(MqttClientSubscribeResultCode.GrantedQoS0, await SubscribeAsync(client, longest));
        Assert.Equal(MqttClientSubscribeResultCode.TopicFilterInvalid, await SubscribeAsync(client, longest + "x"));

        // MQTT 3.1.1 has one code for all refusals.
        const int Length = SubscriptionLimits.MaxFilterLength + 1;
        using RawPeer peer = await RawPeer.AttachAsync(gateway);
        await peer.SendAsync((byte[])[
            .. RawPeer.Connect, 0x82, ((Length + 5) & 0x7F) | 0x80, (Length + 5) >> 7, 0, 1, Length >> 8, Length & 0xFF, .. Encoding.ASCII.GetBytes(new string('x', Length)), 0]);
        Assert.Equal("20020000", Convert.ToHexString(await peer.NextFrameAsync()));
        Assert.Equal("9003000180", Convert.ToHexString(await peer.NextFrameAsync()));
        Assert.Equal(2, (await Metrics.ReadAsync(gateway.Address))["rpigateway_refused_total{\"reason\": \"quota_exceeded\"}"]);
    }

    // At QoS 0 nothing tells the sender, so subscribers hear it; by MQTT 3.1.1 only the end of the connection can tell.
    [Fact]
    public async Task WhatCannotBeRetainedAtQos0IsPassedOnAndByMqtt3EndsTheConnection()
    {
        byte[] retained = [0x33, 35, 0, 1, (byte)'t', 0, 2, .. "thirty bytes that are retained"u8];
        await using TestGateway gateway = await TestGateway.StartAsync();
        using IMqttClient client = await ConnectAsync(gateway.Broker);
        await FillAsync(client, "large", 250_000);
        await FillAsync(client, "middle", 10_000);
        await using Subscriber subscriber = await Subscriber.AttachAsync(gateway.Broker, "large/0");
        Assert.Equal(250_000, (await subscriber.NextHeardAsync()).Text.Length);
        await RetainAsync(client, "large/0", 261_000, MqttQualityOfServiceLevel.AtMostOnce);
        Assert.Equal(261_000, (await subscriber.NextHeardAsync()).Text.Length);

        // Nor is what it was to replace, which is no longer so.
        await using Subscriber later = await Subscriber.AttachAsync(gateway.Broker, "large/0");
        await subscriber.PublishAsync(new MqttApplicationMessage { Topic = "large/0", Payload = new("now"u8.ToArray()) });
        Assert.Equal("now", (await later.NextHeardAsync()).Text);

        await FillAsync(client, "large", 250_000);
        await FillAsync(client, "middle", 10_000);
        await FillAsync(client, "small", 10);
        using RawPeer peer = await RawPeer.AttachAsync(gateway);
        await peer.SendAsync((byte[])[.. RawPeer.Connect, .. retained]);
        Assert.Equal("20020000", Convert.ToHexString(await peer.NextFrameAsync()));
        Assert.NotNull(await peer.CloseStatusAsync());
    }

    [Fact]
    public async Task BrokenFileOfRetainedMessagesStopsNothingAndIsSetAside()
    {
        string broken = $"nonsense\ndA== 1 eA==\nbGFyZ2U= 1 {Convert.ToBase64String(new byte[200_000])}\n";
        using TempDirectory data = new();
        File.WriteAllText(Path.Join(data.Path, RetainedMessages.FileName), broken);

        await using TestGateway gateway = await TestGateway.StartAsync(data: data.Path);
        await using Subscriber subscriber = await Subscriber.AttachAsync(gateway.Broker, "t");

        Assert.Equal("x", (await subscriber.NextHeardAsync()).Text);
        Assert.Equal(broken, File.ReadAllText(Assert.Single(Directory.GetFiles(data.Path, RetainedMessages.FileName + ".corrupt-*"))));
        Assert.InRange((await Metrics.ReadAsync(gateway.Address))["rpigateway_disk_written_bytes_total"], 200_000, double.MaxValue);
    }

    private static async Task<IMqttClient> ConnectAsync(Uri broker)
    {
        IMqttClient client = new MqttClientFactory().CreateMqttClient();
        await client.ConnectAsync(
            new MqttClientOptionsBuilder().WithWebSocketServer(server => server.WithUri(broker.AbsoluteUri))
                .WithProtocolVersion(MQTTnet.Formatter.MqttProtocolVersion.V500).Build()).InTime();
        return client;
    }

    private static async Task<MqttClientPublishReasonCode> RetainAsync(
        IMqttClient client, string topic, int size, MqttQualityOfServiceLevel level = MqttQualityOfServiceLevel.AtLeastOnce) => (await client.PublishAsync(
        new MqttApplicationMessage
        {
            Topic = topic,
            Payload = new(Encoding.ASCII.GetBytes(new string('x', size))),
            Retain = true,
            QualityOfServiceLevel = level,
        }).InTime()).ReasonCode;

    // Until there is no room for one more of that size.
    private static async Task FillAsync(IMqttClient client, string topic, int size)
    {
        for (int i = 0; await RetainAsync(client, $"{topic}/{i}", size) == MqttClientPublishReasonCode.NoMatchingSubscribers; i++)
        {
            Assert.True(i < 1000);
        }
    }

    private static async Task<MqttClientSubscribeResultCode> SubscribeAsync(IMqttClient client, string filter) =>
        Assert.Single((await client.SubscribeAsync(new MqttClientSubscribeOptionsBuilder().WithTopicFilter(filter).Build()).InTime()).Items).ResultCode;
}
