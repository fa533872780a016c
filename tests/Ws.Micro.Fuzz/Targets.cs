using System;
using System.Collections.Generic;

namespace Ws.Micro.Fuzz;

/// <summary>The fuzz targets by name. Each throws where the library breaks an invariant.</summary>
internal static class Targets
{
    private static readonly Dictionary<string, Action<Input>> ByName = new()
    {
        ["frame-reader"] = FrameReaderTarget.Run,
        ["engine-server"] = input => EngineTarget.Run(input, isServer: true),
        ["engine-client"] = input => EngineTarget.Run(input, isServer: false),
        ["server-handshake"] = ServerHandshakeTarget.Run,
        ["client-handshake"] = ClientHandshakeTarget.Run,
        ["inflater"] = InflaterTarget.Run,
        ["deflate-engine"] = DeflateEngineTarget.Run,
    };

    public static IReadOnlyCollection<string> Names => ByName.Keys;

    public static bool Exists(string name) => ByName.ContainsKey(name);

    public static void Run(string name, byte[] bytes) => ByName[name](new Input(bytes));
}
