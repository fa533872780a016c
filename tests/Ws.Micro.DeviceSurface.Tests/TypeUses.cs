using System.Collections.Generic;
using System.Linq;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Ws.Micro.DeviceSurface.Tests;

/// <summary>A type that a member mentions, in its signature or (then with the instruction) in its body.</summary>
internal sealed record TypeUse(IMemberDefinition Member, Instruction? Instruction, TypeReference Type)
{
    public static IEnumerable<TypeUse> Of(TypeDefinition type)
    {
        IEnumerable<TypeReference> ofType = type.Interfaces.Select(i => i.InterfaceType).Concat(Constraints(type));
        if (type.BaseType is not null)
        {
            ofType = ofType.Append(type.BaseType);
        }

        return ofType.Select(used => new TypeUse(type, null, used))
            .Concat(type.Fields.Select(field => new TypeUse(field, null, field.FieldType)))
            .Concat(type.Methods.SelectMany(OfMethod));
    }

    private static IEnumerable<TypeUse> OfMethod(MethodDefinition method)
    {
        IEnumerable<TypeReference> types = method.Parameters.Select(p => p.ParameterType).Append(method.ReturnType).Concat(Constraints(method));
        if (method.HasBody)
        {
            types = types.Concat(method.Body.Variables.Select(variable => variable.VariableType))
                .Concat(method.Body.ExceptionHandlers.Where(handler => handler.CatchType is not null).Select(handler => handler.CatchType));
        }

        IEnumerable<TypeUse> uses = types.Select(used => new TypeUse(method, null, used));
        return !method.HasBody ? uses : uses.Concat(method.Body.Instructions.SelectMany(instruction =>
            OfOperand(instruction.Operand).Select(used => new TypeUse(method, instruction, used))));
    }

    private static IEnumerable<TypeReference> OfOperand(object? operand) => operand switch
    {
        TypeReference type => [type],
        FieldReference field => [field.DeclaringType, field.FieldType],
        GenericInstanceMethod generic => [.. generic.GenericArguments, .. OfOperand(generic.ElementMethod)],
        MethodReference method => [method.DeclaringType, method.ReturnType, .. method.Parameters.Select(p => p.ParameterType)],
        CallSite site => [site.ReturnType, .. site.Parameters.Select(p => p.ParameterType)],
        _ => [],
    };

    private static IEnumerable<TypeReference> Constraints(IGenericParameterProvider provider) =>
        provider.GenericParameters.Concat(provider.GenericParameters.SelectMany(p => p.Constraints.Select(c => c.ConstraintType)));
}
