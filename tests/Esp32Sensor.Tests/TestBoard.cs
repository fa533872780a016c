using System;
using System.Collections.Generic;
using Esp32Sensor.Node;
using Ws.Micro.Net;

namespace Esp32Sensor.Tests;

/// <summary>A board whose clock stands until the test moves it, connected to a gateway in memory by links that may fail.</summary>
internal sealed class TestBoard : NodeBoard
{
    private readonly WebSocketClientOptions _options = new() { KeepAliveInterval = 0 };
    private int _calls;

    public long Now { get; set; } = 1_000_000;

    public long WallClock { get; set; } = 1_767_225_600_000;

    public TestGateway Gateway { get; } = new();

    public Link? Link { get; private set; }

    public bool IsGatewayAway { get; set; }

    /// <summary>Which of the client's connects, reads and writes fails, counted from 1 over all connections; 0: none.</summary>
    public int FailingCall { get; set; }

    /// <summary>How many bytes pass before the link first breaks; -1: all.</summary>
    public long CutAfter { get; set; } = -1;

    public bool HasFailed { get; private set; }

    public int Measured { get; private set; }

    public int Connects { get; private set; }

    public int Sent { get; private set; }

    public List<string> Lines { get; } = [];

    public override long Milliseconds => Now;

    public override long UnixTime => WallClock;

    public override void Measure(Measurements values)
    {
        Measured++;
        values.Temperature = 2000 + Measured;
    }

    public override WebSocketConnection Connect(string url)
    {
        Connects++;

        // What was under way on the last link arrives before anything on the next.
        Link?.RunServer();
        if (IsGatewayAway || FailsNow())
        {
            throw new WebSocketConnectionException(ConnectionStep.Connect, "refused");
        }

        Link = new Link { BreaksNow = FailsNow };
        if (CutAfter >= 0 && !HasFailed)
        {
            Link.BytesLeft = CutAfter;
            HasFailed = true;
        }

        Gateway.Serve(Link);
        return WebSocketClient.Connect(Link.Client, "gateway", url[url.IndexOf('/', "ws://".Length)..], _options);
    }

    public override void Progress() => Sent++;

    public override void Log(string line) => Lines.Add(line);

    private bool FailsNow()
    {
        bool fails = ++_calls == FailingCall;
        HasFailed |= fails;
        return fails;
    }
}
