using System;

namespace Ws.Micro.Fuzz;

/// <summary>
/// A fault planted between a target and the library, to show that it is found: the environment's WS_MICRO_FUZZ_FAULT names it. It strikes
/// when a step's first byte is 'B'.
/// </summary>
internal enum Fault
{
    None,
    WritesBeyond,
    ReadsBeyond,
    Allocates,
    Throws,
}

internal static class Planted
{
    private static object? _allocated;

    public static Fault Fault { get; set; } = Enum.Parse<Fault>(Environment.GetEnvironmentVariable("WS_MICRO_FUZZ_FAULT") ?? nameof(Fault.None));

    /// <summary>Called after each step of the library over the bytes from <paramref name="start"/> to <paramref name="end"/>.</summary>
    public static void Strike(byte[] buffer, int start, int end)
    {
        if (Fault == Fault.None || start == end || buffer[start] != 'B')
        {
            return;
        }

        switch (Fault)
        {
            case Fault.WritesBeyond:
                buffer[end] ^= 0xFF;
                break;
            case Fault.ReadsBeyond:
                buffer[start] = buffer[end];
                break;
            case Fault.Allocates:
                _allocated = new object();
                break;
            default:
                throw new InvalidOperationException("planted");
        }
    }
}
