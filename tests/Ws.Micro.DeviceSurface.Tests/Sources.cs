using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Ws.Micro.DeviceSurface.Tests;

/// <summary>The repository's device sources, and their builds, each made once for all tests.</summary>
internal static class Sources
{
    private static readonly Lazy<DeviceBuild> LibraryBuild =
        new(() => DeviceBuild.Compile("Ws.Micro", Read("src/Ws.Micro")));

    private static readonly Lazy<DeviceBuild> FirmwareBuild =
        new(() => DeviceBuild.Compile("Esp32Sensor", Read("samples/Esp32Sensor"), Library));

    private static readonly Lazy<DeviceBuild> DeviceTestsBuild =
        new(() => DeviceBuild.Compile("NFUnitTest", Read("tests/Ws.Micro.NanoTests"), Library));

    public static string Root { get; } = FindRoot();

    public static DeviceBuild Library => LibraryBuild.Value;

    public static DeviceBuild Firmware => FirmwareBuild.Value;

    public static DeviceBuild DeviceTests => DeviceTestsBuild.Value;

    /// <summary>Every C# file under a folder of the repository, build output aside.</summary>
    public static IEnumerable<(string Path, string Text)> Read(string folder)
    {
        string full = Path.Combine(Root, folder);
        return Directory.Exists(full)
            ? Directory.EnumerateFiles(full, "*.cs", SearchOption.AllDirectories)
                .Select(file => (Path.GetRelativePath(Root, file).Replace('\\', '/'), file))
                .Where(entry => !entry.Item1.Split('/').Any(part => part is "bin" or "obj"))
                .OrderBy(entry => entry.Item1, StringComparer.Ordinal)
                .Select(entry => (entry.Item1, File.ReadAllText(entry.file)))
            : [];
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Ws.Micro.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException($"no folder above {AppContext.BaseDirectory} holds Ws.Micro.sln");
    }
}
