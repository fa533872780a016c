namespace Ws.Micro;

public sealed partial class PerMessageDeflateOptions
{
    partial void SetPlatformDefaults()
    {
        MemoryLimit = 32 * 1024;
        DynamicCodes = true;
        LookupBits = 9;
    }
}
