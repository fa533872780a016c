using System;
using System.Collections.Generic;
using System.Linq;
using Mono.Cecil;

namespace Ws.Micro.DeviceSurface.Tests;

/// <summary>Who may know whom, held against the type references of the compiled code.</summary>
internal static class Layers
{
    private const string Framing = "Ws.Micro.Framing", Deflate = "Ws.Micro.Deflate", Handshake = "Ws.Micro.Handshake";
    private const string Engine = "Ws.Micro", Net = "Ws.Micro.Net", Desktop = "Ws.Micro.Desktop";
    private const string Tls = "Ws.Micro.Tls", Polling = "Ws.Micro.Desktop.Polling";
    private const string AspNetCore = "Ws.Micro.AspNetCore", Transport = "Ws.Micro.AspNetCore.Transport", Node = "Esp32Sensor.Node", Sensor = "Esp32Sensor", Gateway = "RpiGateway";

    // What permessage-deflate may cost is said in the engine's terms, and so is what was agreed: all who have settings hand them through.
    // A connection that fails does so by one name, whoever made it.
    private static readonly string[] ForAll =
    [
        "Ws.Micro.PerMessageDeflateOptions", "Ws.Micro.Handshake.DeflateOptions", "Ws.Micro.Handshake.DeflateParameters",
        "Ws.Micro.WebSocketConnectionException", "Ws.Micro.ConnectionStep",
    ];

    /// <summary>For each namespace the others of this repository that it may use.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        [Framing] = [],
        [Deflate] = [],
        [Handshake] = [],
        [Engine] = [Framing, Deflate, Handshake],
        [Net] = [Framing, Deflate, Handshake, Engine, Tls],
        [Desktop] = [Framing, Deflate, Handshake, Engine, Tls, Polling],
        [Polling] = [],
        [Tls] = [],
        [Node] = [Net],
        [Sensor] = [Node, Net],
        [Transport] = [Polling],
        [AspNetCore] = [Transport, Desktop, Polling, Framing, Handshake],
        [Gateway] = [Node, Net, Desktop, AspNetCore],
    };

    private static readonly string[] Core = [Framing, Deflate, Handshake, Engine];

    /// <summary>What a core without sockets, threads, clocks, files and chance has no use for: namespaces, and single types.</summary>
    private static readonly string[] OutsideTheCore =
    [
        "System.Net", "System.Threading", "System.IO", "System.Device", "System.Security", "nanoFramework",
        "System.DateTime", "System.Environment", "System.Random", "System.Guid",
    ];

    /// <returns>Each finding as "file(line): member: what".</returns>
    public static List<string> Find(DeviceBuild build) => Find(
        build.Module, use => use.Instruction is null ? build.Locate(use.Member) : build.Locate((MethodDefinition)use.Member, use.Instruction));

    /// <param name="module">The compiled code.</param>
    /// <param name="locate">Where a use stands, as findings shall show it.</param>
    public static List<string> Find(ModuleDefinition module, Func<TypeUse, string> locate) =>
        [.. module.GetTypes()
            .Where(type => IsOurs(NamespaceOf(type)))
            .SelectMany(TypeUse.Of)
            .SelectMany(use => Parts(use.Type)
                .Select(used => Refuse(NamespaceOf(use.Member as TypeDefinition ?? use.Member.DeclaringType), used))
                .OfType<string>()
                .Select(reason => $"{locate(use)}: {CallGraph.Name(use.Member)}: {reason}"))
            .Distinct()];

    private static string? Refuse(string user, TypeReference type)
    {
        if (!Allowed.TryGetValue(user, out string[]? allowed))
        {
            return $"the namespace {user} has no place among the layers";
        }

        string used = NamespaceOf(type);
        if (IsOurs(used))
        {
            bool forAll = ForAll.Contains(type.FullName) && !Core.Contains(user);
            return used == user || forAll || allowed.Contains(used) ? null : $"{user} may not use {type.FullName}";
        }

        return Core.Contains(user) && OutsideTheCore.Any(name => type.FullName == name || type.FullName.StartsWith(name + ".", StringComparison.Ordinal))
            ? $"{user} is pure and may not use {type.FullName}"
            : null;
    }

    /// <summary>The types that one is made of: element types, type arguments.</summary>
    private static IEnumerable<TypeReference> Parts(TypeReference type) => type switch
    {
        GenericInstanceType generic => generic.GenericArguments.SelectMany(Parts).Append(generic.ElementType),
        TypeSpecification wrapped => Parts(wrapped.ElementType),
        _ => [type],
    };

    private static bool IsOurs(string name) =>
        new[] { Engine, Sensor, Gateway }.Any(root => name == root || name.StartsWith(root + ".", StringComparison.Ordinal));

    // The gateway's rooms are one layer.
    private static string NamespaceOf(TypeReference type) =>
        type.DeclaringType is not null ? NamespaceOf(type.DeclaringType)
        : type.Namespace.StartsWith(Gateway + ".", StringComparison.Ordinal) ? Gateway
        : type.Namespace;
}
