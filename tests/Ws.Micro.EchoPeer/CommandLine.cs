using System;
using System.Collections.Generic;
using System.Globalization;

namespace Ws.Micro.EchoPeer;

/// <summary>A checked command line: <see cref="Port"/> is set to serve, <see cref="Url"/> and <see cref="Agent"/> to drive.</summary>
internal sealed record CommandLine(Stack Stack, bool Deflate, int? Port, Uri? Url, string? Agent)
{
    private const string DeflateSwitch = "--deflate";

    /// <exception cref="FormatException">Says which argument is wrong and what is allowed.</exception>
    public static CommandLine Parse(string[] args)
    {
        string verb = args.Length > 0 ? args[0] : "";
        return verb switch
        {
            "serve" => Serve(Options(args, "--stack", "--port")),
            "drive" => Drive(Options(args, "--stack", "--url", "--agent")),
            _ => throw new FormatException($"'{verb}' is not a command: serve or drive"),
        };
    }

    private static CommandLine Serve(Dictionary<string, string> options)
    {
        string port = options["--port"];
        return ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out ushort number)
            ? new CommandLine(StackOf(options, Stack.Device, Stack.Dotnet, Stack.Kestrel, Stack.KestrelOnMicroSockets), options.ContainsKey(DeflateSwitch), number, null, null)
            : throw new FormatException($"--port '{port}' is not a number from 0 to 65535");
    }

    private static CommandLine Drive(Dictionary<string, string> options)
    {
        string url = options["--url"];
        return Uri.TryCreate(url, UriKind.Absolute, out Uri? uri) && uri.Scheme is "ws" or "wss"
            ? new CommandLine(StackOf(options, Stack.Device, Stack.Dotnet), options.ContainsKey(DeflateSwitch), null, uri, options["--agent"])
            : throw new FormatException($"--url '{url}' is not a ws:// or wss:// URL");
    }

    private static Stack StackOf(Dictionary<string, string> options, params Stack[] allowed)
    {
        string name = options["--stack"];
        int index = Array.FindIndex(allowed, stack => stack.ToString().ToLowerInvariant() == name);
        return index >= 0
            ? allowed[index]
            : throw new FormatException($"--stack '{name}' is not one of {string.Join(", ", allowed).ToLowerInvariant()}");
    }

    /// <summary>The arguments after the first: each of the names with its value, and perhaps the switch, with none.</summary>
    private static Dictionary<string, string> Options(string[] args, params string[] names)
    {
        Dictionary<string, string> options = [];
        for (int i = 1; i < args.Length; i++)
        {
            string name = args[i];
            bool isSwitch = name == DeflateSwitch;
            if (!isSwitch && Array.IndexOf(names, name) < 0)
            {
                throw new FormatException($"'{name}' is not an option of {args[0]}: {string.Join(", ", names)}, {DeflateSwitch}");
            }

            if (!isSwitch && ++i == args.Length)
            {
                throw new FormatException($"{name} has no value");
            }

            if (!options.TryAdd(name, isSwitch ? "" : args[i]))
            {
                throw new FormatException($"{name} is given twice");
            }
        }
        foreach (string name in names)
        {
            if (!options.ContainsKey(name))
            {
                throw new FormatException($"{args[0]} needs {name}");
            }
        }
        return options;
    }
}
