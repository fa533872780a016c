using System;
using System.IO.Pipelines;
using System.Linq;
using System.Net;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging.Abstractions;

namespace RpiGateway.Tests;

/// <summary>A client that asks and asks, and takes no answer.</summary>
public sealed class AnswerGuardTests
{
    private const int BufferSize = 4096;

    [Fact]
    public async Task ClientThatTakesNoAnswersIsNotReadUntilItDoes()
    {
        const int AtOnce = 512;
        const int Most = 20 * AnswerGuard.MaxWaiting;
        byte[] pings = [.. Enumerable.Repeat((byte[])[0xC0, 0], AtOnce).SelectMany(static ping => ping)];
        using TempDirectory data = new();
        using GatewayMetrics metrics = new();
        using AccessControl access = AccessControl.Create(new GatewaySettings { DataDirectory = data.Path }, metrics, NullLogger.Instance);
        using EmbeddedBroker broker = new(data.Path, access, metrics, NullLogger.Instance);
        await broker.StartAsync();
        PipeOptions small = new(pauseWriterThreshold: BufferSize, resumeWriterThreshold: BufferSize / 2);
        Pipe toBroker = new(small);
        Pipe toClient = new(small);
        IPEndPoint address = new(IPAddress.Loopback, 1);
        using MqttStreamChannel channel = new(
            new Duplex(toBroker.Reader, toClient.Writer), address, static () => { }, new MessagePace(1_000_000, TimeProvider.System), access.Refusals, NullLogger.Instance);
        Task serving = broker.ServeAsync(channel, new MqttPeer(address.Address, address.Port, true, null));
        await toBroker.Writer.WriteAsync(RawPeer.Connect);

        // Until what was sent is not read.
        int sent = 0;
        Task<FlushResult> sending;
        do
        {
            sending = toBroker.Writer.WriteAsync(pings).AsTask();
            sent += AtOnce;
            await Task.WhenAny(sending, Task.Delay(2000));
        }
        while (sending.IsCompleted && sent < Most);
        Assert.InRange(sent, AnswerGuard.MaxWaiting, Most - 1);

        // CONNACK has 4 bytes, each answer 2.
        int expected = 4 + (2 * sent);
        while (expected > 0)
        {
            ReadResult answers = await toClient.Reader.ReadAsync().AsTask().InTime();
            expected -= (int)answers.Buffer.Length;
            toClient.Reader.AdvanceTo(answers.Buffer.End);
        }

        Assert.Equal(0, expected);
        await sending.InTime();
        await toBroker.Writer.CompleteAsync();
        await serving.InTime();
        await broker.StopAsync();
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
