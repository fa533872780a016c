using System;
using System.Collections.Generic;
using System.Linq;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Ws.Micro.DeviceSurface.Tests;

/// <summary>What compiles against the device's surface, and then fails to convert, to load, or to behave.</summary>
internal static class ForbiddenFeatures
{
    /// <summary>The interpreter has room for fewer than 64 KB of constant arrays in one assembly.</summary>
    public const int MaxConstantData = 64 * 1024 - 1;

    /// <returns>Each finding as "file(line): member: what".</returns>
    public static List<string> Find(DeviceBuild build) =>
        [.. build.Module.GetTypes().SelectMany(type => FindIn(build, type)).Concat(ConstantData(build)).Distinct()];

    private static IEnumerable<string> FindIn(DeviceBuild build, TypeDefinition type)
    {
        foreach (TypeUse use in TypeUse.Of(type))
        {
            if (Refuse(use.Type) is { } reason)
            {
                yield return Finding(build, use.Member, use.Instruction, $"{use.Type.FullName}: {reason}");
            }
        }

        // The compiler itself lays out the data of constant arrays explicitly, and the metadata processor knows those.
        if (type.IsExplicitLayout && type.DeclaringType?.Name != "<PrivateImplementationDetails>")
        {
            yield return Finding(build, type, null, "explicit layout is not supported");
        }

        foreach (FieldDefinition field in type.Fields.Where(field => field.Constant is string text && text.Contains('\0')))
        {
            yield return Finding(build, field, null, "a string ends at its first NUL on the device");
        }

        foreach (MethodDefinition method in type.Methods.Where(method => method.HasBody))
        {
            if (type.IsInterface)
            {
                yield return Finding(build, method, null, "an interface method with a body fails when run");
            }

            foreach (Instruction instruction in method.Body.Instructions)
            {
                if (Refuse(instruction) is { } reason)
                {
                    yield return Finding(build, method, instruction, reason);
                }
            }
        }
    }

    private static string? Refuse(TypeReference type) => type switch
    {
        GenericInstanceType or GenericParameter => "generics do not load",
        ArrayType { Rank: > 1 } => "multi-dimensional arrays do not convert",
        TypeSpecification wrapped => Refuse(wrapped.ElementType),
        _ => type.DeclaringType is null ? null : Refuse(type.DeclaringType),
    };

    private static string? Refuse(Instruction instruction)
    {
        string name = instruction.OpCode.Name;
        if (name.Contains(".ovf", StringComparison.Ordinal))
        {
            return $"{name}: 'checked' never throws (a long as an array's index or length is converted so, too)";
        }

        if (instruction.Operand is string text && text.Contains('\0'))
        {
            return "a string ends at its first NUL on the device";
        }

        if (instruction.OpCode.Code == Code.Constrained && instruction.Next.Operand is MethodReference { Name: "ToString" }
            && instruction.Operand is TypeReference type && type.Resolve().IsEnum)
        {
            return $"{type.FullName}.ToString gives the number on the device, not the name";
        }

        return null;
    }

    private static IEnumerable<string> ConstantData(DeviceBuild build)
    {
        int size = build.Module.GetTypes().SelectMany(type => type.Fields).Sum(field => field.InitialValue.Length);
        return size <= MaxConstantData ? []
            : [$"{build.Module.Assembly.Name.Name}: {size} bytes of constant arrays, at most {MaxConstantData} are allowed in one assembly"];
    }

    private static string Finding(DeviceBuild build, IMemberDefinition member, Instruction? instruction, string what)
    {
        string where = instruction is null ? build.Locate(member) : build.Locate((MethodDefinition)member, instruction);
        return $"{where}: {CallGraph.Name(member)}: {what}";
    }
}
