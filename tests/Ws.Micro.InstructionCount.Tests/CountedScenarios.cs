using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using Ws.Micro.Deflate;

namespace Ws.Micro.InstructionCount.Tests;

/// <summary>What one scenario executes.</summary>
/// <param name="Name">What is done.</param>
/// <param name="Instructions">IL instructions that the library executes, those of what it calls outside itself aside.</param>
/// <param name="Bytes">What it is done to; 0 where a figure for each byte says nothing.</param>
/// <param name="Others">What nanoFramework's own client executes for it; 0 where that is not known.</param>
internal sealed record Figure(string Name, long Instructions, int Bytes, int Others);

/// <summary>The scenarios of this project over the library as the device has it.</summary>
internal static class CountedScenarios
{
    private const string Folder = "tests/Ws.Micro.InstructionCount.Tests/Scenarios";

    // A scenario uses one more source, which it shares with the tests of Deflate.
    private const string Readings = "tests/Ws.Micro.Deflate.Tests/Telemetry.cs";

    /// <param name="times">How often each is counted, over what the library keeps from the time before.</param>
    /// <returns>The figures of the last time.</returns>
    public static List<Figure[]> Run(int times)
    {
        CountedBuild build = new(DeviceBuild.Compile("Ws.Micro", Sources.Read("src/Ws.Micro")));
        Assembly scenarios = build.LoadCaller(
            Sources.Read(Folder).Append((Readings, File.ReadAllText(Path.Combine(Sources.Root, Readings)))));
        object all = scenarios.GetType(typeof(Scenarios).FullName!, throwOnError: true)!.GetMethod(nameof(Scenarios.All))!.Invoke(null, [(Func<byte[], byte[]>)EncodeDynamic])!;
        List<Figure[]> figures = [];
        foreach ((string name, int bytes, int others, Func<Action> prepare) in (IEnumerable<(string, int, int, Func<Action>)>)all)
        {
            figures.Add([.. Enumerable.Range(0, times).Select(_ => new Figure(name, build.Count(prepare()), bytes, others))]);
        }

        return figures;
    }

    private static byte[] EncodeDynamic(byte[] text)
    {
        byte[] output = new byte[text.Length];
        return output[..new Deflater(11, 10, 16, dynamicCodes: true).Deflate(text, 0, text.Length, true, output, 0, output.Length)];
    }
}
