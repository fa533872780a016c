using System.Collections.Generic;
using System.Linq;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Ws.Micro.DeviceSurface.Tests;

/// <summary>Finds what allocates among all that some methods can reach.</summary>
/// <param name="graph">Who calls whom.</param>
/// <param name="onInterpreter">
/// Whether to find also what is an object only on the device: a string each time a literal is loaded, and a struct among the locals each
/// time its method is entered.
/// </param>
internal sealed class Allocations(CallGraph graph, bool onInterpreter)
{
    /// <summary>The library calls that are known to allocate nothing; any other counts as an allocation.</summary>
    private static readonly HashSet<string> Harmless =
    [
        "System.Object..ctor",
        "System.Array.Copy",
        "System.Array.Clear",
        "System.Array.get_Length",
        "System.String.get_Length",
        "System.String.get_Chars",
        "System.String.IndexOf",
        "System.String.op_Equality",
        "System.String.op_Inequality",
        "System.Text.Encoding.get_UTF8",

        // Into the caller's array.
        "System.Int32 System.Text.Encoding::GetBytes(System.String,System.Int32,System.Int32,System.Byte[],System.Int32)",
    ];

    /// <param name="entries">Where to begin.</param>
    /// <returns>Each allocating place once, with the shortest chain of calls from one of the entries to it.</returns>
    public List<string> ReachableFrom(IEnumerable<MethodDefinition> entries)
    {
        List<string> findings = [];
        Dictionary<MethodDefinition, MethodDefinition?> callers = [];
        Queue<MethodDefinition> queue = new();
        foreach (MethodDefinition entry in entries)
        {
            callers.Add(entry, null);
            queue.Enqueue(entry);
        }

        while (queue.TryDequeue(out MethodDefinition? method))
        {
            findings.AddRange(In(method).Select(what => $"{Path(method, callers)}: {what}").Distinct());
            foreach (MethodDefinition target in graph.Calls(method).SelectMany(call => call.Targets))
            {
                if (callers.TryAdd(target, method))
                {
                    queue.Enqueue(target);
                }
            }
        }

        return findings;
    }

    private IEnumerable<string> In(MethodDefinition method)
    {
        foreach (TypeReference local in method.Body.Variables.Select(v => v.VariableType).Where(type => onInterpreter && IsStruct(type)))
        {
            yield return $"local of struct {local.FullName} at {graph.Locate(method)}";
        }

        foreach (Instruction instruction in method.Body.Instructions)
        {
            string? what = instruction.OpCode.Code switch
            {
                Code.Newarr => $"newarr {instruction.Operand}",
                Code.Box => $"box {instruction.Operand}",
                Code.Throw or Code.Rethrow => "throw",
                Code.Ldstr when onInterpreter => $"ldstr \"{instruction.Operand}\"",
                Code.Newobj when !((MethodReference)instruction.Operand).DeclaringType.IsValueType =>
                    $"newobj {((MethodReference)instruction.Operand).DeclaringType.FullName}",
                _ => null,
            };
            if (what is not null)
            {
                yield return $"{what} at {graph.Locate(method, instruction)}";
            }
        }

        foreach (Call call in graph.Calls(method).Where(call => call.Instruction.OpCode.Code != Code.Newobj && IsForeign(call)))
        {
            string name = $"{call.Named.DeclaringType.FullName}.{call.Named.Name}";
            if (!Harmless.Contains(name) && !Harmless.Contains(call.Named.FullName))
            {
                yield return $"call of {name} at {graph.Locate(method, call.Instruction)}";
            }
        }
    }

    /// <summary>Whether a call can leave the builds: into a library, or through a delegate. An abstract method of the builds' own cannot.</summary>
    private bool IsForeign(Call call) =>
        call.Named.DeclaringType.Resolve() is not { } type || !graph.Holds(type) || type.BaseType?.FullName == "System.MulticastDelegate";

    private static bool IsStruct(TypeReference type) => type.IsValueType && !type.IsPrimitive && !type.Resolve().IsEnum;

    private string Path(MethodDefinition method, Dictionary<MethodDefinition, MethodDefinition?> callers)
    {
        Stack<string> path = new();
        for (MethodDefinition? at = method; at is not null; at = callers[at])
        {
            path.Push($"{CallGraph.Name(at)} ({graph.Locate(at)})");
        }

        return string.Join(" -> ", path);
    }
}
