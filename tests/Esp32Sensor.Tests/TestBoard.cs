using System;
using System.Collections.Generic;
using System.IO;
using Esp32Sensor.Node;
using Ws.Micro;
using Ws.Micro.Net;

namespace Esp32Sensor.Tests;

/// <summary>
/// A board whose clock stands until the test moves it, connected to a gateway in memory by links that may fail. Storage and gateway can be
/// handed on to the board of the node's next life.
/// </summary>
internal sealed class TestBoard : NodeBoard
{
    public const long Start = 1_790_000_000_000;

    public long Now { get; set; } = 1_000_000;

    /// <summary>What the system clock is ahead of <see cref="Now"/>; null where it was never set.</summary>
    public long? SystemOffset { get; set; } = Start - 1_000_000;

    public TestGateway Gateway { get; init; } = new();

    /// <summary>Null for a board without.</summary>
    public TestStorage? Storage { get; init; }

    public Link? Link { get; private set; }

    public bool IsGatewayAway { get; set; }

    public bool IsNetworkDown { get; set; }

    public bool WakesUp { get; init; }

    /// <summary>What is known of a system clock that was set before the node began.</summary>
    public TimeSource UntoldSource { get; init; } = TimeSource.Sntp;

    /// <summary>Which of the client's connects, reads and writes fails, counted from 1 over all connections; 0: none.</summary>
    public int FailingCall { get; set; }

    /// <summary>How many bytes pass before the link first breaks; -1: all.</summary>
    public long CutAfter { get; set; } = -1;

    public bool HasFailed { get; private set; }

    /// <summary>The client's connects, reads and writes so far.</summary>
    public int Calls { get; private set; }

    public int Measured { get; private set; }

    public int Connects { get; private set; }

    public int Identified { get; private set; }

    public bool IsRestarted { get; private set; }

    /// <summary>For how long the board went to sleep; 0: it did not.</summary>
    public int SleepTime { get; private set; }

    public bool IsShownConnected { get; private set; }

    public List<string> Lines { get; } = [];

    public override long Milliseconds => Now;

    public override long SystemTime => Now + SystemOffset ?? 0;

    public override TimeSource SystemTimeSource => UntoldSource;

    public override bool RaiseNetwork() => !IsNetworkDown;

    public override bool HasSlept => WakesUp;

    public override void SetSystemTime(long unixTime) => SystemOffset = unixTime - Now;

    public override void Measure(Measurements values)
    {
        Measured++;
        values.Temperature = 2000 + Measured;
    }

    public override WebSocketConnection Connect(string url, WebSocketClientOptions options)
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
        options.KeepAliveInterval = 0;
        return WebSocketClient.Connect(Link.Client, "gateway", url[url.IndexOf('/', "wss://".Length)..], options);
    }

    public override void ShowConnected(bool isConnected) => IsShownConnected = isConnected;

    public override Stream? OpenRead(int slot) => Storage?.OpenRead(slot);

    public override Stream? OpenWrite(int slot) => Storage?.OpenWrite(slot);

    public override void Identify() => Identified++;

    public override void Restart() => IsRestarted = true;

    public override void Sleep(int milliseconds) => SleepTime = milliseconds;

    public override void Log(string line) => Lines.Add(line);

    private bool FailsNow()
    {
        bool fails = ++Calls == FailingCall;
        HasFailed |= fails;
        return fails;
    }
}
