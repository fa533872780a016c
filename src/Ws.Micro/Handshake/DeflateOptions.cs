using System;

namespace Ws.Micro.Handshake;

/// <summary>What one side is willing to agree to for permessage-deflate. Our own window and what the peer's costs us are separate.</summary>
public class DeflateOptions
{
    /// <summary>The largest window, in bits from 8 to 15, that we compress with: each bit doubles our encoder's memory. Default 15.</summary>
    public int MaxSendWindowBits = DeflateParameters.MaxWindowBits;

    /// <summary>The largest window, in bits from 8 to 15, that the peer may compress with: our decoder needs as much. Default 15.</summary>
    public int MaxReceiveWindowBits = DeflateParameters.MaxWindowBits;

    /// <summary>Whether we keep our context from message to message where the peer allows it: small messages shrink about four times better. Default true.</summary>
    public bool SendContextTakeover = true;

    /// <summary>Whether the peer may keep its context from message to message. Default true.</summary>
    public bool ReceiveContextTakeover = true;

    /// <summary>Checks that every value is in its range.</summary>
    /// <exception cref="ArgumentOutOfRangeException">One is not; the message says what is allowed.</exception>
    public virtual void Validate()
    {
        CheckRange(MaxSendWindowBits, DeflateParameters.MinWindowBits, DeflateParameters.MaxWindowBits, "MaxSendWindowBits");
        CheckRange(MaxReceiveWindowBits, DeflateParameters.MinWindowBits, DeflateParameters.MaxWindowBits, "MaxReceiveWindowBits");
    }

    internal static void CheckRange(int value, int least, int most, string name)
    {
        if (value < least || value > most)
        {
            throw new ArgumentOutOfRangeException(
                name, name + " is " + value.ToString() + "; it must be " + (most == int.MaxValue ? "at least " + least.ToString() : least.ToString() + " to " + most.ToString()) + ".");
        }
    }
}
