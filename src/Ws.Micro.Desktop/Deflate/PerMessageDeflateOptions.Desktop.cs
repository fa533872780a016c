using System;
using Ws.Micro.Deflate;

namespace Ws.Micro;

public sealed partial class PerMessageDeflateOptions
{
    // With smaller windows codes made for a block seldom pay for their memory.
    private const int MinDynamicWindowBits = 11;

    /// <summary>
    /// Whether the encoder may use codes made for a block (RFC 1951 §3.2.7), which makes messages of some KB 7 to 30 % smaller, for 5 KB of memory
    /// with a window of 11 bits to 16 KB with one of 15. Used with windows of 11 bits or more. Not there on the device. Default true.
    /// </summary>
    public bool DynamicCodes { get; set; }

    /// <summary>
    /// Bits of the decoder's lookup table, 7 to 10: speed for 8 bytes x 2^bits, with windows of 9 bits or more at most two windows' worth. 0: none,
    /// which takes the least memory.
    /// Not there on the device. Default 9.
    /// </summary>
    public int LookupBits { get; set; }

    partial void SetPlatformDefaults()
    {
        MemoryLimit = 32 * 1024;
        LookupBits = 9;
        DynamicCodes = true;
    }

    partial void AddDynamicCodes(int windowBits, ref int memoryBytes)
    {
        if (HasDynamicCodes(windowBits))
        {
            memoryBytes = Deflater.MemoryBytes(windowBits, HashBitsFor(windowBits), ChainDepth, true);
        }
    }

    partial void MakeDeflater(int windowBits, ref Deflater? deflater)
    {
        if (HasDynamicCodes(windowBits))
        {
            deflater = new Deflater(windowBits, HashBitsFor(windowBits), ChainDepth, true);
        }
    }

    partial void CheckLookup()
    {
        if (LookupBits is not (0 or (>= 7 and <= 10)))
        {
            throw new ArgumentOutOfRangeException(nameof(LookupBits), $"LookupBits is {LookupBits}; it must be 0, or 7 to 10.");
        }
    }

    partial void AddLookup(int windowBits, ref int memoryBytes) => memoryBytes = Inflater.MemoryBytes(windowBits, LookupBitsFor(windowBits));

    partial void MakeInflater(int windowBits, ref Inflater? inflater) => inflater = new Inflater(windowBits, LookupBitsFor(windowBits));

    private int LookupBitsFor(int windowBits)
    {
        int most = windowBits < 10 ? 7 : windowBits - 2;
        return LookupBits < most ? LookupBits : most;
    }

    private bool HasDynamicCodes(int windowBits) => DynamicCodes && windowBits >= MinDynamicWindowBits;
}
