using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Threading;
using System.Threading.Tasks;

namespace Ws.Micro.Benchmarks.Gateway;

/// <summary>A program that is measured: mosquitto, or the gateway. It has a directory of its own, and ends with this.</summary>
internal sealed class Peer : IDisposable
{
    private readonly Process _process;
    private readonly string _directory;

    private Peer(Process process, string directory, Uri url)
    {
        _process = process;
        _directory = directory;
        Url = url;
    }

    /// <summary>Where it is reached.</summary>
    public Uri Url { get; }

    /// <summary>The most memory it had resident, in bytes.</summary>
    public long PeakResident => Status("VmHWM");

    /// <summary>The memory it has resident now, in bytes.</summary>
    public long Resident => Status("VmRSS");

    /// <summary>Nanoseconds of processor time that it has used.</summary>
    public long CpuTime => Measuring.CpuTime.OfProcess(_process.Id);

    /// <summary>Starts mosquitto with a websockets listener, otherwise as it comes, but for a queue that drops nothing.</summary>
    public static async Task<Peer> StartMosquittoAsync()
    {
        string directory = Directory.CreateTempSubdirectory("mosquitto-").FullName;
        int port = FreePort();
        string configuration = Path.Join(directory, "mosquitto.conf");
        await File.WriteAllLinesAsync(
            configuration,
            [$"listener 0 {directory}/mosquitto.sock", $"listener {port} 127.0.0.1", "protocol websockets", "socket_domain ipv4", "allow_anonymous true", "max_queued_messages 0", $"user {Environment.UserName}"]);
        string program = File.Exists("/usr/sbin/mosquitto") ? "/usr/sbin/mosquitto" : throw new IOException("mosquitto is not installed");
        return await StartAsync(program, ["-c", configuration], directory, new Uri($"ws://127.0.0.1:{port}/mqtt"));
    }

    /// <summary>Starts the gateway in front of a broker, with further settings.</summary>
    public static async Task<Peer> StartGatewayAsync(Uri broker, params string[] settings)
    {
        string program = typeof(Peer).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(static data => data.Key == "Gateway").Value!;
        if (!program.Contains("/Release/", StringComparison.Ordinal))
        {
            throw new IOException("the gateway is measured as it is shipped: run this with -c Release");
        }

        string directory = Directory.CreateTempSubdirectory("gateway-").FullName;
        int port = FreePort();
        string[] arguments = [program, "--urls", $"http://127.0.0.1:{port}", "--Broker", broker.AbsoluteUri, "--DataDirectory", directory, .. settings];
        return await StartAsync("dotnet", arguments, directory, new Uri($"ws://127.0.0.1:{port}/"));
    }

    /// <summary>Starts Kestrel and MQTTnet in front of a broker.</summary>
    /// <param name="broker">Its URL.</param>
    /// <param name="isInline">Whether sockets complete where they are polled, and threads do not spin, instead of all as it comes.</param>
    public static async Task<Peer> StartBridgePeerAsync(Uri broker, bool isInline)
    {
        string directory = Directory.CreateTempSubdirectory("bridge-peer-").FullName;
        int port = FreePort();
        string[] arguments = ["bridge-peer", $"{port}", broker.AbsoluteUri, $"{isInline}"];
        return await StartAsync(Environment.ProcessPath!, arguments, directory, new Uri($"ws://127.0.0.1:{port}/"), isInline);
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private static async Task<Peer> StartAsync(string program, IEnumerable<string> arguments, string directory, Uri url, bool isInline = false)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (isInline)
        {
            start.Environment["DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS"] = "1";
            start.Environment["DOTNET_ThreadPool_UnfairSemaphoreSpinLimit"] = "0";
        }

        Process process = Process.Start(start)!;
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, line) =>
        {
            if (line.Data?.Contains("fail:", StringComparison.Ordinal) == true || line.Data?.Contains("warn:", StringComparison.Ordinal) == true)
            {
                Console.Error.WriteLine(line.Data);
            }
        };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        Stopwatch time = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using Socket probe = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                await probe.ConnectAsync(IPAddress.Loopback, url.Port);
                return new Peer(process, directory, url);
            }
            catch (SocketException) when (time.Elapsed < TimeSpan.FromSeconds(30) && !process.HasExited)
            {
                await Task.Delay(100);
            }
        }
    }

    private static int FreePort()
    {
        using Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private long Status(string name) => 1024 * File.ReadLines($"/proc/{_process.Id}/status")
        .Where(line => line.StartsWith(name + ":", StringComparison.Ordinal))
        .Select(static line => long.Parse(line.Split(':')[1].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture))
        .Single();
}
