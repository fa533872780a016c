using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.Threading.Tasks;

namespace Ws.Micro.Testing;

/// <summary>The scripts in the test project's node/, with their packages installed once for the whole run.</summary>
public sealed class NodePackages
{
    private static readonly string Folder = typeof(NodePackages).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(static attribute => attribute.Key == "NodeDirectory").Value!;

    // Several classes may have one of this.
    private static readonly Lazy<Task> Installed = new(InstallAsync);

    /// <summary>Starts a script; skips the test where node or npm is missing.</summary>
    internal async Task<Tool> RunAsync(string script, params string[] arguments)
    {
        string node = Tool.Find("node");
        Tool.Find("npm");
        await Installed.Value;
        return Tool.Start(node, [script, .. arguments], Folder);
    }

    private static async Task InstallAsync()
    {
        await using Tool npm = Tool.Start(Tool.Find("npm"), ["ci", "--no-audit", "--no-fund"], Folder);
        (int code, _, List<string> errors) = await npm.ExitAsync();
        Assert.True(code == 0, string.Join(Environment.NewLine, errors));
    }
}
