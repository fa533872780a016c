using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using Ws.Micro.Benchmarks.Deflate;

namespace Ws.Micro.Benchmarks;

/// <summary>The command line: a sub-command for each part of docs/benchmarks.md.</summary>
public static class Program
{
    private const string Usage = """
        usage: Ws.Micro.Benchmarks COMMAND [--write]

          deflate   permessage-deflate: memory, sizes and speed, against zlib and .NET's own

          --write   also put the tables into docs/benchmarks.md
        """;

    private static readonly Dictionary<string, Action<Report>> Commands = new() { ["deflate"] = DeflateBenchmarks.Run };

    /// <summary>Runs a sub-command.</summary>
    /// <returns>0 where all was measured, whatever it is; 1 where it could not be; 2 where the command line is wrong.</returns>
    public static int Main(string[] args)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        bool write = args.Length == 2 && args[1] == "--write";
        if (args.Length == 0 || (args.Length > 1 && !write) || !Commands.TryGetValue(args[0], out Action<Report>? run))
        {
            Console.Error.WriteLine(Usage);
            return 2;
        }

        try
        {
            Report report = new(Console.Out);
            run(report);
            if (write)
            {
                report.WriteTo(Document.Path, args[0]);
            }

            return 0;
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException or IOException or PlatformNotSupportedException)
        {
            Console.Error.WriteLine(e.Message);
            return 1;
        }
    }
}
