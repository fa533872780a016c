using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Ws.Micro.Benchmarks.Bridge;
using Ws.Micro.Benchmarks.Codecs;
using Ws.Micro.Benchmarks.Deflate;
using Ws.Micro.Benchmarks.Gateway;
using Ws.Micro.Benchmarks.InMemory;
using Ws.Micro.Benchmarks.Servers;

namespace Ws.Micro.Benchmarks;

/// <summary>The command line: a sub-command for each part of docs/benchmarks.md.</summary>
public static class Program
{
    private const string Usage = """
        usage: Ws.Micro.Benchmarks COMMAND [--write]

          codecs    mask, UTF-8, inflate and deflate alone, against those inside .NET's own sockets
          deflate   permessage-deflate: memory, sizes and speed, against zlib and .NET's own
          servers   servers over loopback: memory of a connection, cost of a message, against Kestrel's own and npm's ws
          sockets   sending and receiving in memory, against .NET's own sockets
          bridge    cost of a reading from sensors to mosquitto, against Kestrel's own and MQTTnet
          gateway   readings through the gateway, each on disk, against publishing straight to mosquitto
          all       all of these

          --write   also put the tables into docs/benchmarks.md

        servers PART runs one part of it: idle, paced, deflated or large; bridge RATE one rate: 1000 or 10000.
        """;

    private static readonly Dictionary<string, Action<Report>> Commands = new()
    {
        ["bridge"] = report => BridgeBenchmarks.Run(report, null),
        ["codecs"] = CodecBenchmarks.Run,
        ["deflate"] = DeflateBenchmarks.Run,
        ["gateway"] = GatewayBenchmarks.Run,
        ["servers"] = report => ServerBenchmarks.Run(report, null),
        ["sockets"] = SocketBenchmarks.Run,
    };

    /// <summary>Runs a sub-command.</summary>
    /// <returns>0 where all was measured, whatever it is; 1 where it could not be; 2 where the command line is wrong.</returns>
    public static async Task<int> Main(string[] args)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        try
        {
            switch (args)
            {
                case ["echo-server", .. string[] settings]:
                    await EchoServer.RunAsync(EchoServerSettings.Parse(settings));
                    return 0;
                case ["bridge-peer", string port, string broker, string inline]:
                    await BridgePeer.RunAsync(port, broker, bool.Parse(inline));
                    return 0;
                case ["servers", string part] when ServerBenchmarks.PartNames.Contains(part):
                    ServerBenchmarks.Run(new Report(Console.Out), part);
                    return 0;
                case ["bridge", string rate] when BridgeBenchmarks.PartNames.Contains(rate):
                    BridgeBenchmarks.Run(new Report(Console.Out), rate);
                    return 0;
                case ["all", ..] when args[1..] is [] or ["--write"]:
                    return MeasureAll(args[1..]);
                case [string command, ..] when Commands.ContainsKey(command) && args[1..] is [] or ["--write"]:
                    Measure(command, args.Length == 2);
                    return 0;
                default:
                    Console.Error.WriteLine(Usage);
                    return 2;
            }
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException or IOException or PlatformNotSupportedException)
        {
            Console.Error.WriteLine(e.Message);
            return 1;
        }
    }

    // Each in a process of its own: how code is compiled depends on what has run before.
    private static int MeasureAll(string[] options)
    {
        foreach (string name in Commands.Keys)
        {
            using Process part = Process.Start(Environment.ProcessPath!, [name, .. options]);
            part.WaitForExit();
            if (part.ExitCode != 0)
            {
                return part.ExitCode;
            }
        }

        return 0;
    }

    private static void Measure(string name, bool write)
    {
        Report report = new(Console.Out);
        Commands[name](report);
        if (write)
        {
            report.WriteTo(Document.Path, name);
        }
    }
}
