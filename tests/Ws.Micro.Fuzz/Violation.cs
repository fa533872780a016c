using System;

namespace Ws.Micro.Fuzz;

/// <summary>The library broke an invariant.</summary>
internal sealed class Violation : Exception
{
    private Violation(string message)
        : base(message)
    {
    }

    /// <summary>Throws unless the invariant holds.</summary>
    public static void Unless(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new Violation(otherwise);
        }
    }

    /// <summary>Throws unless both are equal, and shows them.</summary>
    public static void UnlessEqual<T>(T expected, T seen, string what)
    {
        if (!Equals(expected, seen))
        {
            throw new Violation($"{what}: expected\n{expected}\nseen\n{seen}");
        }
    }
}
