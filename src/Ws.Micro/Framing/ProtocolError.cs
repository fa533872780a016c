namespace Ws.Micro.Framing;

/// <summary>The rule that a peer broke. The numbers are stable: the device shows enums as numbers.</summary>
public enum ProtocolError : byte
{
    /// <summary>No rule was broken.</summary>
    None = 0,

    /// <summary>A reserved bit is set that no agreed extension defines (RFC 6455 §5.2).</summary>
    ReservedBit = 1,

    /// <summary>Opcode 3 to 7 or 11 to 15 (§5.2).</summary>
    ReservedOpcode = 2,

    /// <summary>A control frame without FIN (§5.5).</summary>
    FragmentedControlFrame = 3,

    /// <summary>A control frame with more than 125 bytes (§5.5).</summary>
    ControlFrameTooLong = 4,

    /// <summary>A client's frame without a mask (§5.1).</summary>
    MaskMissing = 5,

    /// <summary>A server's frame with a mask (§5.1).</summary>
    MaskForbidden = 6,

    /// <summary>A length not written in the fewest bytes (§5.2).</summary>
    LengthNotMinimal = 7,

    /// <summary>A 64-bit length with the most significant bit set (§5.2).</summary>
    LengthTooLarge = 8,

    /// <summary>A continuation frame with no message to continue (§5.4).</summary>
    NothingToContinue = 9,

    /// <summary>A text or binary frame inside an unfinished message (§5.4).</summary>
    MessageUnfinished = 10,

    /// <summary>A text message or a close reason that is not UTF-8 (§8.1).</summary>
    InvalidUtf8 = 11,

    /// <summary>A close payload of one byte (§5.5.1).</summary>
    ClosePayloadTooShort = 12,

    /// <summary>A close code that may not be sent (§7.4).</summary>
    InvalidCloseCode = 13,

    /// <summary>A message above the agreed maximum (§10.4).</summary>
    MessageTooBig = 14,

    /// <summary>More tiny fragments in one message than <see cref="Limits.MaxTinyFragments"/> (§10.4).</summary>
    TooManyFragments = 15,

    /// <summary>More control frames than <see cref="Limits.MaxControlFramesPerSecond"/> (§10.4).</summary>
    TooManyControlFrames = 16,

    /// <summary>A message that the agreed extension cannot decode (RFC 7692 §7.2.2).</summary>
    UndecodableMessage = 17,
}
