using System;
using System.Collections.Generic;
using System.Linq;
using Mono.Cecil;

namespace Ws.Micro.DeviceSurface.Tests;

/// <summary>How deep the calls of some builds can nest, and how large their frames are.</summary>
internal sealed class CallStack(CallGraph graph)
{
    private readonly List<string> _cycles = [];
    private readonly List<MethodDefinition> _path = [];
    private readonly Dictionary<MethodDefinition, (int Size, MethodDefinition? Next)> _longest = [];

    /// <summary>Arguments, locals and evaluation stack of one call, in slots of 12 bytes on the device.</summary>
    public static int Slots(MethodDefinition method) =>
        method.Parameters.Count + (method.HasThis ? 1 : 0) + method.Body.Variables.Count + method.Body.MaxStackSize;

    /// <returns>Each recursion as a chain of calls that ends where it began.</returns>
    public List<string> Recursions()
    {
        Measure(_ => 1);
        return _cycles;
    }

    /// <returns>The chain of calls whose frames are heaviest, and its weight.</returns>
    public (int Weight, MethodDefinition[] Chain) Heaviest(Func<MethodDefinition, int> weight)
    {
        Measure(weight);
        List<MethodDefinition> chain = [];
        for (MethodDefinition? at = graph.Methods.MaxBy(method => _longest[method].Size); at is not null; at = _longest[at].Next)
        {
            chain.Add(at);
        }

        return (chain.Sum(weight), [.. chain]);
    }

    private void Measure(Func<MethodDefinition, int> weight)
    {
        _longest.Clear();
        _cycles.Clear();
        foreach (MethodDefinition method in graph.Methods)
        {
            Measure(method, weight);
        }
    }

    private int Measure(MethodDefinition method, Func<MethodDefinition, int> weight)
    {
        if (_longest.TryGetValue(method, out (int Size, MethodDefinition?) known))
        {
            return known.Size;
        }

        int start = _path.IndexOf(method);
        if (start >= 0)
        {
            _cycles.Add(string.Join(" -> ", _path.Skip(start).Append(method).Select(m => $"{CallGraph.Name(m)} ({graph.Locate(m)})")));
            return 0;
        }

        _path.Add(method);
        int deepest = 0;
        MethodDefinition? next = null;
        foreach (MethodDefinition target in graph.Calls(method).SelectMany(call => call.Targets).Distinct())
        {
            int size = Measure(target, weight);
            if (size > deepest)
            {
                (deepest, next) = (size, target);
            }
        }

        _path.RemoveAt(_path.Count - 1);
        _longest[method] = (deepest + weight(method), next);
        return deepest + weight(method);
    }
}
