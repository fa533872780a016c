using System.Collections.Generic;
using System.Linq;
using Mono.Cecil;

namespace Ws.Micro.DeviceSurface.Tests;

/// <summary>
/// The proofs over the real library and firmware. That each can fail is shown by the tests with planted violations. All in one class, so
/// that one thread at a time reads the two builds.
/// </summary>
public sealed class DeviceProofTests(ITestOutputHelper output)
{
    private static readonly string[] Core = ["Ws.Micro", "Ws.Micro.Framing", "Ws.Micro.Deflate", "Ws.Micro.Handshake"];

    /// <summary>Methods that may allocate, because a connection calls them once, as it is set up or refused; beside them only constructors.</summary>
    private static readonly Dictionary<string, string> SetUp = new()
    {
        ["Ws.Micro.Handshake.ClientHandshake.WriteRequest"] = "the client's request, from strings that the application gave",
        ["Ws.Micro.Handshake.DeflateNegotiation.Accept"] = "makes what was agreed, once a connection",
        ["Ws.Micro.Handshake.DeflateNegotiation.CheckResponse"] = "makes what was agreed, once a connection",
        ["Ws.Micro.Handshake.DeflateNegotiation.WriteOffer"] = "makes a header's value, once a connection",
        ["Ws.Micro.Handshake.DeflateNegotiation.WriteResponse"] = "makes a header's value, once a connection",
        ["Ws.Micro.Handshake.DeflateOptions.Validate"] = "throws for a setting out of its range, before there is a connection",
        ["Ws.Micro.Handshake.HttpHead.GetHeader"] = "gives a string, for applications and for refusals",
        ["Ws.Micro.Handshake.OpeningHandshake.Read"] = "as a client makes what was agreed, once a connection",
        ["Ws.Micro.Handshake.ServerHandshake.GetPath"] = "gives a string, once a connection",
        ["Ws.Micro.Handshake.ServerHandshake.CheckOrigin"] = "compares with strings that the application gave, once a connection",
        ["Ws.Micro.Handshake.ServerHandshake.SelectDeflate"] = "makes what was agreed, once a connection",
        ["Ws.Micro.Handshake.ServerHandshake.WriteRefusal"] = "makes an answer that names a status, for a client that is refused",
        ["Ws.Micro.PerMessageDeflateOptions.Fit"] = "makes what to negotiate, once a connection",
        ["Ws.Micro.PerMessageDeflateOptions.Validate"] = "throws for a setting out of its range, before there is a connection",
    };

    [Fact]
    public void The_library_has_nothing_that_fails_on_the_device() => Findings.AssertNone(ForbiddenFeatures.Find(Sources.Library));

    [Fact]
    public void The_firmware_has_nothing_that_fails_on_the_device() => Findings.AssertNone(ForbiddenFeatures.Find(Sources.Firmware));

    [Fact]
    public void The_devices_tests_have_nothing_that_fails_on_the_device() => Findings.AssertNone(ForbiddenFeatures.Find(Sources.DeviceTests));

    [Fact]
    public void The_layers_know_only_those_below() =>
        Findings.AssertNone([.. Layers.Find(Sources.Library), .. Layers.Find(Sources.Firmware)]);

    [Fact]
    public void The_core_allocates_nothing_after_set_up()
    {
        CallGraph graph = new(Sources.Library);
        List<MethodDefinition> entries = [.. Entries(graph, Core)];

        Assert.NotEmpty(entries);
        Findings.AssertNone(new Allocations(graph, onInterpreter: false)
            .ReachableFrom(entries.Where(method => !SetUp.ContainsKey(CallGraph.Name(method)))));
    }

    [Fact]
    public void Messages_make_no_object_on_the_interpreter_either()
    {
        CallGraph graph = new(Sources.Library);
        List<MethodDefinition> entries = [.. Entries(graph, Core.Except(["Ws.Micro.Handshake"]))];

        Assert.NotEmpty(entries);
        Findings.AssertNone(new Allocations(graph, onInterpreter: true)
            .ReachableFrom(entries.Where(method => !SetUp.ContainsKey(CallGraph.Name(method)))));
    }

    [Fact]
    public void Every_set_up_method_exists_and_does_allocate()
    {
        CallGraph graph = new(Sources.Library);
        ILookup<string, MethodDefinition> entries = Entries(graph, Core).ToLookup(CallGraph.Name);

        Findings.AssertNone([.. SetUp.Keys
            .Where(name => new Allocations(graph, onInterpreter: false).ReachableFrom(entries[name]).Count == 0)
            .Select(name => $"{name} is gone or allocates nothing: strike it off the list of set-up methods")]);
    }

    [Fact]
    public void Nothing_recurses_and_the_stack_is_stated()
    {
        CallGraph graph = new(Sources.Library, Sources.Firmware);
        CallStack stack = new(graph);

        Findings.AssertNone(stack.Recursions());

        (int calls, MethodDefinition[] deepest) = stack.Heaviest(_ => 1);
        output.WriteLine($"Deepest chain: {calls} calls");
        output.WriteLine(string.Join("\n", deepest.Select(method => $"    {CallGraph.Name(method)} ({graph.Locate(method)})")));
        (int slots, MethodDefinition[] heaviest) = stack.Heaviest(CallStack.Slots);
        output.WriteLine($"Heaviest chain: {slots} slots of 12 bytes, {slots * 12} bytes, frame headers aside");
        output.WriteLine(string.Join("\n", heaviest.Select(method => $"    {CallStack.Slots(method),3}  {CallGraph.Name(method)}")));
        output.WriteLine("Largest frames:");
        foreach (MethodDefinition method in graph.Methods.OrderByDescending(CallStack.Slots).Take(5))
        {
            output.WriteLine($"    {CallStack.Slots(method),3} slots ({method.Body.Variables.Count} locals)  {CallGraph.Name(method)} ({graph.Locate(method)})");
        }
    }

    // A server's reading is OpeningHandshake.Read too, and makes nothing: that of the head and its own check stand for it.
    private static IEnumerable<MethodDefinition> Entries(CallGraph graph, IEnumerable<string> namespaces) => graph.Methods.Where(method =>
        (method.IsPublic || CallGraph.Name(method) == "Ws.Micro.Handshake.ServerHandshake.Check")
        && !method.IsConstructor && namespaces.Contains(method.DeclaringType.Namespace));
}
