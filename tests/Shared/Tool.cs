using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Threading.Channels;
using System.Threading.Tasks;

namespace Ws.Micro.Testing;

/// <summary>A program outside the tests, with its lines as they come.</summary>
internal sealed class Tool : IAsyncDisposable
{
    private readonly Channel<string> _output = Channel.CreateUnbounded<string>();
    private readonly Channel<string> _errors = Channel.CreateUnbounded<string>();

    private Tool(Process process)
    {
        Process = process;
        Pump(process.StandardOutput, _output.Writer);
        Pump(process.StandardError, _errors.Writer);
    }

    public Process Process { get; }

    public static Tool Start(string program, IEnumerable<string> arguments, string? directory = null)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = directory ?? "",
        };
        return new Tool(Process.Start(start)!);
    }

    /// <summary>The program's path; skips the test where it is missing, or fails it under CI.</summary>
    public static string Find(string program)
    {
        foreach (string directory in (Environment.GetEnvironmentVariable("PATH") + ":/usr/sbin").Split(':'))
        {
            string path = Path.Join(directory, program);
            if (File.Exists(path))
            {
                return path;
            }
        }

        Missing(program);
        return "";
    }

    /// <summary>Skips the test for want of something, or fails it under CI.</summary>
    public static void Missing(string what)
    {
        if (Environment.GetEnvironmentVariable("CI") == "true")
        {
            Assert.Fail($"{what} is missing");
        }

        Assert.Skip($"{what} is not installed");
    }

    /// <summary>The next line of output.</summary>
    /// <exception cref="IOException">The program ended instead; the message has its errors.</exception>
    public async Task<string> NextLineAsync()
    {
        try
        {
            return await _output.Reader.ReadAsync().AsTask().InTime();
        }
        catch (ChannelClosedException)
        {
            throw new IOException(string.Join(Environment.NewLine, [$"{Process.StartInfo.FileName} ended:", .. await RestAsync(_errors.Reader)]));
        }
    }

    public async Task WriteLineAsync(string line)
    {
        await Process.StandardInput.WriteLineAsync(line);
        await Process.StandardInput.FlushAsync();
    }

    /// <summary>Waits for an error line that contains the text.</summary>
    public async Task<string> ErrorLineAsync(string text)
    {
        while (true)
        {
            string line = await _errors.Reader.ReadAsync().AsTask().InTime();
            if (line.Contains(text, StringComparison.Ordinal))
            {
                return line;
            }
        }
    }

    /// <summary>Waits for the exit; gives the code and the lines not yet read.</summary>
    public async Task<(int Code, List<string> Output, List<string> Errors)> ExitAsync()
    {
        await Process.WaitForExitAsync().InTime();
        return (Process.ExitCode, await RestAsync(_output.Reader), await RestAsync(_errors.Reader));
    }

    public async Task SignalAsync(string signal)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", Process.Id.ToString()]);
        await kill.WaitForExitAsync().InTime();
    }

    public async ValueTask DisposeAsync()
    {
        if (!Process.HasExited)
        {
            Process.Kill(entireProcessTree: true);
        }

        await Process.WaitForExitAsync().InTime();
        Process.Dispose();
    }

    private static async Task<List<string>> RestAsync(ChannelReader<string> reader)
    {
        List<string> lines = [];
        await foreach (string line in reader.ReadAllAsync())
        {
            lines.Add(line);
        }

        return lines;
    }

    private static async void Pump(StreamReader reader, ChannelWriter<string> lines)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lines.TryWrite(line);
        }

        lines.Complete();
    }
}
