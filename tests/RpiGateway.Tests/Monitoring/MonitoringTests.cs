using System;
using System.Net;
using System.Net.Http;
using System.Net.WebSockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace RpiGateway.Tests;

/// <summary>What the gateway looks like from outside: /metrics, /healthz and /readyz.</summary>
public sealed class MonitoringTests
{
    [Fact]
    public async Task MetricsCountWhatSensorsSend()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        await using Subscriber subscriber = await Subscriber.AttachAsync(gateway.Broker);
        using TelemetrySensor sensor = await TelemetrySensor.GreetAsync(gateway);
        using ClientWebSocket plain = await gateway.ConnectSensorAsync("plain");
        await sensor.SendAsync("R 1 reading");
        await sensor.AcknowledgedAsync(1);
        await plain.SendAsync("reading"u8.ToArray(), WebSocketMessageType.Text, true, CancellationToken.None).InTime();

        Metrics metrics = await Metrics.ReadUntilAsync(gateway.Address, static metrics => metrics["rpigateway_readings_published_total"] == 2);

        Assert.Equal(2, metrics["rpigateway_readings_received_total"]);
        Assert.Equal("counter", metrics.TypeOf("rpigateway_readings_received_total"));
        Assert.Equal(0, metrics["rpigateway_readings_duplicates_total"]);
        Assert.Equal(0, metrics["""rpigateway_readings_dropped_total{"reason": "too_large"}"""]);
        Assert.Equal(1, metrics["""rpigateway_connections{"kind": "telemetry"}"""]);
        Assert.Equal(1, metrics["""rpigateway_connections{"kind": "plain"}"""]);

        // The subscriber's; the gateway's own are not counted.
        Assert.Equal(1, metrics["""rpigateway_connections{"kind": "mqtt"}"""]);
        Assert.Equal("gauge", metrics.TypeOf("""rpigateway_connections{"kind": "plain"}"""));
        Assert.Equal(1, metrics["rpigateway_broker_attached"]);
        Assert.True(metrics["dotnet_process_memory_working_set_bytes"] > 1_000_000);

        // "H 77", "R 1 reading" and "reading", each in a frame with a header of 2 and a mask of 4.
        Assert.Equal(4 + 11 + 7, metrics["""rpigateway_sensors_messages_bytes_total{"direction": "in"}"""]);
        Assert.Equal(4 + 11 + 7 + (3 * 6), metrics["""rpigateway_sensors_frames_bytes_total{"direction": "in"}"""]);
        Assert.True(metrics["rpigateway_sensors_memory_bytes"] >= 2048);

        await plain.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None).InTime();
        metrics = await Metrics.ReadUntilAsync(gateway.Address, static metrics => metrics["""rpigateway_connections{"kind": "plain"}"""] == 0);
        Assert.True(metrics["""rpigateway_sensors_frames_bytes_total{"direction": "in"}"""] >= 4 + 11 + 7 + (3 * 6));
    }

    [Fact]
    public async Task CompressionShowsInTheMetrics()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        await using Subscriber subscriber = await Subscriber.AttachAsync(gateway.Broker);
        Metrics before = await Metrics.ReadAsync(gateway.Address);
        using ClientWebSocket sensor = new();
        sensor.Options.DangerousDeflateOptions = new WebSocketDeflateOptions();
        await sensor.ConnectAsync(gateway.Sensor("x"), CancellationToken.None).InTime();
        byte[] reading = Encoding.UTF8.GetBytes(new string('x', 10_000));

        await sensor.SendAsync(reading, WebSocketMessageType.Text, true, CancellationToken.None).InTime();

        Metrics metrics = await Metrics.ReadUntilAsync(gateway.Address, static metrics => metrics["rpigateway_readings_published_total"] == 1);
        Assert.Equal(10_000, metrics["""rpigateway_sensors_messages_bytes_total{"direction": "in"}"""]);
        Assert.InRange(metrics["""rpigateway_sensors_frames_bytes_total{"direction": "in"}"""], 10, 1000);
        Assert.Equal(0, before["rpigateway_sensors_memory_bytes"]);
        Assert.True(metrics["rpigateway_sensors_memory_bytes"] > 10_000);
    }

    [Fact]
    public async Task TwoGatewaysOfOneProcessCountEachItsOwn()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        await using TestGateway other = await TestGateway.StartAsync();
        using TelemetrySensor sensor = await TelemetrySensor.GreetAsync(gateway);

        Metrics metrics = await Metrics.ReadAsync(other.Address);

        Assert.Equal(0, metrics["""rpigateway_connections{"kind": "telemetry"}"""]);
    }

    [Fact]
    public async Task GatewayIsReadyWhileItsBrokerIsAttached()
    {
        await using Mosquitto mosquitto = await Mosquitto.StartNewAsync();
        await using TestGateway gateway = await TestGateway.StartAsync(mosquitto.Url);
        Assert.Equal((HttpStatusCode.OK, "ok\n"), await AnswerAsync(gateway, "/readyz", until: HttpStatusCode.OK));

        await mosquitto.StopAsync();

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "the broker is not attached\n"), await AnswerAsync(gateway, "/readyz", until: HttpStatusCode.ServiceUnavailable));
        Assert.Equal((HttpStatusCode.OK, "ok\n"), await AnswerAsync(gateway, "/healthz"));
        Assert.Equal(0, (await Metrics.ReadAsync(gateway.Address))["rpigateway_broker_attached"]);

        await mosquitto.StartAsync();
        Assert.Equal((HttpStatusCode.OK, "ok\n"), await AnswerAsync(gateway, "/readyz", until: HttpStatusCode.OK));
    }

    [Fact]
    public void WorkThatTakesTooLongIsAFault()
    {
        Liveness liveness = new();
        Liveness.Work quick = liveness.Watch("quick", TimeSpan.FromHours(1));
        Liveness.Work slow = liveness.Watch("writing the log", TimeSpan.Zero);
        using (quick.Begin())
        {
            Assert.Null(liveness.FindFault());
        }

        using (slow.Begin())
        {
            SpinWait.SpinUntil(() => liveness.FindFault() is not null, Deadline.Limit);
            Assert.StartsWith("writing the log has taken ", liveness.FindFault());
        }

        Assert.Null(liveness.FindFault());
    }

    private static async Task<(HttpStatusCode Status, string Text)> AnswerAsync(TestGateway gateway, string path, HttpStatusCode? until = null)
    {
        using HttpClient client = new();
        using CancellationTokenSource deadline = new(Deadline.Limit);
        while (true)
        {
            using HttpResponseMessage response = await client.GetAsync(new UriBuilder(gateway.Address) { Scheme = "http", Path = path }.Uri, deadline.Token);
            if (until is null || response.StatusCode == until)
            {
                return (response.StatusCode, await response.Content.ReadAsStringAsync(deadline.Token));
            }

            await Task.Delay(50, deadline.Token);
        }
    }
}
