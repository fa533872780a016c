using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Security.Cryptography;
using System.Threading.Tasks;

namespace Ws.Micro.Testing;

/// <summary>The scripts in the test project's node/, with their packages installed where they are not.</summary>
public sealed class NodePackages
{
    private static readonly string Folder = typeof(NodePackages).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(static attribute => attribute.Key == "NodeDirectory").Value!;

    // Several classes may have one of this.
    private static readonly Lazy<Task> Installed = new(static () => InstallAsync(Folder));

    /// <summary>Starts a script; skips the test where node or npm is missing.</summary>
    internal async Task<Tool> RunAsync(string script, params string[] arguments)
    {
        string node = Tool.Find("node");
        Tool.Find("npm");
        await Installed.Value;
        return Tool.Start(node, [script, .. arguments], Folder);
    }

    /// <summary>
    /// Makes a folder's packages what its package-lock.json says. Other processes that are at work in the same folder keep what they have, or are waited
    /// for while they install.
    /// </summary>
    internal static async Task InstallAsync(string folder)
    {
        await using FileStream held = await LockAsync(Path.Join(folder, "package-lock.json"));
        byte[] wanted = await SHA256.HashDataAsync(held);
        string stamp = Path.Join(folder, "node_modules", ".installed");
        if (File.Exists(stamp) && (await File.ReadAllBytesAsync(stamp)).SequenceEqual(wanted))
        {
            return;
        }

        // Removes what is there, the stamp as well.
        await using Tool npm = Tool.Start(Tool.Find("npm"), ["ci", "--no-audit", "--no-fund"], folder);
        (int code, _, List<string> errors) = await npm.ExitAsync();
        Assert.True(code == 0, string.Join(Environment.NewLine, errors));
        await File.WriteAllBytesAsync(stamp, wanted);
    }

    // Of .NET's processes one at a time has it; npm asks for no lock. Another may be installing, which takes as long as a download.
    private static async Task<FileStream> LockAsync(string path)
    {
        Stopwatch time = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.None);
            }
            catch (IOException) when (File.Exists(path) && time.Elapsed < 4 * Deadline.Limit)
            {
                await Task.Delay(50);
            }
        }
    }
}
