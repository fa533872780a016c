using System;
using System.Collections.Generic;
using System.IO;
using System.Threading.Tasks;

namespace RpiGateway.Tests;

/// <summary>
/// A gateway as a program, whose data directory is a file system of its own, of 4 MB: nobody else sees it, and it is gone with the gateway.
/// Linux gives such a file system to anybody, by a user namespace.
/// </summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    public const int Size = 4 * 1024 * 1024;

    private readonly TempDirectory _mountPoint = new();
    private Tool _gateway = null!;

    /// <summary>The gateway's address.</summary>
    public Uri Address { get; private set; } = null!;

    /// <summary>The gateway.</summary>
    public Tool Gateway => _gateway;

    public static async Task<SmallDisk> StartAsync(Uri broker)
    {
        SmallDisk disk = new();
        string mount = $"mount -t tmpfs -o size={Size} tmpfs '{disk._mountPoint.Path}'";
        string[] gateway = ["dotnet", ProgramTests.Program, "--urls", "http://127.0.0.1:0", "--Broker", broker.AbsoluteUri, "--DataDirectory", disk._mountPoint.Path, "--Log:MinFreeBytes", "0"];
        disk._gateway = Tool.Start(Tool.Find("unshare"), ["-rm", "sh", "-c", $"{mount} && exec \"$@\"", "sh", .. gateway]);
        string line = await disk._gateway.NextLineAsync();
        disk.Address = new Uri(line.Split(' ')[^1].Replace("sensors/{id}", "", StringComparison.Ordinal));
        return disk;
    }

    /// <summary>Takes all the room that is left, or gives it back.</summary>
    public async Task FillAsync(bool full)
    {
        string filler = Path.Join($"/proc/{_gateway.Process.Id}/root", _mountPoint.Path, "filler");
        if (!full)
        {
            File.Delete(filler);
            return;
        }

        await using FileStream file = File.Create(filler, 1);
        try
        {
            while (true)
            {
                file.Write(new byte[4096]);
                file.Flush();
            }
        }
        catch (IOException)
        {
            // No space left on the device.
        }
    }

    /// <summary>Makes it read-only, or takes that back.</summary>
    public async Task RemountAsync(string how)
    {
        string[] enter = ["-t", $"{_gateway.Process.Id}", "-U", "-m", "--preserve-credentials"];
        await using Tool mount = Tool.Start(Tool.Find("nsenter"), [.. enter, "mount", "-o", $"remount,{how}", _mountPoint.Path]);
        (int code, _, List<string> errors) = await mount.ExitAsync();
        Assert.True(code == 0, string.Join('\n', errors));
    }

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        _mountPoint.Dispose();
    }
}
