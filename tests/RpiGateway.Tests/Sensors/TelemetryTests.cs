using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.WebSockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Esp32Sensor.Node;

namespace RpiGateway.Tests;

/// <summary>The telemetry subprotocol, as docs/telemetry.md says, from the sensor's side and from MQTT's.</summary>
public sealed class TelemetryTests
{
    [Fact]
    public async Task TheDocumentedConversationIsHeld()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        TelemetrySensor sensor = await TelemetrySensor.ConnectAsync(gateway);
        int lines = 0;
        foreach (string line in Conversation())
        {
            lines++;
            string text = line[9..];
            if (line.StartsWith("---", StringComparison.Ordinal))
            {
                // The reading under way is taken before the connection is.
                await sensor.AcknowledgedAsync(3);
                sensor.Dispose();
                sensor = await TelemetrySensor.ConnectAsync(gateway);
            }
            else if (line.StartsWith("sensor: ", StringComparison.Ordinal))
            {
                await sensor.SendAsync(text);
            }
            else
            {
                string[] expected = text.Split(' ');
                string[] said = (await sensor.NextAsync()).Split(' ');
                if (said[0] == "H")
                {
                    Assert.InRange(long.Parse(said[1]), DateTimeOffset.UtcNow.AddMinutes(-5).ToUnixTimeMilliseconds(), DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
                    said[1] = expected[1];
                }

                Assert.Equal(expected, said);
            }
        }

        sensor.Dispose();
        Assert.Equal(11, lines);
    }

    [Fact]
    public async Task ReadingHasItsIdInUserPropertiesAndItsBytesInThePayload()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        await using Subscriber subscriber = await Subscriber.AttachAsync(gateway.Broker);
        using TelemetrySensor sensor = await TelemetrySensor.GreetAsync(gateway, "A_b-9", TelemetryMessage.MaxNumber);
        Assert.Equal(0, sensor.Acknowledged);

        await sensor.SendAsync("R 5 {\"t\": 21.5, \"grün\": true}");
        await sensor.SendAsync([.. "R 7 "u8, 0x00, 0xFF, 0x80]);
        await sensor.SendAsync("R 9007199254740991 ");
        await sensor.AcknowledgedAsync(TelemetryMessage.MaxNumber);

        Subscriber.Heard text = await subscriber.NextHeardAsync();
        Assert.Equal("sensors/A_b-9/telemetry", text.Topic);
        Assert.Equal("{\"t\": 21.5, \"grün\": true}", text.Text);
        Assert.Equal("device=A_b-9 boot=9007199254740991 seq=5", text.UserProperties);
        Subscriber.Heard binary = await subscriber.NextHeardAsync();
        Assert.Equal([0x00, 0xFF, 0x80], binary.Payload);
        Assert.Equal("device=A_b-9 boot=9007199254740991 seq=7", binary.UserProperties);
        Assert.Equal("device=A_b-9 boot=9007199254740991 seq=9007199254740991", (await subscriber.NextHeardAsync()).UserProperties);
    }

    [Fact]
    public async Task WhatCameBeforeIsDroppedAndAcknowledgedAgain()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        await using Subscriber subscriber = await Subscriber.AttachAsync(gateway.Broker);
        using TelemetrySensor first = await TelemetrySensor.GreetAsync(gateway);
        await first.SendAsync("R 1 a");
        await first.SendAsync("R 2 b");
        await first.AcknowledgedAsync(2);
        await first.SendAsync("R 2 b");
        Assert.Equal("A 2", await first.NextAsync());
        first.Dispose();

        using TelemetrySensor second = await TelemetrySensor.GreetAsync(gateway);
        Assert.Equal(2, second.Acknowledged);
        await second.SendAsync("R 1 a");
        Assert.Equal("A 2", await second.NextAsync());
        await second.SendAsync("R 3 c");
        await second.AcknowledgedAsync(3);
        second.Dispose();

        // Another boot, and another sensor, have numbers of their own.
        foreach ((string id, long boot) in ((string, long)[])[("x", 78L), ("y", 77L)])
        {
            using TelemetrySensor other = await TelemetrySensor.GreetAsync(gateway, id, boot);
            Assert.Equal(0, other.Acknowledged);
            await other.SendAsync("R 1 d");
            await other.AcknowledgedAsync(1);
        }

        List<string> heard = [];
        for (int i = 0; i < 5; i++)
        {
            heard.Add((await subscriber.NextHeardAsync()).UserProperties);
        }

        Assert.Equal(
            ["device=x boot=77 seq=1", "device=x boot=77 seq=2", "device=x boot=77 seq=3", "device=x boot=78 seq=1", "device=y boot=77 seq=1"], heard);
    }

    [Theory]
    [InlineData("hello")]
    [InlineData("H")]
    [InlineData("H 0")]
    [InlineData("H -1")]
    [InlineData("H x")]
    [InlineData("R 1 x")]
    [InlineData("A 1")]
    [InlineData("C 1 ok")]
    [InlineData("{\"t\":21.5}")]
    public async Task FirstMessageMustBeAHello(string message)
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        using TelemetrySensor sensor = await TelemetrySensor.ConnectAsync(gateway);

        await sensor.SendAsync(message);

        Assert.Equal("closed 1008", await sensor.NextAsync());
    }

    [Theory]
    [InlineData("H 77")]
    [InlineData("A 1")]
    [InlineData("R x y")]
    [InlineData("R  1 y")]
    [InlineData("R 01 y")]
    [InlineData("R 9007199254740992 y")]
    [InlineData("C ok")]
    [InlineData("")]
    public async Task MessageAgainstTheRulesIsRefused(string message)
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        using TelemetrySensor sensor = await TelemetrySensor.GreetAsync(gateway);

        await sensor.SendAsync(message);

        Assert.Equal("closed 1008", await sensor.NextAsync());
    }

    [Fact]
    public async Task MessageOfALaterVersionIsPassedOver()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        using TelemetrySensor sensor = await TelemetrySensor.GreetAsync(gateway);

        await sensor.SendAsync("X 1 2 3");
        await sensor.SendAsync("later");
        await sensor.SendAsync("C 99 ok");
        await sensor.SendAsync("R 1 a");

        await sensor.AcknowledgedAsync(1);
    }

    [Fact]
    public async Task LargestReadingIsTakenAndALargerOneRefused()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        await using Subscriber subscriber = await Subscriber.AttachAsync(gateway.Broker);
        using TelemetrySensor sensor = await TelemetrySensor.GreetAsync(gateway);

        await sensor.SendAsync("R 1234567890123456 " + new string('x', PlainConnection.MaxReadingSize));
        await sensor.AcknowledgedAsync(1234567890123456);
        Assert.Equal(PlainConnection.MaxReadingSize, (await subscriber.NextAsync()).Payload.Length);

        await sensor.SendAsync("R 1234567890123457 " + new string('x', PlainConnection.MaxReadingSize + 1));
        Assert.Equal("closed 1009", await sensor.NextAsync());
    }

    [Fact]
    public async Task ManyReadingsBehindEachOtherAreAcknowledgedInOrder()
    {
        const int Readings = 1000;
        await using TestGateway gateway = await TestGateway.StartAsync();
        await using Subscriber subscriber = await Subscriber.AttachAsync(gateway.Broker);
        using TelemetrySensor sensor = await TelemetrySensor.GreetAsync(gateway);

        // More than the window: the gateway reads as fast as it publishes.
        Task sending = SendAsync();
        await sensor.AcknowledgedAsync(Readings);
        await sending;

        for (int i = 1; i <= Readings; i++)
        {
            Assert.Equal($"{i}", (await subscriber.NextHeardAsync()).Text);
        }

        sensor.Dispose();

        async Task SendAsync()
        {
            for (int i = 1; i <= Readings; i++)
            {
                await sensor.SendAsync($"R {i} {i}");
            }
        }
    }

    [Fact]
    public async Task WhileTheBrokerIsAwayReadingsAreAcknowledgedAllTheSame()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(Mosquitto.NowhereUrl());
        using TelemetrySensor older = await TelemetrySensor.GreetAsync(gateway);
        await older.SendAsync("R 1 x");
        await older.SendAsync("R 2 x");
        await older.AcknowledgedAsync(2);

        using TelemetrySensor newer = await TelemetrySensor.GreetAsync(gateway);

        Assert.Equal(2, newer.Acknowledged);
        Assert.Equal("closed 1008", await older.NextAsync());
    }

    [Fact]
    public async Task StopAcknowledgesWhatItHasTakenAndClosesWith1001()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        using TelemetrySensor sensor = await TelemetrySensor.GreetAsync(gateway);
        await sensor.SendAsync("R 1 x");
        await sensor.AcknowledgedAsync(1);

        Task stop = gateway.StopAsync();

        Assert.Equal("closed 1001", await sensor.NextAsync());
        await sensor.CloseAsync();
        await stop;
    }

    [Theory]
    [InlineData(null)]
    [InlineData("chat")]
    public async Task SensorThatOffersNoneOrAnotherSubprotocolIsPlain(string? subprotocol)
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        await using Subscriber subscriber = await Subscriber.AttachAsync(gateway.Broker);
        using ClientWebSocket sensor = new();
        if (subprotocol is not null)
        {
            sensor.Options.AddSubProtocol(subprotocol);
        }

        await sensor.ConnectAsync(gateway.Sensor("x"), CancellationToken.None).InTime();
        await sensor.SendAsync("R 1 a reading"u8.ToArray(), WebSocketMessageType.Text, true, CancellationToken.None);

        Assert.Null(sensor.SubProtocol);
        Subscriber.Heard heard = await subscriber.NextHeardAsync();
        Assert.Equal("R 1 a reading", heard.Text);
        Assert.Matches("^device=x boot=[1-9][0-9]* seq=1$", heard.UserProperties);
    }

    [Fact]
    public async Task ReadingTheBrokerCanNeverTakeDoesNotHoldUpTheOthers()
    {
        await using Mosquitto mosquitto = await Mosquitto.StartNewAsync("max_packet_size 1000");
        await using TestGateway gateway = await TestGateway.StartAsync(mosquitto.Url);
        await using Subscriber subscriber = await Subscriber.AttachAsync(mosquitto.Url);
        using TelemetrySensor sensor = await TelemetrySensor.GreetAsync(gateway);

        await sensor.SendAsync("R 1 " + new string('x', 1000));
        await sensor.SendAsync("R 2 small");
        await sensor.AcknowledgedAsync(2);

        Assert.Equal("small", (await subscriber.NextHeardAsync()).Text);
    }

    // The lines of the example.
    private static IEnumerable<string> Conversation()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (!File.Exists(Path.Join(folder!.FullName, "Ws.Micro.sln")))
        {
            folder = folder.Parent;
        }

        return File.ReadLines(Path.Join(folder.FullName, "docs", "telemetry.md"))
            .SkipWhile(static line => line != "```conversation").Skip(1).TakeWhile(static line => line != "```");
    }
}
