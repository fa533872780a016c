using System;
using Ws.Micro.Framing;

namespace Ws.Micro;

// Sending: the application's bytes -> extension -> header in the headroom before the payload, mask -> one write by the shell.
public sealed partial class WebSocketEngine
{
    /// <summary>Bytes that a shell keeps free before a payload so that any header fits there.</summary>
    public const int Headroom = Limits.MaxHeaderSize;

    private bool _inMessage;
    private int _maskKey;

    /// <summary>
    /// Whether data may be sent: we sent no close frame, and the peer broke no rule. After the peer's close frame a message under way may be
    /// finished before ours goes out (§5.5.1), though the peer may not read it.
    /// </summary>
    public bool CanSend => !_closeSent && Error == ProtocolError.None;

    /// <summary>
    /// Writes the header of a data frame into the bytes right before <paramref name="payloadOffset"/>, which must be at least
    /// <see cref="Headroom"/>, and returns its size; 0 where <see cref="CanSend"/> is false. The payload follows, put through
    /// <see cref="Mask"/> in as many steps as wanted. Frames of one message follow each other up to the one with
    /// <paramref name="isLast"/>; only control frames may stand between them (§5.4).
    /// </summary>
    /// <param name="buffer">Where to write.</param>
    /// <param name="payloadOffset">Where the payload begins.</param>
    /// <param name="payloadLength">Bytes in this frame's payload, at least 0.</param>
    /// <param name="isText">Whether the message is text, which the caller gives in valid UTF-8.</param>
    /// <param name="isLast">Whether the frame ends its message.</param>
    /// <param name="encoded">Whether the extension encoded the message (RSV1).</param>
    /// <param name="maskKey">As a client, 32 fresh bits of a cryptographic random source (§5.3); as a server unused.</param>
    public int BeginFrame(byte[] buffer, int payloadOffset, long payloadLength, bool isText, bool isLast, bool encoded, int maskKey)
    {
        if (!CanSend)
        {
            return 0;
        }

        int firstByte = _inMessage ? (int)Opcode.Continuation : isText ? (int)Opcode.Text : (int)Opcode.Binary;
        if (encoded && !_inMessage)
        {
            firstByte |= FrameWriter.Rsv1;
        }

        if (isLast)
        {
            firstByte |= FrameWriter.Fin;
        }

        _inMessage = !isLast;
        _maskKey = maskKey;
        bool masked = !_isServer;
        int size = FrameWriter.HeaderSize(payloadLength, masked);
        return FrameWriter.WriteHeader(buffer, payloadOffset - size, firstByte, payloadLength, masked, maskKey);
    }

    /// <summary>Masks the next <paramref name="count"/> payload bytes of the frame begun last, in place; as a server it changes nothing.</summary>
    public void Mask(byte[] buffer, int offset, int count)
    {
        if (!_isServer)
        {
            _maskKey = Masking.Apply(buffer, offset, count, _maskKey);
        }
    }

    /// <summary>
    /// Writes a whole ping frame at <paramref name="offset"/> and returns its size; 0 where <see cref="CanSend"/> is false. Room of 131 bytes
    /// always suffices. Payload: 0 to 125 bytes.
    /// </summary>
    public int WritePing(byte[] buffer, int offset, byte[] payload, int payloadOffset, int payloadCount, int maskKey) =>
        CanSend ? WriteControl((int)Opcode.Ping, buffer, offset, payload, payloadOffset, payloadCount, maskKey, Framing.CloseCode.NoStatusReceived) : 0;

    /// <summary>
    /// Writes the pong that answers the ping just reported and returns its size; 0 after the peer's close frame. Our own close frame does
    /// not stop it (§5.5.2, §5.5.3). Sizes as in <see cref="WritePing"/>.
    /// </summary>
    public int WritePong(byte[] buffer, int offset, int maskKey) => _closeReceived || Error != ProtocolError.None
        ? 0
        : WriteControl((int)Opcode.Pong, buffer, offset, ControlPayload, 0, ControlPayloadCount, maskKey, Framing.CloseCode.NoStatusReceived);

    /// <summary>
    /// Writes our close frame and returns its size; 0 where it was already sent. After it nothing may be sent (§5.5.1).
    /// A <paramref name="code"/> of <see cref="CloseCode.NoStatusReceived"/> stands for an empty payload. Any other code must be valid on
    /// the wire. Reason: 0 to 123 bytes of UTF-8. Room of 131 bytes always suffices.
    /// </summary>
    public int WriteClose(byte[] buffer, int offset, int code, byte[] reason, int reasonOffset, int reasonCount, int maskKey)
    {
        if (_closeSent)
        {
            return 0;
        }

        _closeSent = true;
        return WriteControl(
            (int)Opcode.Close, buffer, offset, reason, reasonOffset, code == Framing.CloseCode.NoStatusReceived ? 0 : reasonCount, maskKey, code);
    }

    // Code: of a close frame; CloseCode.NoStatusReceived where the payload has none.
    private int WriteControl(int opcode, byte[] buffer, int offset, byte[] payload, int payloadOffset, int count, int maskKey, int code)
    {
        int codeSize = code == Framing.CloseCode.NoStatusReceived ? 0 : 2;
        int size = codeSize + count;
        int at = offset + FrameWriter.WriteHeader(buffer, offset, opcode | FrameWriter.Fin, size, !_isServer, maskKey);
        if (codeSize > 0)
        {
            buffer[at] = (byte)(code >> 8);
            buffer[at + 1] = (byte)code;
        }

        Array.Copy(payload, payloadOffset, buffer, at + codeSize, count);
        if (!_isServer)
        {
            Masking.Apply(buffer, at, size, maskKey);
        }

        return at + size - offset;
    }
}
