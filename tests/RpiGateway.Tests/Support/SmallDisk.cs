using System;
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
        string[] gateway = ["dotnet", ProgramTests.Program, "--urls", "http://127.0.0.1:0", "--Broker", broker.AbsoluteUri, "--DataDirectory", disk._mountPoint.Path, "--Log:MinFreeBytes", "0", "--Log:SettleTime", "1"];
        disk._gateway = Tool.Start(Tool.Find("unshare"), ["-rm", "sh", "-c", $"{mount} && exec \"$@\"", "sh", .. gateway]);
        string line = await disk._gateway.NextLineAsync();
        disk.Address = new Uri(line.Split(' ')[^1].Replace("sensors/{id}", "", StringComparison.Ordinal));
        return disk;
    }

    /// <summary>Takes all the room that is left, or gives it back.</summary>
    public void Fill(bool full)
    {
        string filler = Path.Join($"/proc/{_gateway.Process.Id}/root", _mountPoint.Path, "filler");
        if (!full)
        {
            File.Delete(filler);
            return;
        }

        using FileStream file = File.Create(filler, 1);
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

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        _mountPoint.Dispose();
    }
}
