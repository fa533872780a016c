using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Net;
using Ws.Micro.Benchmarks.Measuring;

namespace Ws.Micro.Benchmarks.Servers;

/// <summary>A server in a process of its own, and what it takes of the machine.</summary>
internal sealed class ServerProcess : IDisposable
{
    private readonly Process _process;

    private ServerProcess(Process process, int port)
    {
        _process = process;
        EndPoint = new IPEndPoint(IPAddress.Loopback, port);
    }

    public IPEndPoint EndPoint { get; }

    /// <summary>Nanoseconds of processor time up to now.</summary>
    public long CpuTime => Measuring.CpuTime.OfProcess(_process.Id);

    /// <summary>Bytes of resident memory now.</summary>
    public long Resident => long.Parse(File.ReadAllText($"/proc/{_process.Id}/statm").Split(' ')[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;

    /// <summary>Starts it, and waits until it listens.</summary>
    /// <exception cref="IOException">It does not.</exception>
    public static ServerProcess Start(EchoServerSettings settings)
    {
        ProcessStartInfo start = settings.Kind == ServerKind.Node
            ? new ProcessStartInfo("node", ["--expose-gc", "echo-server.mjs", $"{settings.WindowBits}"]) { WorkingDirectory = NodePackages.Folder }
            : new ProcessStartInfo(Environment.ProcessPath!, ["echo-server", .. settings.ToArguments()]);
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        if (settings.Sockets == KestrelSockets.Inline)
        {
            start.Environment["DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS"] = "1";
            start.Environment["DOTNET_ThreadPool_UnfairSemaphoreSpinLimit"] = "0";
        }

        Process process = Process.Start(start)!;
        return int.TryParse(process.StandardOutput.ReadLine(), out int port)
            ? new ServerProcess(process, port)
            : throw new IOException($"{settings} did not start.");
    }

    /// <summary>Collects all garbage in it.</summary>
    /// <returns>Bytes of its managed heap then.</returns>
    public long Collect()
    {
        _process.StandardInput.WriteLine();
        _process.StandardInput.Flush();
        return long.Parse(_process.StandardOutput.ReadLine() ?? throw new IOException("The server ended."), CultureInfo.InvariantCulture);
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
