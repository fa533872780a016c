using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.Json;

namespace Ws.Micro.DeviceSurface.Tests;

/// <summary>The device library can be built without permessage-deflate, without the server, or without both, by properties of its project.</summary>
public sealed class LeanBuildTests
{
    internal const string Deflate = "WsMicroDeflate", Server = "WsMicroServer";

    [Theory]
    [InlineData(Deflate)]
    [InlineData(Server)]
    [InlineData(Deflate, Server)]
    public void What_is_left_compiles_and_is_free_of_what_was_left_out(params string[] leftOut)
    {
        DeviceBuild build = Build(leftOut);

        Findings.AssertNone([.. build.Errors, .. ForbiddenFeatures.Find(build), .. Layers.Find(build)]);
        IEnumerable<string> names = build.Module.GetTypes().Select(type => type.FullName);
        Assert.Contains("Ws.Micro.Net.WebSocketClient", names);
        Assert.Equal(!leftOut.Contains(Deflate), names.Any(name => name.Contains("flate", StringComparison.Ordinal)));
        Assert.Equal(!leftOut.Contains(Server), names.Any(name => name.Contains("Server", StringComparison.Ordinal) || name.Contains("Listener", StringComparison.Ordinal)));
    }

    [Fact]
    public void Nothing_is_left_out_unless_it_is_asked_for() =>
        Assert.Equal(Sources.Read("src/Ws.Micro").Select(source => source.Path), Compiled([]).Order(StringComparer.Ordinal));

    [Fact]
    public void The_firmware_needs_no_server() =>
        Findings.AssertNone(DeviceBuild.Compile("Esp32Sensor", Sources.Read("samples/Esp32Sensor"), Build([Server])).Errors);

    internal static DeviceBuild Build(string[] leftOut, params (string Path, string Text)[] more)
    {
        HashSet<string> compiled = [.. Compiled(leftOut)];
        return DeviceBuild.Compile("Ws.Micro", Sources.Read("src/Ws.Micro").Where(source => compiled.Contains(source.Path)).Concat(more));
    }

    /// <summary>The files that MSBuild takes from the project, as it is the one that reads it.</summary>
    private static IEnumerable<string> Compiled(string[] leftOut)
    {
        ProcessStartInfo start = new("dotnet") { RedirectStandardOutput = true };
        string[] arguments = ["msbuild", Path.Combine(Sources.Root, "src", "Ws.Micro", "Ws.Micro.nfproj"), "-getItem:Compile"];
        foreach (string argument in arguments.Concat(leftOut.Select(property => $"-p:{property}=false")))
        {
            start.ArgumentList.Add(argument);
        }

        using Process msbuild = Process.Start(start)!;
        string output = msbuild.StandardOutput.ReadToEnd();
        msbuild.WaitForExit();
        Assert.True(msbuild.ExitCode == 0, output);
        return [.. JsonDocument.Parse(output).RootElement.GetProperty("Items").GetProperty("Compile").EnumerateArray()
            .Select(item => "src/Ws.Micro/" + item.GetProperty("Identity").GetString()!.Replace('\\', '/'))];
    }
}
