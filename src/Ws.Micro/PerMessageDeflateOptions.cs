using System;
using Ws.Micro.Deflate;
using Ws.Micro.Handshake;

namespace Ws.Micro;

/// <summary>
/// What permessage-deflate (RFC 7692) may cost one connection, and what we agree to. Compressing a secret next to text that somebody else
/// chooses can betray the secret by the message's length: send such messages uncompressed, each call of send has a way to say so.
/// </summary>
public sealed partial class PerMessageDeflateOptions : DeflateOptions
{
    /// <summary>On the device: a limit of 8 KB. On .NET: 32 KB, a table of 9 bits for the decoder, and dynamic codes.</summary>
    public PerMessageDeflateOptions() => SetPlatformDefaults();

    /// <summary>
    /// The most bytes that the arrays of one connection's encoder and decoder may take together. The windows are the largest that fit, up to
    /// MaxSendWindowBits and MaxReceiveWindowBits. Default 8,192 on the device, 32,768 on .NET; windows of 15 bits both ways need 160,599 there.
    /// </summary>
    public int MemoryLimit = 8192;

    /// <summary>Messages of fewer bytes are sent uncompressed, where they are given whole. Default 16.</summary>
    public int MinMessageSize = 16;

    /// <summary>
    /// How many earlier places the encoder looks at for each match. 0: only the newest, which saves two bytes for each byte of window, or one up to
    /// 9 bits, and makes sensors' messages some 15 to 40 % larger. Default 16.
    /// </summary>
    public int ChainDepth = 16;

    /// <summary>Bytes that the arrays of one connection's encoder and decoder take with these windows.</summary>
    /// <param name="sendWindowBits">The encoder's window: 8 to 15.</param>
    /// <param name="receiveWindowBits">The decoder's window: 8 to 15.</param>
    public int MemoryBytes(int sendWindowBits, int receiveWindowBits)
    {
        int deflater = Deflater.MemoryBytes(sendWindowBits, HashBitsFor(sendWindowBits), ChainDepth);
        int inflater = Inflater.MemoryBytes(receiveWindowBits);
        AddDynamicCodes(sendWindowBits, ref deflater);
        AddLookup(receiveWindowBits, ref inflater);
        return deflater + inflater;
    }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        CheckRange(MinMessageSize, 0, int.MaxValue, "MinMessageSize");
        CheckRange(ChainDepth, 0, 4096, "ChainDepth");
        CheckLookup();
        CheckRange(MemoryLimit, MemoryBytes(DeflateParameters.MinWindowBits, DeflateParameters.MinWindowBits), int.MaxValue, "MemoryLimit");
    }

    /// <summary>What to negotiate: the same, with windows that fit into <see cref="MemoryLimit"/>. Allocates.</summary>
    /// <exception cref="ArgumentOutOfRangeException">As <see cref="Validate"/> does.</exception>
    public DeflateOptions Fit()
    {
        Validate();
        int send = MaxSendWindowBits;
        int receive = MaxReceiveWindowBits;
        while (MemoryBytes(send, receive) > MemoryLimit)
        {
            // The encoder's window costs three times what the decoder's does, and serves as well.
            if (send >= receive && send > DeflateParameters.MinWindowBits)
            {
                send--;
            }
            else
            {
                receive--;
            }
        }

        // What the last step freed may be enough for a bit more on the cheaper side.
        while (receive < MaxReceiveWindowBits && MemoryBytes(send, receive + 1) <= MemoryLimit)
        {
            receive++;
        }

        while (send < MaxSendWindowBits && MemoryBytes(send + 1, receive) <= MemoryLimit)
        {
            send++;
        }

        return new DeflateOptions
        {
            MaxSendWindowBits = send,
            MaxReceiveWindowBits = receive,
            SendContextTakeover = SendContextTakeover,
            ReceiveContextTakeover = ReceiveContextTakeover,
        };
    }

    internal Deflater NewDeflater(int windowBits)
    {
        Deflater? deflater = null;
        MakeDeflater(windowBits, ref deflater);
        return deflater ?? new Deflater(windowBits, HashBitsFor(windowBits), ChainDepth);
    }

    internal Inflater NewInflater(int windowBits)
    {
        Inflater? inflater = null;
        MakeInflater(windowBits, ref inflater);
        return inflater ?? new Inflater(windowBits);
    }

    private static int HashBitsFor(int windowBits) => windowBits < 9 ? 8 : windowBits > 13 ? 12 : windowBits - 1;

    // What .NET's build adds: its defaults, codes made for a block, and a lookup table.
    partial void SetPlatformDefaults();

    partial void AddDynamicCodes(int windowBits, ref int memoryBytes);

    partial void MakeDeflater(int windowBits, ref Deflater? deflater);

    partial void CheckLookup();

    partial void AddLookup(int windowBits, ref int memoryBytes);

    partial void MakeInflater(int windowBits, ref Inflater? inflater);
}
