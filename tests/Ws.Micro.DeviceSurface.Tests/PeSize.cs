using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Ws.Micro.DeviceSurface.Tests;

/// <summary>
/// The size in bytes of the .pe file that nanoFramework's metadata processor makes of a build: a header of 124 bytes; tables with records of a
/// fixed size; each name and text once, unless the firmware knows it; signatures, one inside another where it fits; IL with tokens of two
/// bytes. Each part is filled up to a multiple of four.
/// <para>Set against the processor itself (its sources of July 2026), this gave the size of each form to within 4 bytes, and never less: without
/// permessage-deflate 22,208, and 18,880 without the server too; with it 37,928 and 34,188. The order of the source files, which decides in
/// what order types are found, moves either by a few bytes.</para>
/// </summary>
internal sealed class PeSize
{
    private const int Header = 124, AssemblyRefRecord = 12, TypeDefRecord = 24, MethodDefRecord = 16, Record = 8, TypeSpecRecord = 4, HandlerRecord = 12;

    /// <summary>Of the texts that every firmware has in a table of its own, those that this library uses. One that is not here counts in full.</summary>
    private static readonly HashSet<string> KnownTexts = [.. (
        ".cctor .ctor ArgumentException ArgumentOutOfRangeException Array Attribute BitConverter Byte Char Check Clear Close "
        + "CompareExchange Concat Contains Convert Copy Dispose Encoding EndPoint Enter Entry Enum Equals Exception Exchange Flags "
        + "GetBytes GetString Hash IDisposable IndexOf IndexOfAny Int16 Int32 Int64 Interlocked InvalidOperationException Join Key LastIndexOf "
        + "Message Min NextBytes Object ObjectDisposedException Parse Random Read Reflection Reset Second SetValue Source Split Start Stream "
        + "String Strings Substring System System.IO System.Security.Cryptography.X509Certificates System.Text System.Threading Thread "
        + "ThreadStart Timer TimerCallback ToBase64String ToCharArray ToInt32 ToLower ToString Type UInt16 Value ValueType Version Write "
        + "X509Certificate _count _head _message _random _size get_Chars get_ErrorCode get_Length get_Message get_UTF8 key mscorlib next "
        + "op_Equality op_Inequality set_ReadTimeout set_WriteTimeout value value__").Split(' ')];

    /// <summary>Attributes that the processor leaves out by itself.</summary>
    private static readonly HashSet<string> IgnoredAttributes =
        ["System.ParamArrayAttribute", "System.Reflection.DefaultMemberAttribute", "System.FlagsAttribute", "System.ObsoleteAttribute"];

    private static readonly string[] Primitives =
    [
        "Void", "Boolean", "SByte", "Byte", "Char", "Int16", "UInt16", "Int32", "UInt32", "Single", "Int64", "UInt64", "Double",
        "DateTime", "TimeSpan", "String", "Object",
    ];

    private readonly ModuleDefinition _module;
    private readonly HashSet<string> _excluded;
    private readonly List<TypeDefinition> _types;
    private readonly HashSet<MetadataToken> _reached = [];
    private readonly List<TypeReference> _typeReferences;
    private readonly List<MemberReference> _memberReferences;
    private readonly HashSet<string> _typeSpecs = [];
    private readonly HashSet<string> _texts = [""];
    private readonly List<byte> _signatures = [];
    private readonly List<byte[]> _added = [];

    private PeSize(ModuleDefinition module, IEnumerable<string> excluded)
    {
        _module = module;
        _excluded = [.. excluded, "<Module>", "System.Runtime.CompilerServices.RefSafetyRulesAttribute"];
        List<TypeDefinition> ordered = Order(module);
        foreach (TypeDefinition type in ordered.Where(type => !IsExcluded(type)))
        {
            Reach(type);
        }

        _types = [.. ordered.Where(type => _reached.Contains(type.MetadataToken))];
        _typeReferences = [.. module.GetTypeReferences().Where(type => _reached.Contains(type.MetadataToken))];
        _memberReferences = [.. module.GetMemberReferences().Where(member => _reached.Contains(member.MetadataToken))];
    }

    /// <param name="build">What would be converted.</param>
    /// <param name="excluded">The classes that the project leaves out of the .pe, by full name.</param>
    public static int Of(DeviceBuild build, IEnumerable<string> excluded) => new PeSize(build.Module, excluded).Compute();

    private int Compute()
    {
        MethodDefinition[] methods = [.. _types.SelectMany(type => type.Methods)];
        FieldDefinition[] fields = [.. _types.SelectMany(type => type.Fields).Where(field => !field.HasConstant)];
        AssemblyNameReference[] assemblies = [.. _typeReferences.Select(type => type.Scope).OfType<AssemblyNameReference>().Distinct()];
        AddTexts(assemblies, methods, fields);
        AddSignatures();
        int[] parts =
        [
            assemblies.Length * AssemblyRefRecord, _typeReferences.Count * Record, _memberReferences.Count * Record,
            _types.Count * TypeDefRecord, fields.Length * Record, methods.Length * MethodDefRecord, _typeSpecs.Count * TypeSpecRecord,
            _texts.Where(text => !KnownTexts.Contains(text)).Sum(text => Encoding.UTF8.GetByteCount(text) + 1),
            _signatures.Count, methods.Where(method => method.HasBody).Sum(CodeSize),
        ];
        return Header + parts.Sum(part => (part + 3) & ~3);
    }

    private bool IsExcluded(TypeDefinition type) =>
        _excluded.Contains(type.FullName) || (type.DeclaringType != null && _excluded.Contains(type.DeclaringType.FullName));

    // Types in the order of the .pe: by name, but those that a type's calls take or give before it.
    private static List<TypeDefinition> Order(ModuleDefinition module)
    {
        List<TypeDefinition> ordered = [];
        HashSet<TypeDefinition> seen = [];
        foreach (TypeDefinition type in module.GetTypes().Where(type => type.FullName != "<Module>").OrderBy(type => type.FullName))
        {
            Add(type);
        }

        return ordered;

        void Add(TypeReference? reference)
        {
            TypeDefinition? type = reference?.GetElementType() as TypeDefinition;
            if (type == null || seen.Contains(type))
            {
                return;
            }

            Add(type.DeclaringType);
            foreach (InterfaceImplementation implementation in type.Interfaces)
            {
                Add(implementation.InterfaceType);
            }

            if (!seen.Add(type))
            {
                return;
            }

            foreach (MethodReference method in type.Methods.Where(method => method.HasBody)
                .SelectMany(method => method.Body.Instructions).Select(instruction => instruction.Operand).OfType<MethodReference>())
            {
                Add(method.ReturnType);
                foreach (ParameterDefinition parameter in method.Parameters)
                {
                    Add(parameter.ParameterType);
                }
            }

            ordered.Add(type);
        }
    }

    private void Reach(TypeReference? type)
    {
        if (type == null)
        {
            return;
        }

        if (type is GenericInstanceType or GenericParameter)
        {
            throw new NotSupportedException($"{type.FullName}: generic types are not counted");
        }

        type = type.GetElementType();
        if (Primitive(type) >= 0 && type is not TypeDefinition && type.MetadataToken.TokenType != TokenType.TypeRef)
        {
            return;
        }

        if (_reached.Add(type.MetadataToken))
        {
            Reach(type.DeclaringType);
            if (type is TypeDefinition definition)
            {
                ReachMembers(definition);
            }
        }
    }

    private void ReachMembers(TypeDefinition type)
    {
        CheckAttributes(type);
        Reach(type.BaseType);
        foreach (InterfaceImplementation implementation in type.Interfaces)
        {
            Reach(implementation.InterfaceType);
        }

        foreach (FieldDefinition field in type.Fields.Where(field => !field.HasConstant))
        {
            CheckAttributes(field);
            ReachUnlessPrimitive(field.FieldType);
        }

        foreach (MethodDefinition method in type.Methods)
        {
            CheckAttributes(method);
            ReachSignature(method);
            foreach (VariableDefinition variable in method.HasBody ? method.Body.Variables : [])
            {
                ReachUnlessPrimitive(variable.VariableType);
            }

            foreach (object operand in method.HasBody ? method.Body.Instructions.Select(instruction => instruction.Operand) : [])
            {
                ReachOperand(operand);
            }

            foreach (ExceptionHandler handler in method.HasBody ? method.Body.ExceptionHandlers : [])
            {
                Reach(handler.CatchType);
            }
        }
    }

    private void ReachOperand(object operand)
    {
        if (operand is MemberReference member and not TypeReference)
        {
            Reach(member.DeclaringType);
            if (member is not IMemberDefinition && _reached.Add(member.MetadataToken))
            {
                if (member is MethodReference method)
                {
                    ReachSignature(method);
                }
                else
                {
                    ReachUnlessPrimitive(((FieldReference)member).FieldType);
                }
            }
        }
        else if (operand is TypeReference type)
        {
            Reach(type);
            if (type is TypeSpecification)
            {
                _typeSpecs.Add(type.FullName);
            }
        }
    }

    private void ReachSignature(MethodReference method)
    {
        ReachUnlessPrimitive(method.ReturnType);
        foreach (ParameterDefinition parameter in method.Parameters)
        {
            ReachUnlessPrimitive(parameter.ParameterType);
        }
    }

    private void ReachUnlessPrimitive(TypeReference type)
    {
        if (Primitive(type.GetElementType()) < 0)
        {
            Reach(type);
        }
    }

    private void CheckAttributes(ICustomAttributeProvider provider)
    {
        CustomAttribute? counted = provider.CustomAttributes.FirstOrDefault(attribute =>
            !_excluded.Contains(attribute.AttributeType.FullName) && !IgnoredAttributes.Contains(attribute.AttributeType.FullName));
        if (counted != null)
        {
            throw new NotSupportedException($"{provider}: {counted.AttributeType.FullName} takes flash, and is not counted");
        }
    }

    private void AddTexts(AssemblyNameReference[] assemblies, MethodDefinition[] methods, FieldDefinition[] fields)
    {
        _texts.Add(_module.Assembly.Name.Name);
        _texts.UnionWith(assemblies.Select(assembly => assembly.Name));
        foreach (TypeReference type in _typeReferences.Concat(_types))
        {
            _texts.Add(type.Namespace);
            _texts.Add(type.Name);
        }

        // The names of all members of a type that is used in part.
        string[] names = [.. _typeReferences.Select(type => type.FullName)];
        _texts.UnionWith(_module.GetMemberReferences()
            .Where(member => names.Any(name => name.Contains(member.DeclaringType.FullName, StringComparison.Ordinal))).Select(member => member.Name));
        _texts.UnionWith(fields.Select(field => field.Name));
        _texts.UnionWith(methods.Select(method => method.Name));
        _texts.UnionWith(methods.Where(method => method.HasBody)
            .SelectMany(method => method.Body.Instructions).Select(instruction => instruction.Operand).OfType<string>());
    }

    private void AddSignatures()
    {
        foreach (MethodReference method in _memberReferences.OfType<MethodReference>())
        {
            AddSignature(Signature(method));
        }

        foreach (TypeDefinition type in _types)
        {
            foreach (FieldDefinition field in type.Fields.Where(field => !field.HasConstant).OrderByDescending(field => field.IsStatic))
            {
                AddSignature([6, .. Signature(field.FieldType)]);
                byte[] data = field.InitialValue;
                AddSignature(data.Length == 0 ? [] : [(byte)data.Length, (byte)(data.Length >> 8), .. data]);
            }

            foreach (MethodDefinition method in type.Methods.OrderBy(method => method.IsVirtual ? 0 : method.IsStatic ? 2 : 1))
            {
                AddSignature(Signature(method));
                AddSignature(method.HasBody ? [.. method.Body.Variables.SelectMany(variable => Signature(variable.VariableType))] : []);
            }

            AddSignature(type.HasInterfaces ? [(byte)type.Interfaces.Count, .. type.Interfaces.SelectMany(each => Token(each.InterfaceType))] : []);
        }
    }

    // Where the bytes are there already, they serve; but for the very last ones.
    private void AddSignature(byte[] signature)
    {
        byte[] all = [.. _signatures];
        int at = all.AsSpan().IndexOf(signature);
        if (signature.Length > 0 && (at < 0 || (at == all.Length - signature.Length && _added.All(added => !added.AsSpan().SequenceEqual(signature)))))
        {
            _signatures.AddRange(signature);
        }

        _added.Add(signature);
    }

    private byte[] Signature(MethodReference method) =>
    [
        (byte)(method.HasThis ? 0x20 : 0), (byte)method.Parameters.Count, .. Signature(method.ReturnType),
        .. method.Parameters.SelectMany(parameter => Signature(parameter.ParameterType)),
    ];

    private byte[] Signature(TypeReference type) => type switch
    {
        ByReferenceType reference => [Code(4), .. Signature(reference.ElementType)],
        ArrayType array => [Code(3), .. Signature(array.ElementType)],
        _ when Primitive(type) >= 0 && type.Name is not ("DateTime" or "TimeSpan") => [(byte)Primitive(type)],
        _ => [Code(type.IsValueType ? 2 : 1), .. Token(type)],
    };

    private static byte Code(int afterObject) => (byte)(Primitives.Length - 1 + afterObject);

    // One byte, or two where the type's place in its table is 32 or beyond.
    private byte[] Token(TypeReference type)
    {
        int token = type is TypeDefinition definition ? _types.IndexOf(definition) << 2 : (_typeReferences.IndexOf(type) << 2) | 1;
        return token < 0x80 ? [(byte)token] : [(byte)((token >> 8) | 0x80), (byte)token];
    }

    private static int Primitive(TypeReference type) => type.Namespace == "System" ? Array.IndexOf(Primitives, type.Name) : -1;

    private static int CodeSize(MethodDefinition method)
    {
        int handlers = method.Body.ExceptionHandlers.Count;
        return method.Body.Instructions.Sum(instruction => instruction.OpCode.Size + OperandSize(instruction))
            + (handlers == 0 ? 0 : (handlers * HandlerRecord) + 1);
    }

    private static int OperandSize(Instruction instruction) => instruction.OpCode.OperandType switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineVar or OperandType.ShortInlineArg or OperandType.ShortInlineI => 1,
        OperandType.InlineI or OperandType.InlineTok or OperandType.ShortInlineR => 4,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        OperandType.InlineSwitch => 1 + (2 * ((Instruction[])instruction.Operand).Length),
        _ => 2,
    };
}
