using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Reflection;

namespace Ws.Micro.Benchmarks.Servers;

/// <summary>The folder with Node.js's programs and their packages.</summary>
internal static class NodePackages
{
    public static string Folder { get; } = typeof(NodePackages).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(static attribute => attribute.Key == "NodeDirectory").Value!;

    /// <summary>Installs the packages.</summary>
    /// <exception cref="IOException">That failed; npm has said why.</exception>
    public static void Install()
    {
        using Process npm = Process.Start(new ProcessStartInfo("npm", ["ci", "--no-audit", "--no-fund", "--silent"]) { WorkingDirectory = Folder })!;
        npm.WaitForExit();
        if (npm.ExitCode != 0)
        {
            throw new IOException("npm ci failed.");
        }
    }
}
