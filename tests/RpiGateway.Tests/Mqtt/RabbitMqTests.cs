using System.Threading.Tasks;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace RpiGateway.Tests;

/// <summary>RabbitMQ behind the gateway: MQTT 3.1.1 over WebSocket with a password.</summary>
public sealed class RabbitMqTests(RabbitMq rabbit) : IClassFixture<RabbitMq>
{
    [Fact]
    public async Task ReadingsCommandsAndResultsPassThroughIt()
    {
        const int Readings = 500;
        RabbitMq.Require();
        await using TestGateway gateway = await TestGateway.StartAsync(brokers: new BrokerSettings { Urls = [rabbit.Url], User = "guest", Password = "guest" });
        await using Subscriber readings = await Subscriber.AttachAsync(rabbit.Url, version: MqttProtocolVersion.V311, user: "guest", password: "guest");
        await using Subscriber results = await Subscriber.AttachAsync(
            rabbit.Url, "sensors/+/result", MqttProtocolVersion.V311, user: "guest", password: "guest");
        using TelemetrySensor sensor = await TelemetrySensor.GreetAsync(gateway, "x-1_Y");

        for (int i = 1; i <= Readings; i++)
        {
            await sensor.SendAsync($"R {i} {i}");
        }

        await sensor.AcknowledgedAsync(Readings);
        for (int i = 1; i <= Readings; i++)
        {
            Subscriber.Heard heard = await readings.NextHeardAsync();
            Assert.Equal(("sensors/x-1_Y/telemetry", $"{i}"), (heard.Topic, heard.Text));
        }

        // The gateway may subscribe after the first command.
        Task<string> command = sensor.NextAsync();
        while (!command.IsCompleted)
        {
            await results.PublishAsync(
                new MqttApplicationMessageBuilder().WithTopic("sensors/x-1_Y/command").WithPayload("identify")
                    .WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce).Build());
            await Task.WhenAny(command, Task.Delay(500));
        }

        Assert.Equal("C 1 identify", await command);
        await sensor.SendAsync("C 1 ok");
        Assert.Equal("ok", (await results.NextHeardAsync()).Text);
    }
}
