using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Pipelines;
using System.Threading;
using System.Threading.Tasks;
using Ws.Micro.EchoPeer;

namespace Ws.Micro.Conformance.Tests;

/// <summary>The command line through which other suites reach the stacks.</summary>
public sealed class EchoPeerTests
{
    [Theory]
    [InlineData("", "serve or drive")]
    [InlineData("listen", "'listen' is not a command")]
    [InlineData("serve --stack device", "needs --port")]
    [InlineData("serve --stack", "--stack has no value")]
    [InlineData("serve --stack lwip --port 0", "'lwip' is not one of device, dotnet, kestrel")]
    [InlineData("serve --stack 0 --port 0", "'0' is not one of device, dotnet, kestrel")]
    [InlineData("serve --stack device --port 65536", "'65536' is not a number from 0 to 65535")]
    [InlineData("serve --stack device --port -1", "'-1' is not a number from 0 to 65535")]
    [InlineData("serve --stack device --port 0 --port 0", "--port is given twice")]
    [InlineData("serve --stack device --port 0 --deflate --deflate", "--deflate is given twice")]
    [InlineData("serve --stack device --port 0 --deflate 15", "'15' is not an option of serve")]
    [InlineData("serve --stack device --deflate", "needs --port")]
    [InlineData("serve --stack device --url ws://127.0.0.1", "'--url' is not an option of serve")]
    [InlineData("drive --stack kestrel --url ws://127.0.0.1 --agent a", "'kestrel' is not one of device, dotnet")]
    [InlineData("drive --stack dotnet --url http://127.0.0.1 --agent a", "'http://127.0.0.1' is not a ws://")]
    public async Task WrongCommandLineIsExplained(string commandLine, string explanation)
    {
        using StringWriter output = new(), error = new();
        int exitCode = await RunAsync(commandLine, output, error, CancellationToken.None);
        Assert.Equal(2, exitCode);
        Assert.Contains(explanation, error.ToString(), StringComparison.Ordinal);
        Assert.Empty(output.ToString());
    }

    [Theory]
    [InlineData("--stack device --port 0", null)]
    [InlineData("--stack dotnet --port 0", null)]
    [InlineData("--stack kestrel --port 0", null)]
    [InlineData("--deflate --stack device --port 0", "12.1.4")]
    [InlineData("--stack dotnet --deflate --port 0", "12.1.4")]
    [InlineData("--stack kestrel --port 0 --deflate", "12.1.4")]
    public async Task ServesUntilStopped(string options, string? deflateCase)
    {
        Pipe pipe = new();
        using StreamReader reader = new(pipe.Reader.AsStream());
        using StreamWriter output = new(pipe.Writer.AsStream());
        using StringWriter error = new();
        using CancellationTokenSource stop = new();
        Task<int> serving = RunAsync("serve " + options, output, error, stop.Token);
        string? line = await reader.ReadLineAsync().WaitAsync(ScriptedPeer.Deadline);
        Assert.StartsWith("listening on ws://127.0.0.1:", line, StringComparison.Ordinal);
        ConformanceCase one = ConformanceCase.Get(deflateCase ?? "1.1.2");
        await using (ScriptedPeer peer = await ScriptedPeer.ConnectAsync(new Uri(line!["listening on ".Length..]).Port, one.Deflate))
        {
            await one.RunAsync(peer);
        }
        await stop.CancelAsync();
        Assert.Equal(0, await serving.WaitAsync(ScriptedPeer.Deadline));
        Assert.Empty(error.ToString());
    }

    [Theory]
    [InlineData("device", "1.2.2")]
    [InlineData("dotnet", "1.2.2")]
    [InlineData("device --deflate", "13.1.4")]
    [InlineData("dotnet --deflate", "13.1.4")]
    public async Task DrivesEveryCaseAndAsksForTheReport(string stack, string firstCase)
    {
        using StringWriter output = new(), error = new();
        using PeerListener listener = new();
        Task<int> driving = RunAsync($"drive --stack {stack} --url {listener.Url} --agent a&b", output, error, CancellationToken.None);

        await PlayAsync(listener, "/getCaseCount", async peer =>
        {
            await peer.SendAsync([Frame.Text("2"), Frame.Close(1000)]);
            await Step.ExpectClose(1000).RunAsync(peer);
            Assert.Equal(PeerEvent.End, await peer.EndAsync());
        });
        await PlayAsync(listener, "/runCase?case=1&agent=a%26b", ConformanceCase.Get(firstCase).RunAsync, ConformanceCase.Get(firstCase).Deflate);
        await PlayAsync(listener, "/runCase?case=2&agent=a%26b", ConformanceCase.Get("3.2").RunAsync);
        await PlayAsync(listener, "/updateReports?agent=a%26b", ConformanceCase.Get("7.3.3").RunAsync);

        Assert.Equal(0, await driving.WaitAsync(ScriptedPeer.Deadline));
        Assert.Equal("2 cases run as a&b", output.ToString().Trim());
        Assert.Empty(error.ToString());
    }

    [Theory]
    [InlineData("device")]
    [InlineData("dotnet")]
    public async Task DriveFailsWhenNobodyListens(string stack)
    {
        using StringWriter output = new(), error = new();
        Uri url;
        using (PeerListener listener = new())
        {
            url = listener.Url;
        }

        Assert.Equal(1, await RunAsync($"drive --stack {stack} --url {url} --agent a", output, error, CancellationToken.None));
        Assert.NotEmpty(error.ToString());
    }

    private static Task<int> RunAsync(string commandLine, TextWriter output, TextWriter error, CancellationToken stop) =>
        Program.RunAsync(commandLine.Split(' ', StringSplitOptions.RemoveEmptyEntries), output, error, stop);

    private static async Task PlayAsync(PeerListener listener, string target, Func<ScriptedPeer, Task> play, IReadOnlyList<DeflateTerms>? deflate = null)
    {
        await using ScriptedPeer peer = await listener.AcceptAsync(deflate);
        Assert.Equal(target, peer.RequestTarget);
        await play(peer);
    }
}
