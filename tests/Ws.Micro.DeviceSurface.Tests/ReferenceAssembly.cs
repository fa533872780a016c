using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Ws.Micro.DeviceSurface.Tests;

/// <summary>Turns a listing into an assembly with exactly that surface; every body throws.</summary>
internal sealed class ReferenceAssembly
{
    private const MethodAttributes AccessorOfEventOrProperty = MethodAttributes.SpecialName | MethodAttributes.HideBySig;

    /// <summary>What the libraries' sources say and the listings cannot: these last parameters are 'params'.</summary>
    private static readonly HashSet<string> ParamsMethods =
    [
        "System.String.Format(System.String,System.Object[])",
        "System.String.Concat(System.Object[])",
        "System.String.Concat(System.String[])",
        "System.String.Split(System.Char[])",
        "System.String.Trim(System.Char[])",
        "System.String.TrimStart(System.Char[])",
        "System.String.TrimEnd(System.Char[])",
        "System.Diagnostics.CodeAnalysis.MemberNotNullAttribute..ctor(System.String[])",
        "System.Diagnostics.CodeAnalysis.MemberNotNullWhenAttribute..ctor(System.Boolean,System.String[])",
        "nanoFramework.TestFramework.DataRowAttribute..ctor(System.Object[])",
    ];

    /// <summary>Likewise: a ref struct, so that it cannot be boxed or kept in a field.</summary>
    private const string RefStruct = "System.SpanByte";

    private readonly Listing _listing;
    private readonly IReadOnlyDictionary<string, (Listing Library, ListedType Type)> _surface;
    private readonly AssemblyDefinition _assembly;
    private readonly ModuleDefinition _module;
    private readonly Dictionary<string, TypeReference> _primitives;
    private readonly Dictionary<string, AssemblyNameReference> _references = [];

    private ReferenceAssembly(Listing listing, IReadOnlyDictionary<string, (Listing, ListedType)> surface)
    {
        _listing = listing;
        _surface = surface;

        // Cecil looks the primitives of a module named mscorlib up in its image, and this one has none yet: named at the end.
        _assembly = AssemblyDefinition.CreateAssembly(new AssemblyNameDefinition("unnamed", listing.Version), listing.Name, ModuleKind.Dll);
        _module = _assembly.MainModule;
        foreach ((string name, Version version) in listing.References)
        {
            _references[name] = new AssemblyNameReference(name, version);
            _module.AssemblyReferences.Add(_references[name]);
        }

        TypeSystem types = _module.TypeSystem;
        _primitives = new[]
        {
            types.Void, types.Object, types.String, types.Boolean, types.Char, types.SByte, types.Byte, types.Int16, types.UInt16,
            types.Int32, types.UInt32, types.Int64, types.UInt64, types.Single, types.Double, types.IntPtr, types.UIntPtr,
            types.TypedReference,
        }.ToDictionary(type => type.FullName);
    }

    /// <param name="listing">The library to build.</param>
    /// <param name="surface">Every listed type of every library, by its listed name.</param>
    public static byte[] Build(Listing listing, IReadOnlyDictionary<string, (Listing, ListedType)> surface)
    {
        var builder = new ReferenceAssembly(listing, surface);
        foreach (ListedType type in listing.Types)
        {
            builder.Declare(type);
        }

        foreach (ListedType type in listing.Types)
        {
            builder.Define(type);
        }

        builder._assembly.Name.Name = listing.Name;
        if (listing.References.Count == 0)
        {
            builder._module.AssemblyReferences.Clear();
        }

        using var image = new MemoryStream();
        builder._assembly.Write(image);
        return image.ToArray();
    }

    private void Declare(ListedType listed)
    {
        TypeAttributes attributes = listed.Kind switch
        {
            "interface" => TypeAttributes.Interface | TypeAttributes.Abstract,
            "class" => listed.Modifier switch
            {
                "static" => TypeAttributes.Abstract | TypeAttributes.Sealed,
                "abstract" => TypeAttributes.Abstract,
                "sealed" => TypeAttributes.Sealed,
                _ => 0,
            },
            "struct" => TypeAttributes.Sealed | TypeAttributes.SequentialLayout,
            _ => TypeAttributes.Sealed,
        };

        int slash = listed.Name.LastIndexOf('/');
        int dot = listed.Name.LastIndexOf('.');
        if (slash >= 0)
        {
            var nested = new TypeDefinition("", listed.Name[(slash + 1)..], attributes | TypeAttributes.NestedPublic);
            Own(listed.Name[..slash]).NestedTypes.Add(nested);
        }
        else
        {
            _module.Types.Add(new TypeDefinition(listed.Name[..dot], listed.Name[(dot + 1)..], attributes | TypeAttributes.Public));
        }
    }

    private void Define(ListedType listed)
    {
        TypeDefinition type = Own(listed.Name);
        IEnumerable<string> interfaces = listed.Bases.Where(name => _surface[name].Type.Kind == "interface");
        string? baseClass = listed.Kind switch
        {
            "interface" => null,
            "enum" => "System.Enum",
            "struct" => "System.ValueType",
            "delegate" => "System.MulticastDelegate",
            _ => listed.Bases.Except(interfaces).SingleOrDefault() ?? (listed.Name == "System.Object" ? null : "System.Object"),
        };
        type.BaseType = baseClass is null ? null : Named(baseClass);
        if (listed.Kind == "enum")
        {
            type.Fields.Add(new FieldDefinition(
                "value__", FieldAttributes.Public | FieldAttributes.SpecialName | FieldAttributes.RTSpecialName, Type(listed.Bases[0])));
        }
        else
        {
            foreach (string name in interfaces)
            {
                type.Interfaces.Add(new InterfaceImplementation(Named(name)));
            }
        }

        foreach (ListedMember member in listed.Members)
        {
            Define(type, listed, member);
        }

        // A struct without fields would count as assigned before it is.
        if (listed.Kind == "struct" && !_primitives.ContainsKey(listed.Name) && type.Fields.All(field => field.IsStatic))
        {
            type.Fields.Add(new FieldDefinition("_hidden", FieldAttributes.Private, _primitives["System.Int32"]));
        }

        if (listed.Members.FirstOrDefault(member => member.Kind == "property" && member.Parameters.Length > 0) is { } indexer)
        {
            type.CustomAttributes.Add(Attribute("System.Reflection.DefaultMemberAttribute", (_primitives["System.String"], indexer.Name)));
        }

        if (listed.Name == RefStruct)
        {
            MarkByRefLike(type);
        }
    }

    private void Define(TypeDefinition type, ListedType listed, ListedMember member)
    {
        switch (member.Kind)
        {
            case "constant":
                type.Fields.Add(new FieldDefinition(
                    member.Name, FieldAttributes.Public | FieldAttributes.Static | FieldAttributes.Literal | FieldAttributes.HasDefault, type)
                { Constant = Constant(listed.Bases[0], member.Value!) });
                break;
            case "invoke":
                DefineDelegate(type, member);
                break;
            case "field":
                DefineField(type, member);
                break;
            case "property":
                var property = new PropertyDefinition(member.Name, PropertyAttributes.None, Type(member.Type));
                foreach (string accessor in member.Accessors)
                {
                    MethodDefinition method = Accessor(type, member, accessor + "_", accessor == "get" ? member.Type : "System.Void");
                    if (accessor == "get")
                    {
                        property.GetMethod = method;
                    }
                    else
                    {
                        property.SetMethod = method;
                    }
                }

                type.Properties.Add(property);
                break;
            case "event":
                type.Events.Add(new EventDefinition(member.Name, EventAttributes.None, Type(member.Type))
                {
                    AddMethod = Accessor(type, member, "add_", "System.Void"),
                    RemoveMethod = Accessor(type, member, "remove_", "System.Void"),
                });
                break;
            default:
                MethodAttributes special = member.Kind == "constructor" ? MethodAttributes.RTSpecialName | MethodAttributes.SpecialName
                    : member.Name.StartsWith("op_", StringComparison.Ordinal) ? MethodAttributes.SpecialName : 0;
                MethodDefinition defined = Method(
                    type, member, member.Name, member.Kind == "constructor" ? "System.Void" : member.Type, special | MethodAttributes.HideBySig);
                AddParameters(defined, member);
                string signature = $"{listed.Name}.{member.Name}({string.Join(',', member.Parameters.Select(p => p.Type))})";
                if (ParamsMethods.Contains(signature))
                {
                    defined.Parameters[^1].CustomAttributes.Add(Attribute("System.ParamArrayAttribute"));
                }

                break;
        }
    }

    private void DefineDelegate(TypeDefinition type, ListedMember invoke)
    {
        IEnumerable<string> types = invoke.Parameters.Select(p => p.Type).Append(invoke.Type);
        foreach (string parameter in types.Where(name => !name.Contains('.')).Distinct())
        {
            type.GenericParameters.Add(new GenericParameter(parameter, type));
        }

        var constructor = new MethodDefinition(
            ".ctor", MethodAttributes.Public | MethodAttributes.HideBySig | MethodAttributes.SpecialName | MethodAttributes.RTSpecialName, _primitives["System.Void"])
        { ImplAttributes = MethodImplAttributes.Runtime };
        constructor.Parameters.Add(new ParameterDefinition(_primitives["System.Object"]));
        constructor.Parameters.Add(new ParameterDefinition(_primitives["System.IntPtr"]));
        type.Methods.Add(constructor);

        var method = new MethodDefinition(
            "Invoke", MethodAttributes.Public | MethodAttributes.HideBySig | MethodAttributes.NewSlot | MethodAttributes.Virtual, Type(invoke.Type, type))
        { ImplAttributes = MethodImplAttributes.Runtime };
        type.Methods.Add(method);
        AddParameters(method, invoke);
    }

    private void DefineField(TypeDefinition type, ListedMember member)
    {
        FieldAttributes attributes = member.Access == "public" ? FieldAttributes.Public : FieldAttributes.Family;
        foreach (string modifier in member.Modifiers)
        {
            attributes |= modifier switch
            {
                "const" => FieldAttributes.Static | FieldAttributes.Literal | FieldAttributes.HasDefault,
                "static" => FieldAttributes.Static,
                _ => FieldAttributes.InitOnly,
            };
        }

        var field = new FieldDefinition(member.Name, attributes, Type(member.Type));
        if (member.Value is not null)
        {
            field.Constant = Constant(member.Type, member.Value);
        }

        type.Fields.Add(field);
    }

    private MethodDefinition Accessor(TypeDefinition type, ListedMember member, string prefix, string returns)
    {
        MethodDefinition method = Method(type, member, prefix + member.Name, returns, AccessorOfEventOrProperty);
        AddParameters(method, member);
        if (prefix != "get_")
        {
            method.Parameters.Add(new ParameterDefinition("value", ParameterAttributes.None, Type(member.Type)));
        }

        return method;
    }

    private MethodDefinition Method(TypeDefinition type, ListedMember member, string name, string returns, MethodAttributes attributes)
    {
        attributes |= member.Access == "public" ? MethodAttributes.Public : MethodAttributes.Family;
        string[] modifiers = type.IsInterface ? ["abstract"] : member.Modifiers;
        foreach (string modifier in modifiers)
        {
            attributes |= modifier switch
            {
                "static" => MethodAttributes.Static,
                "abstract" => MethodAttributes.Abstract | MethodAttributes.Virtual | MethodAttributes.NewSlot,
                "virtual" => MethodAttributes.Virtual | MethodAttributes.NewSlot,
                _ => MethodAttributes.Virtual,
            };
        }

        var method = new MethodDefinition(name, attributes, Type(returns));
        type.Methods.Add(method);
        if (!method.IsAbstract)
        {
            ILProcessor body = method.Body.GetILProcessor();
            body.Emit(OpCodes.Ldnull);
            body.Emit(OpCodes.Throw);
        }

        return method;
    }

    private void AddParameters(MethodDefinition method, ListedMember member)
    {
        foreach (ListedParameter listed in member.Parameters)
        {
            TypeReference type = Type(listed.Type, method.DeclaringType);
            var parameter = new ParameterDefinition(
                listed.Name,
                listed.Modifier == "out" ? ParameterAttributes.Out : ParameterAttributes.None,
                listed.Modifier.Length > 0 ? new ByReferenceType(type) : type);
            if (listed.Default is not null)
            {
                parameter.Attributes |= ParameterAttributes.Optional | ParameterAttributes.HasDefault;
                parameter.Constant = Constant(listed.Type, listed.Default);
            }

            method.Parameters.Add(parameter);
        }
    }

    private void MarkByRefLike(TypeDefinition type)
    {
        var attribute = new TypeDefinition(
            "System.Runtime.CompilerServices", "IsByRefLikeAttribute", TypeAttributes.NotPublic | TypeAttributes.Sealed, Named("System.Attribute"));
        var constructor = new MethodDefinition(
            ".ctor", MethodAttributes.Public | MethodAttributes.SpecialName | MethodAttributes.RTSpecialName, _primitives["System.Void"]);
        constructor.Body.GetILProcessor().Emit(OpCodes.Ret);
        attribute.Methods.Add(constructor);
        _module.Types.Add(attribute);
        type.CustomAttributes.Add(new CustomAttribute(constructor));
    }

    private CustomAttribute Attribute(string name, params (TypeReference Type, object Value)[] arguments)
    {
        var constructor = new MethodReference(".ctor", _primitives["System.Void"], Named(name)) { HasThis = true };
        foreach ((TypeReference type, _) in arguments)
        {
            constructor.Parameters.Add(new ParameterDefinition(type));
        }

        var attribute = new CustomAttribute(constructor);
        foreach ((TypeReference type, object value) in arguments)
        {
            attribute.ConstructorArguments.Add(new CustomAttributeArgument(type, value));
        }

        return attribute;
    }

    private TypeReference Type(string name, TypeDefinition? generic = null)
    {
        if (name.EndsWith("[]", StringComparison.Ordinal))
        {
            return new ArrayType(Type(name[..^2], generic));
        }

        return _primitives.GetValueOrDefault(name)
            ?? generic?.GenericParameters.FirstOrDefault(parameter => parameter.Name == name)
            ?? Named(name);
    }

    private TypeReference Named(string name)
    {
        if (!_surface.TryGetValue(name, out (Listing Library, ListedType Type) found))
        {
            throw new FormatException($"{_listing.Name}: the type '{name}' stands in no listing");
        }

        if (found.Library == _listing)
        {
            return Own(name);
        }

        int slash = name.LastIndexOf('/');
        bool isValueType = found.Type.Kind is "enum" or "struct";
        if (slash >= 0)
        {
            return new TypeReference("", name[(slash + 1)..], _module, null, isValueType) { DeclaringType = Named(name[..slash]) };
        }

        int dot = name.LastIndexOf('.');
        return new TypeReference(name[..dot], name[(dot + 1)..], _module, _references[found.Library.Name], isValueType);
    }

    private TypeDefinition Own(string name) => _module.GetType(name);

    private object? Constant(string type, string value)
    {
        if (value == "null")
        {
            return null;
        }

        if (_surface[type].Type is { Kind: "enum" } listed)
        {
            type = listed.Bases[0];
        }

        return type switch
        {
            "System.String" => value[1..^1],
            "System.Char" => value.StartsWith("(char)", StringComparison.Ordinal) ? (char)ushort.Parse(value[6..], CultureInfo.InvariantCulture) : value[0],
            _ => Convert.ChangeType(value, System.Type.GetType(type)!, CultureInfo.InvariantCulture),
        };
    }
}
