using System;
using System.Collections.Generic;
using System.Linq;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Ws.Micro.DeviceSurface.Tests;

/// <summary>One call site: the method named there, and the methods of the builds that may run, overrides included.</summary>
internal sealed record Call(Instruction Instruction, MethodReference Named, MethodDefinition[] Targets);

/// <summary>
/// Who calls whom within some builds. A virtual call may reach every override below the type it names; a delegate's target is not
/// followed; type initialisers, which run once, are not calls.
/// </summary>
internal sealed class CallGraph
{
    private readonly Dictionary<ModuleDefinition, DeviceBuild> _builds;
    private readonly Dictionary<MethodDefinition, Call[]> _calls = [];
    private readonly Dictionary<MethodDefinition, MethodDefinition[]> _implementations = [];
    private readonly TypeDefinition[] _types;

    public CallGraph(params DeviceBuild[] builds)
    {
        _builds = builds.ToDictionary(build => build.Module);
        _types = [.. builds.SelectMany(build => build.Module.GetTypes())];
    }

    public IEnumerable<MethodDefinition> Methods => _types.SelectMany(type => type.Methods).Where(method => method.HasBody);

    /// <summary>A member as messages name it: "Namespace.Type.Member".</summary>
    public static string Name(IMemberDefinition member) =>
        member is TypeDefinition ? member.FullName : $"{member.DeclaringType.FullName}.{member.Name}";

    public bool Holds(TypeDefinition type) => _builds.ContainsKey(type.Module);

    public string Locate(MethodDefinition method) => _builds[method.Module].Locate(method);

    public string Locate(MethodDefinition method, Instruction instruction) => _builds[method.Module].Locate(method, instruction);

    public Call[] Calls(MethodDefinition method)
    {
        if (!_calls.TryGetValue(method, out Call[]? calls))
        {
            calls = [.. method.Body.Instructions
                .Where(instruction => instruction.OpCode.Code is Code.Call or Code.Callvirt or Code.Newobj)
                .Select(instruction => new Call(instruction, (MethodReference)instruction.Operand, Targets(instruction)))];
            _calls.Add(method, calls);
        }

        return calls;
    }

    private MethodDefinition[] Targets(Instruction instruction)
    {
        var named = (MethodReference)instruction.Operand;
        if (named.DeclaringType.IsArray)
        {
            return [];
        }

        MethodDefinition definition = named.Resolve()
            ?? throw new InvalidOperationException($"{named.FullName} is in no listing, though the compiler found it");
        if (instruction.OpCode.Code == Code.Callvirt && definition.IsVirtual)
        {
            return Implementations(definition);
        }

        return definition.HasBody && _builds.ContainsKey(definition.Module) ? [definition] : [];
    }

    /// <summary>The bodies in the builds that a virtual call of a method can reach: for each type below, its own or the inherited one.</summary>
    private MethodDefinition[] Implementations(MethodDefinition slot)
    {
        if (!_implementations.TryGetValue(slot, out MethodDefinition[]? found))
        {
            found = [.. _types.Where(type => !type.IsInterface && IsBelow(type, slot.DeclaringType))
                .Select(type => Implementation(type, slot))
                .OfType<MethodDefinition>()
                .Where(method => method.HasBody && _builds.ContainsKey(method.Module))
                .Distinct()];
            _implementations.Add(slot, found);
        }

        return found;
    }

    private static MethodDefinition? Implementation(TypeDefinition type, MethodDefinition slot)
    {
        for (TypeDefinition? at = type; at is not null; at = at.BaseType?.Resolve())
        {
            MethodDefinition? method = at.Methods.FirstOrDefault(m => m.Overrides.Any(o => o.Resolve() == slot))
                ?? at.Methods.FirstOrDefault(m => m.IsVirtual && m.Name == slot.Name && Signature(m) == Signature(slot));
            if (method is not null)
            {
                return method;
            }
        }

        return null;
    }

    private static bool IsBelow(TypeDefinition type, TypeDefinition ancestor)
    {
        for (TypeDefinition? at = type; at is not null; at = at.BaseType?.Resolve())
        {
            if (at == ancestor || at.Interfaces.Any(i => IsBelow(i.InterfaceType.Resolve(), ancestor)))
            {
                return true;
            }
        }

        return false;
    }

    private static string Signature(MethodDefinition method) => string.Join(',', method.Parameters.Select(p => p.ParameterType.FullName));
}
