using System;
using System.Globalization;
using System.IO;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;
using Ws.Micro.Desktop;
using Ws.Micro.Net;

namespace Ws.Micro.EchoPeer;

/// <summary>The command line: <c>serve</c> is an echo server, <c>drive</c> the client side of Autobahn's fuzzing server.</summary>
public static class Program
{
    private const string Usage = """
        usage: EchoPeer serve --stack device|dotnet|kestrel --port 0..65535 [--deflate]
               EchoPeer drive --stack device|dotnet --url ws://HOST:PORT --agent NAME [--deflate]
        --deflate accepts, or offers, permessage-deflate
        """;

    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);

    public static async Task<int> Main(string[] args)
    {
        using CancellationTokenSource stop = new();
        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Cancel();
        }
        using PosixSignalRegistration interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using PosixSignalRegistration terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        return await RunAsync(args, Console.Out, Console.Error, stop.Token);
    }

    /// <summary>Runs a command line.</summary>
    /// <returns>0 done, 1 the network refused, 2 the command line is wrong.</returns>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error, CancellationToken stop)
    {
        CommandLine command;
        try
        {
            command = CommandLine.Parse(args);
        }
        catch (FormatException wrong)
        {
            await error.WriteLineAsync(wrong.Message);
            await error.WriteLineAsync(Usage);
            return 2;
        }

        try
        {
            if (command.Port is int port)
            {
                await ServeAsync(command, port, output, stop);
            }
            else
            {
                await DriveAsync(command, output, error, stop);
            }

            return 0;
        }
        catch (Exception failed) when (failed is IOException or SocketException or WebSocketException or WebSocketConnectionException)
        {
            await error.WriteLineAsync(failed.Message);
            return 1;
        }
    }

    private static async Task ServeAsync(CommandLine command, int port, TextWriter output, CancellationToken stop)
    {
        await using EchoServer server = await EchoServer.StartAsync(command.Stack, port, CloseTimeout, DeflateOf(command));
        await output.WriteLineAsync($"listening on ws://127.0.0.1:{server.Port}");
        await output.FlushAsync(CancellationToken.None);
        await Task.Delay(Timeout.Infinite, stop).ContinueWith(_ => { }, TaskScheduler.Default);
    }

    private static async Task DriveAsync(CommandLine command, TextWriter output, TextWriter error, CancellationToken stop)
    {
        EchoClient client = EchoClient.Create(command.Stack, CloseTimeout, DeflateOf(command));
        string agent = Uri.EscapeDataString(command.Agent!);
        string answer = await client.ReadTextAsync(new Uri(command.Url!, "/getCaseCount"));
        if (!int.TryParse(answer, NumberStyles.None, CultureInfo.InvariantCulture, out int count))
        {
            throw new IOException($"/getCaseCount answered '{answer}': a number was expected");
        }

        for (int index = 1; index <= count && !stop.IsCancellationRequested; index++)
        {
            try
            {
                await client.EchoAsync(new Uri(command.Url!, $"/runCase?case={index}&agent={agent}"));
            }
            catch (Exception failed)
            {
                // One case that fails must not keep the others from running; the suite's report has its verdict.
                await error.WriteLineAsync($"case {index}: {failed.Message}");
            }
        }
        await client.EchoAsync(new Uri(command.Url!, $"/updateReports?agent={agent}"));
        await output.WriteLineAsync($"{count} cases run as {command.Agent}");
    }

    private static PerMessageDeflateOptions? DeflateOf(CommandLine command) => command.Deflate ? EchoDeflate.For(command.Stack) : null;
}
