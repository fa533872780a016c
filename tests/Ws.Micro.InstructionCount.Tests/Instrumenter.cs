using System.Collections.Generic;
using System.Linq;
using Mono.Cecil;
using Mono.Cecil.Cil;
using Mono.Cecil.Rocks;

namespace Ws.Micro.InstructionCount.Tests;

/// <summary>Rewrites a module so that it counts the instructions it executes: each basic block adds their number as it is entered.</summary>
internal static class Instrumenter
{
    public const string CounterType = "ExecutedInstructions", CounterField = "Count";

    /// <summary>
    /// Adds a public static long to the module, and the counting to every method. A call counts as the one instruction that it is, and what
    /// it calls counts where that is in the module too. Exact unless an exception leaves a block before its end.
    /// </summary>
    public static void Instrument(ModuleDefinition module)
    {
        MethodDefinition[] methods = [.. module.GetTypes().SelectMany(type => type.Methods).Where(method => method.HasBody)];
        TypeDefinition type = new(
            "", CounterType, TypeAttributes.Public | TypeAttributes.Abstract | TypeAttributes.Sealed, module.TypeSystem.Object);
        FieldDefinition counter = new(CounterField, FieldAttributes.Public | FieldAttributes.Static, module.TypeSystem.Int64);
        type.Fields.Add(counter);
        module.Types.Add(type);
        foreach (MethodDefinition method in methods)
        {
            Instrument(method.Body, counter);
        }
    }

    private static void Instrument(MethodBody body, FieldDefinition counter)
    {
        Dictionary<Instruction, int> blocks = Blocks(body);
        body.SimplifyMacros();
        ILProcessor il = body.GetILProcessor();
        Dictionary<Instruction, Instruction> entries = [];
        foreach ((Instruction first, int count) in blocks)
        {
            entries[first] = il.Create(OpCodes.Ldsfld, counter);
            il.InsertBefore(first, entries[first]);
            il.InsertBefore(first, il.Create(OpCodes.Ldc_I8, (long)count));
            il.InsertBefore(first, il.Create(OpCodes.Add));
            il.InsertBefore(first, il.Create(OpCodes.Stsfld, counter));
        }

        foreach (Instruction instruction in body.Instructions)
        {
            instruction.Operand = instruction.Operand switch
            {
                Instruction target => entries[target],
                Instruction[] targets => targets.Select(target => entries[target]).ToArray(),
                object operand => operand,
                null => null,
            };
        }

        foreach (ExceptionHandler handler in body.ExceptionHandlers)
        {
            handler.TryStart = entries[handler.TryStart];
            handler.TryEnd = entries[handler.TryEnd];
            handler.HandlerStart = entries[handler.HandlerStart];
            handler.HandlerEnd = handler.HandlerEnd is null ? null : entries[handler.HandlerEnd];
            handler.FilterStart = handler.FilterStart is null ? null : entries[handler.FilterStart];
        }

        body.OptimizeMacros();
    }

    /// <summary>The first instruction of each basic block (ECMA-335 §III.1.7), and how many the block has.</summary>
    private static Dictionary<Instruction, int> Blocks(MethodBody body)
    {
        HashSet<Instruction?> leaders = [body.Instructions[0]];
        foreach (ExceptionHandler handler in body.ExceptionHandlers)
        {
            leaders.UnionWith([handler.TryStart, handler.TryEnd, handler.HandlerStart, handler.HandlerEnd, handler.FilterStart]);
        }

        foreach (Instruction instruction in body.Instructions)
        {
            leaders.UnionWith(instruction.Operand switch
            {
                Instruction target => [target],
                Instruction[] targets => targets,
                _ => [],
            });
            if (instruction.OpCode.FlowControl is FlowControl.Branch or FlowControl.Cond_Branch or FlowControl.Return or FlowControl.Throw)
            {
                leaders.Add(instruction.Next);
            }
        }

        Dictionary<Instruction, int> blocks = [];
        Instruction block = body.Instructions[0];
        foreach (Instruction instruction in body.Instructions)
        {
            block = leaders.Contains(instruction) ? instruction : block;
            blocks[block] = blocks.GetValueOrDefault(block) + 1;
        }

        return blocks;
    }
}
