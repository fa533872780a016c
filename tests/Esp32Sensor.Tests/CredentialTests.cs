using System;
using System.Linq;
using Esp32Sensor.Node;
using static Esp32Sensor.Tests.NodeRun;

namespace Esp32Sensor.Tests;

/// <summary>The node shows who it is, and what it does where the gateway turns it away.</summary>
public sealed class CredentialTests
{
    private const int MaxBackoff = 60_000;

    private readonly TestBoard _board = new();

    private TestGateway Gateway => _board.Gateway;

    [Theory]
    [InlineData("open sesame")]
    [InlineData("x\r\nHost: elsewhere")]
    public void A_node_is_not_made_with_a_secret_of_another_form(string secret)
    {
        ArgumentException e = Assert.Throws<ArgumentException>(() => Make(secret));

        Assert.Equal("Secret is not nothing, or 1 to 128 visible ASCII characters.", e.Message);
    }

    [Fact]
    public void The_secret_goes_with_the_id_in_each_request_and_into_no_log()
    {
        // RFC 7617 §2's own example.
        Gateway.Authorization = "Basic QWxhZGRpbjpvcGVuc2VzYW1l";
        SensorNode node = Make("opensesame");
        node.RunFor(_board, 3 * Interval);
        _board.Link!.Server.Close();
        node.RunUntilAcknowledged(_board, 5 * Interval);
        Gateway.Authorization = "another";
        _board.Link!.Server.Close();
        node.RunFor(_board, 10 * Interval);

        Assert.Equal(Enumerable.Range(1, Gateway.Received.Count), Gateway.Received);
        AssertNoFaults(_board);
        Assert.InRange(_board.Connects, 3, 20);
        Assert.All(_board.Lines, line => Assert.DoesNotContain("sesame", line, StringComparison.OrdinalIgnoreCase));
        Assert.All(_board.Lines, line => Assert.DoesNotContain("QWxhZ", line, StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("", "No connection: the gateway answered 401: it does not take a sensor without a secret. Next attempt in ")]
    [InlineData("wrong", "No connection: the gateway answered 401: it does not take this id with this secret. Next attempt in ")]
    public void A_refused_secret_is_told_and_tried_again_at_the_slowest_pace(string secret, string told)
    {
        Gateway.Authorization = "Basic QWxhZGRpbjpvcGVuc2VzYW1l";
        SensorNode node = Make(secret);

        node.RunFor(_board, 3_600_000);

        Assert.All(_board.Lines, line => Assert.StartsWith(told, line, StringComparison.Ordinal));

        // Waits are even from 0 to a minute: half a minute on average, from the first.
        Assert.InRange(_board.Connects, 3_600_000 / MaxBackoff, 3 * 3_600_000 / MaxBackoff);
        Assert.Equal(361, node.Ring.Count);

        Gateway.Authorization = null;
        node.RunUntilAcknowledged(_board, 10 * Interval);
        AssertAllArrived(_board, "");
    }

    [Fact]
    public void From_the_first_refusal_on_waits_are_the_longest()
    {
        int[] waits = [.. Enumerable.Range(0, 20).Select(seed =>
        {
            TestBoard board = new();
            board.Gateway.Authorization = "another";
            new SensorNode(new NodeSettings { MaxBackoff = MaxBackoff }, board, new Random(seed)).RunFor(board, 0);
            return WaitIn(board.Lines[0]);
        })];

        Assert.All(waits, wait => Assert.InRange(wait, 0, MaxBackoff));
        Assert.InRange(waits.Max(), MaxBackoff / 2, MaxBackoff);
    }

    [Theory]
    [InlineData("429 Too Many Requests", "300", 300_000)]
    [InlineData("503 Service Unavailable", "300", 300_000)]
    [InlineData("401 Unauthorized", "300", 300_000)]
    [InlineData("429 Too Many Requests", "86400", Uplink.LongestRetryAfter)]
    [InlineData("429 Too Many Requests", "0", 0)]
    [InlineData("429 Too Many Requests", "-5", 0)]
    [InlineData("429 Too Many Requests", "soon", 0)]
    [InlineData("429 Too Many Requests", "Wed, 21 Oct 2026 07:28:00 GMT", 0)]
    public void The_wait_that_the_gateway_asks_for_is_kept(string status, string retryAfter, int asked)
    {
        Gateway.HttpAnswer = $"HTTP/1.1 {status}\r\nRetry-After: {retryAfter}\r\n\r\n";
        SensorNode node = Make("opensesame");
        node.RunFor(_board, 0);
        Assert.Equal(1, _board.Connects);

        string line = Assert.Single(_board.Lines);
        int wait = WaitIn(line);
        Assert.InRange(wait, asked, asked + MaxBackoff);
        Assert.Contains(status[..3], line, StringComparison.Ordinal);
        if (wait > 0)
        {
            node.RunFor(_board, wait - 1);
            Assert.Equal(1, _board.Connects);
        }

        Gateway.HttpAnswer = null;
        node.RunUntilAcknowledged(_board, Interval);
        Assert.Equal(2, _board.Connects);
        AssertAllArrived(_board, "");
    }

    private static int WaitIn(string line) => int.Parse(line[(line.IndexOf(" in ", StringComparison.Ordinal) + 4)..].Split(' ')[0], null);

    private SensorNode Make(string secret) =>
        new(new NodeSettings { Id = "Aladdin", Secret = secret, Gateway = "wss://gateway", Interval = Interval, MaxBackoff = MaxBackoff }, _board, new Random(1));
}
