using System;
using System.Collections.Generic;
using System.IO;
using Mono.Cecil;

namespace Ws.Micro.DeviceSurface.Tests;

/// <summary>Each use across the layers is found, and named with file, line and member.</summary>
public sealed class LayerTests
{
    private const string Everything = """
        namespace Ws.Micro.Framing { public class Frame { public static int Size; } }
        namespace Ws.Micro.Deflate { public class Inflater { public static int Size; } }
        namespace Ws.Micro.Handshake { public class Head { public static int Size; } }
        namespace Ws.Micro.Net { public class Client { public static int Size; } }
        namespace Ws.Micro.Desktop { public class Face { public static int Size; } }
        namespace RpiGateway.Mqtt { public class Bridge { public static int Size; } }
        namespace Ws.Micro { public class Engine { public static int Size; } }

        """;

    [Theory]
    [InlineData("Ws.Micro.Framing", "Ws.Micro.Deflate.Inflater")]
    [InlineData("Ws.Micro.Framing", "Ws.Micro.Handshake.Head")]
    [InlineData("Ws.Micro.Framing", "Ws.Micro.Engine")]
    [InlineData("Ws.Micro.Framing", "Ws.Micro.Net.Client")]
    [InlineData("Ws.Micro.Deflate", "Ws.Micro.Framing.Frame")]
    [InlineData("Ws.Micro.Deflate", "Ws.Micro.Engine")]
    [InlineData("Ws.Micro.Handshake", "Ws.Micro.Framing.Frame")]
    [InlineData("Ws.Micro.Handshake", "Ws.Micro.Deflate.Inflater")]
    [InlineData("Ws.Micro", "Ws.Micro.Net.Client")]
    [InlineData("Ws.Micro", "Ws.Micro.Desktop.Face")]
    [InlineData("Ws.Micro.Net", "Ws.Micro.Desktop.Face")]
    [InlineData("Ws.Micro.Desktop", "Ws.Micro.Net.Client")]
    [InlineData("Esp32Sensor.Node", "Ws.Micro.Engine")]
    [InlineData("Esp32Sensor", "Ws.Micro.Framing.Frame")]
    [InlineData("Ws.Micro.Desktop", "RpiGateway.Mqtt.Bridge")]
    [InlineData("Ws.Micro.AspNetCore", "Ws.Micro.Engine")]
    [InlineData("RpiGateway", "Ws.Micro.Handshake.Head")]
    public void A_use_of_a_layer_that_is_not_below_is_found(string user, string used)
    {
        Assert.Equal(
            [$"{Planted.Path}(8): {user}.User.Get: {user} may not use {used}"],
            Layers.Find(Use(user, $"int Get() => {used}.Size;")));
        Assert.Equal(
            [$"{Planted.Path}(8): {user}.User._all: {user} may not use {used}"],
            Layers.Find(Use(user, $"{used}[] _all;")));
        Assert.Equal(
            [$"{Planted.Path}(8): {user}.User._all: {user} may not use {used}"],
            Layers.Find(Use(user, $"System.Action<{used}[]>[] _all;")));
    }

    [Theory]
    [InlineData("Ws.Micro", "Ws.Micro.Framing.Frame")]
    [InlineData("Ws.Micro", "Ws.Micro.Deflate.Inflater")]
    [InlineData("Ws.Micro", "Ws.Micro.Handshake.Head")]
    [InlineData("Ws.Micro.Net", "Ws.Micro.Engine")]
    [InlineData("Ws.Micro.Net", "Ws.Micro.Handshake.Head")]
    [InlineData("Ws.Micro.Framing", "Ws.Micro.Framing.Frame")]
    [InlineData("Ws.Micro.Desktop", "Ws.Micro.Engine")]
    [InlineData("Esp32Sensor.Node", "Ws.Micro.Net.Client")]
    [InlineData("Ws.Micro.AspNetCore", "Ws.Micro.Desktop.Face")]
    [InlineData("RpiGateway", "Ws.Micro.Net.Client")]
    [InlineData("RpiGateway", "RpiGateway.Mqtt.Bridge")]
    public void A_use_of_a_layer_below_is_let_through(string user, string used) =>
        Assert.Empty(Layers.Find(Use(user, $"int Get() => {used}.Size;")));

    [Theory]
    [InlineData("object Get() => System.DateTime.UtcNow;", "System.DateTime")]
    [InlineData("long Get() => System.Environment.TickCount64;", "System.Environment")]
    [InlineData("object Get() => new System.Random();", "System.Random")]
    [InlineData("object Get() => System.Guid.NewGuid();", "System.Guid")]
    [InlineData("void Get() { lock (this) Ws.Micro.Framing.Frame.Size++; }", "System.Threading.Monitor")]
    [InlineData("System.Net.Sockets.Socket Get() => null;", "System.Net.Sockets.Socket")]
    [InlineData("void Get(System.IO.Stream stream) { }", "System.IO.Stream")]
    [InlineData("void Get() { try { } finally { nanoFramework.Runtime.Native.GC.Run(true); } }", "nanoFramework.Runtime.Native.GC")]
    public void A_core_that_leaves_its_purity_is_found(string member, string used)
    {
        Assert.Contains($"{Planted.Path}(8): Ws.Micro.User.Get: Ws.Micro is pure and may not use {used}", Layers.Find(Use("Ws.Micro", member)));
        Assert.Empty(Layers.Find(Use("Ws.Micro.Net", member)));
    }

    [Fact]
    public void A_namespace_without_a_place_is_found()
    {
        List<string> findings = Layers.Find(Use("Ws.Micro.Extras", "int Get() => 1;"));

        Assert.Contains($"{Planted.Path}(8): Ws.Micro.Extras.User.Get: the namespace Ws.Micro.Extras has no place among the layers", findings);
    }

    [Theory]
    [InlineData("Ws.Micro.Desktop.dll", "Ws.Micro.Framing")]
    [InlineData("Ws.Micro.Desktop.dll", "Ws.Micro.Desktop")]
    [InlineData("Ws.Micro.AspNetCore.dll", "Ws.Micro.AspNetCore")]
    [InlineData("RpiGateway.dll", "RpiGateway")]
    public void An_assembly_for_dotnet_keeps_to_its_layers(string assembly, string holds)
    {
        using var module = ModuleDefinition.ReadModule(Path.Combine(AppContext.BaseDirectory, assembly));

        Assert.Contains(module.Types, type => type.Namespace == holds);
        Findings.AssertNone(Layers.Find(module, _ => assembly));
    }

    private static DeviceBuild Use(string user, string member) =>
        Planted.Source($"{Everything}namespace {user} {{ public class User {{ {member} }} }}\n");
}
