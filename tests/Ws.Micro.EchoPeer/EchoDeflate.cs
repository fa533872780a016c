namespace Ws.Micro.EchoPeer;

/// <summary>permessage-deflate (RFC 7692) as the echo offers and accepts it: any window both ways, whatever the memory.</summary>
public static class EchoDeflate
{
    /// <summary>The settings of a stack. The device's stack codes and decodes as the device does: with static codes and without tables.</summary>
    public static PerMessageDeflateOptions For(Stack stack)
    {
        PerMessageDeflateOptions options = new() { MemoryLimit = int.MaxValue };
        if (stack == Stack.Device)
        {
            options.DynamicCodes = false;
            options.LookupBits = 0;
        }

        return options;
    }
}
