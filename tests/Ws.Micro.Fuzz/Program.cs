using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using SharpFuzz;

namespace Ws.Micro.Fuzz;

internal static class Program
{
    private const string Usage = """
        Usage: Ws.Micro.Fuzz COMMAND
          targets                  list the targets
          replay TARGET FILE...    run inputs, and say what each that fails breaks
          fuzz TARGET              be driven by afl-fuzz, which tests/Ws.Micro.Fuzz/run starts
          instrument ASSEMBLY      instrument the library in place for afl-fuzz
          seeds DIRECTORY          write the seeds of every target to DIRECTORY/TARGET
        """;

    private static int Main(string[] args)
    {
        switch (args)
        {
            case ["targets"]:
                Console.WriteLine(string.Join('\n', Targets.Names));
                return 0;
            case ["replay", string target, .. string[] files] when Targets.Exists(target):
                return files.Count(file => !Replay(target, file)) == 0 ? 0 : 1;
            case ["fuzz", string target] when Targets.Exists(target):
                using (MemoryStream input = new())
                {
                    Fuzzer.Run(stream => RunOne(target, stream, input));
                }

                return 0;
            case ["instrument", string assembly]:
                Fuzzer.Instrument(assembly, _ => true, Options.Value);
                return 0;
            case ["seeds", string directory]:
                WriteSeeds(directory);
                return 0;
            default:
                Console.Error.WriteLine(Usage);
                return 2;
        }
    }

    private static void RunOne(string target, Stream stream, MemoryStream input)
    {
        input.SetLength(0);
        stream.CopyTo(input);
        Targets.Run(target, input.ToArray());
    }

    private static bool Replay(string target, string file)
    {
        try
        {
            Targets.Run(target, File.ReadAllBytes(file));
            return true;
        }
        catch (Exception exception)
        {
            Console.WriteLine($"{target} {file}: {(exception is Violation ? exception.Message : exception)}");
            return false;
        }
    }

    private static void WriteSeeds(string directory)
    {
        foreach (string target in Targets.Names)
        {
            Directory.CreateDirectory(Path.Combine(directory, target));
            foreach (KeyValuePair<string, byte[]> seed in Seeds.Of(target))
            {
                File.WriteAllBytes(Path.Combine(directory, target, seed.Key), seed.Value);
            }
        }
    }
}
