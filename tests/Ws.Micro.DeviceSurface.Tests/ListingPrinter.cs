using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Mono.Cecil;

namespace Ws.Micro.DeviceSurface.Tests;

/// <summary>Prints an assembly's public and protected surface in the form of nano-api, so that the two can be compared.</summary>
internal static class ListingPrinter
{
    /// <returns>The lines, each member's line following its type's.</returns>
    public static List<string> Print(ModuleDefinition module)
    {
        List<string> lines = [$"assembly {module.Assembly.Name.Name} {module.Assembly.Name.Version}"];
        lines.AddRange(module.AssemblyReferences.Select(reference => $"reference {reference.Name} {reference.Version}"));
        foreach (TypeDefinition type in module.GetTypes().Where(type => type.IsPublic || type.IsNestedPublic))
        {
            lines.Add(Header(type));
            lines.AddRange(Members(type).Select(line => "    " + line));
        }

        return lines;
    }

    private static string Header(TypeDefinition type)
    {
        bool isDelegate = type.BaseType?.FullName == "System.MulticastDelegate";
        string kind = type.IsEnum ? "enum" : isDelegate ? "delegate" : type.IsInterface ? "interface" : type.IsValueType ? "struct" : "class";
        string modifier = kind != "class" ? "" : (type.IsAbstract, type.IsSealed) switch
        {
            (true, true) => "static ",
            (true, false) => "abstract ",
            (false, true) => "sealed ",
            _ => "",
        };
        IEnumerable<string> bases = type.IsEnum ? [type.Fields.Single(field => field.Name == "value__").FieldType.FullName]
            : type.Interfaces.Select(i => i.InterfaceType.FullName);
        if (kind == "class" && type.BaseType is { FullName: not "System.Object" } baseType)
        {
            bases = bases.Prepend(baseType.FullName);
        }

        return $"public {modifier}{kind} {type.FullName}{(bases.Any() ? " : " + string.Join(", ", bases) : "")}";
    }

    private static IEnumerable<string> Members(TypeDefinition type)
    {
        if (type.BaseType?.FullName == "System.MulticastDelegate")
        {
            MethodDefinition invoke = type.Methods.Single(method => method.Name == "Invoke");
            return [$"Invoke {invoke.ReturnType.FullName} ({Parameters(invoke.Parameters)})"];
        }

        IEnumerable<FieldDefinition> fields = type.Fields.Where(field => field.IsPublic || field.IsFamily);
        if (type.IsEnum)
        {
            return fields.Where(field => field.IsLiteral).Select(field => $"{field.Name} = {Convert.ToString(field.Constant, CultureInfo.InvariantCulture)}");
        }

        return fields.Select(Field)
            .Concat(type.Properties.Select(property => Property(type, property)))
            .Concat(type.Events.Select(e => $"{Modifiers(type, e.AddMethod)}event {e.EventType.FullName} {e.Name}"))
            .Concat(type.Methods.Where(method => !method.IsGetter && !method.IsSetter && !method.IsAddOn && !method.IsRemoveOn).Select(method =>
                Modifiers(type, method)
                + (method.IsConstructor ? "constructor .ctor" : $"method {method.ReturnType.FullName} {method.Name}")
                + $"({Parameters(method.Parameters)})"));
    }

    private static string Field(FieldDefinition field)
    {
        string access = field.IsPublic ? "public " : "protected ";
        string modifiers = field.IsLiteral ? "const " : (field.IsStatic ? "static " : "") + (field.IsInitOnly ? "readonly " : "");
        return $"{access}{modifiers}field {field.FieldType.FullName} {field.Name}" + (field.IsLiteral ? $" = {ConstantOfField(field.Constant)}" : "");
    }

    private static string Property(TypeDefinition type, PropertyDefinition property)
    {
        MethodDefinition accessor = property.GetMethod ?? property.SetMethod;
        IEnumerable<ParameterDefinition> parameters = accessor.Parameters.Take(property.Parameters.Count);
        return $"{Modifiers(type, accessor)}property {property.PropertyType.FullName} {property.Name}"
            + (parameters.Any() ? $"[{Parameters(parameters)}]" : "")
            + $" {{ {(property.GetMethod is null ? "" : "get; ")}{(property.SetMethod is null ? "" : "set; ")}}}";
    }

    private static string Modifiers(TypeDefinition type, MethodDefinition method) =>
        (method.IsPublic ? "public " : "protected ") + (type.IsInterface ? "" : method switch
        {
            { IsStatic: true } => "static ",
            { IsAbstract: true } => "abstract ",
            { IsVirtual: true, IsNewSlot: true } => "virtual ",
            { IsVirtual: true } => "override ",
            _ => "",
        });

    private static string Parameters(IEnumerable<ParameterDefinition> parameters) => string.Join(", ", parameters.Select(parameter =>
    {
        TypeReference type = parameter.ParameterType;
        string modifier = !type.IsByReference ? "" : parameter.IsOut ? "out " : "ref ";
        return $"{modifier}{(type is ByReferenceType reference ? reference.ElementType : type).FullName} {parameter.Name}"
            + (parameter.HasConstant ? $" = {ConstantOfParameter(parameter.Constant)}" : "");
    }));

    private static string ConstantOfParameter(object? value) => value switch
    {
        null => "null",
        string s => $"\"{s}\"",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string ConstantOfField(object value) => value switch
    {
        char c => $"(char){(int)c}",
        string s => $"\"{s}\"",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
