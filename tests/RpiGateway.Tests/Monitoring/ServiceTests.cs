using System;
using System.Collections.Generic;
using System.IO;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging.Abstractions;

namespace RpiGateway.Tests;

/// <summary>The gateway as a service of systemd: what it tells the service manager, and its unit file.</summary>
public sealed class ServiceTests
{
    [Fact]
    public async Task ServiceManagerHearsThatItIsReadyAndAliveAndStopping()
    {
        using TempDirectory directory = new();
        string path = Path.Join(directory.Path, "notify");
        using Socket manager = Listen(path);
        await using Tool gateway = Tool.Start(
            "env",
            [$"NOTIFY_SOCKET={path}", "WATCHDOG_USEC=600000", "dotnet", Path.Join(AppContext.BaseDirectory, "RpiGateway.dll"), "--urls", "http://127.0.0.1:0",
                "--DataDirectory", Path.Join(directory.Path, "data")]);

        await HearAsync(manager, "READY=1");
        await HearAsync(manager, "WATCHDOG=1");
        await HearAsync(manager, "WATCHDOG=1");
        await gateway.SignalAsync("TERM");
        await HearAsync(manager, "STOPPING=1");

        Assert.Equal(0, (await gateway.ExitAsync()).Code);
    }

    [Fact]
    public async Task WatchdogIsNotFedWhileWorkHangs()
    {
        using TempDirectory directory = new();
        string path = Path.Join(directory.Path, "notify");
        using Socket manager = Listen(path);
        Liveness liveness = new();
        Liveness.Work work = liveness.Watch("writing", TimeSpan.Zero);
        using CancellationTokenSource stop = new();
        ServiceManager service = new(path, "30000", NullLogger.Instance);
        Liveness.Work.Scope hanging = work.Begin();
        Task feeding = service.FeedWatchdogAsync(liveness, stop.Token);
        await Task.Delay(100);
        Assert.Equal(0, manager.Available);

        hanging.Dispose();

        await HearAsync(manager, "WATCHDOG=1");
        await stop.CancelAsync();
        await feeding.InTime();
    }

    [Fact]
    public async Task NobodyIsToldWhereNobodyListens()
    {
        using TempDirectory directory = new();
        new ServiceManager(null, "1000", NullLogger.Instance).TellReady();
        new ServiceManager(Path.Join(directory.Path, "nobody"), null, NullLogger.Instance).TellReady();
        await new ServiceManager("", "1000", NullLogger.Instance).FeedWatchdogAsync(new Liveness(), CancellationToken.None).InTime();
        await new ServiceManager("@nobody-is-here", "x", NullLogger.Instance).FeedWatchdogAsync(new Liveness(), CancellationToken.None).InTime();
    }

    [Fact]
    public async Task SystemdHasNothingToSayAboutTheUnitFile()
    {
        string verifier = Tool.Find("systemd-analyze");
        using TempDirectory directory = new();
        string unit = Path.Join(directory.Path, "rpigateway.service");
        string text = await File.ReadAllTextAsync(Path.Join(AppContext.BaseDirectory, "rpigateway.service"));
        Assert.Contains("ExecStart=/opt/rpigateway/RpiGateway ", text);

        // What it starts must be there.
        await File.WriteAllTextAsync(unit, text.Replace("/opt/rpigateway/RpiGateway", "/bin/true", StringComparison.Ordinal));
        await using Tool verify = Tool.Start(verifier, ["verify", unit]);

        (int code, List<string> output, List<string> errors) = await verify.ExitAsync();

        Assert.DoesNotContain(errors, static line => line.Contains("rpigateway", StringComparison.Ordinal));
        Assert.Empty(output);
        Assert.Equal(0, code);
    }

    private static Socket Listen(string path)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        return socket;
    }

    // The next that is told must be that, other than further signs of life.
    private static async Task HearAsync(Socket manager, string state)
    {
        byte[] buffer = new byte[100];
        string heard;
        do
        {
            heard = Encoding.ASCII.GetString(buffer, 0, await manager.ReceiveAsync(buffer).InTime());
        }
        while (heard == "WATCHDOG=1" && heard != state);

        Assert.Equal(state, heard);
    }
}
