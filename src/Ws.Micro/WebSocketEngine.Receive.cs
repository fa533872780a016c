using System;
using Ws.Micro.Framing;

namespace Ws.Micro;

// Receiving: frame reader -> fragmentation, control frames, RSV1 -> extension -> UTF-8 validator -> the caller.
public sealed partial class WebSocketEngine
{
    private readonly FrameReader _reader;
    private long _second;
    private int _controls;

    // The message that is arriving. _opcode is 0 between messages.
    private int _opcode;
    private bool _encoded;
    private long _size;
    private int _tinyFragments;
    private int _utf8;

    /// <summary>Input bytes that the last <see cref="Receive"/> took. The next call must begin with the byte after them.</summary>
    public int Taken;

    /// <summary>Holds the part of a message that a <see cref="EngineEvent.Data"/> event reports: the input itself, or the extension's output. Valid until the next <see cref="Receive"/>.</summary>
    public byte[] Data;

    /// <summary>Where in <see cref="Data"/> the part begins.</summary>
    public int DataOffset;

    /// <summary>Bytes in the part; 0 only where the message is empty or its end brings no more bytes.</summary>
    public int DataCount;

    /// <summary>Whether the message is text. What has been reported of it is valid UTF-8 so far, perhaps up to inside a code point.</summary>
    public bool IsText;

    /// <summary>Whether the part begins its message.</summary>
    public bool IsFirst;

    /// <summary>Whether the part ends its message.</summary>
    public bool IsLast;

    /// <summary>The payload, 0 to 125 bytes, of the control frame just reported. In a close frame the reason begins at index 2.</summary>
    public readonly byte[] ControlPayload = new byte[Limits.MaxControlPayload];

    /// <summary>Bytes in <see cref="ControlPayload"/>.</summary>
    public int ControlPayloadCount;

    /// <summary>The rule that the peer broke.</summary>
    public ProtocolError Error;

    /// <summary>
    /// After <see cref="EngineEvent.Close"/> the peer's code, 1005 where it gave none; after <see cref="EngineEvent.Failed"/> the code that
    /// our close frame has to carry; before either 0.
    /// </summary>
    public int CloseCode;

    /// <summary>
    /// Reads <paramref name="count"/> bytes of input up to the next event. Call it again with the rest, even where none is left, until it
    /// returns <see cref="EngineEvent.None"/>. Payload bytes are unmasked in place.
    /// </summary>
    /// <param name="buffer">The caller's buffer.</param>
    /// <param name="offset">Where the input begins.</param>
    /// <param name="count">How many bytes there are, at least 0.</param>
    /// <param name="now">The time in milliseconds of any monotonic clock, by which control frames are counted.</param>
    public EngineEvent Receive(byte[] buffer, int offset, int count, long now)
    {
        int at = offset;
        int end = offset + count;
        EngineEvent found;
        while (true)
        {
            found = EngineEvent.None;
            if (_closeReceived || Error != ProtocolError.None)
            {
                // §5.5.1, §7.1.7: after a close frame, or a failure, nothing more is processed.
                at = end;
                break;
            }

            if (!_reader.InFrame)
            {
                if (at == end)
                {
                    break;
                }

                at += _reader.ReadHeader(buffer, at, end - at);
                if (!_reader.InFrame)
                {
                    found = _reader.Error == ProtocolError.None ? EngineEvent.None : Fail(_reader.Error);
                    break;
                }

                found = EnterFrame(now);
                if (found != EngineEvent.None)
                {
                    break;
                }
            }

            if ((_reader.FirstByte & 8) != 0)
            {
                int n = _reader.ReadPayload(buffer, at, end - at);
                Array.Copy(buffer, at, ControlPayload, ControlPayloadCount, n);
                ControlPayloadCount += n;
                at += n;
                if (_reader.Remaining > 0)
                {
                    break;
                }

                found = EndFrame();
                break;
            }

            if (_encoded)
            {
                Decode(buffer, ref at, end, ref found);
            }
            else
            {
                int n = _reader.ReadPayload(buffer, at, end - at);
                found = Report(buffer, at, n, _reader.Remaining == 0);
                at += n;
            }

            // An empty frame that does not end its message is no event.
            if (found != EngineEvent.None || _reader.InFrame)
            {
                break;
            }
        }

        Taken = at - offset;
        return found;
    }

    private EngineEvent EnterFrame(long now)
    {
        int first = _reader.FirstByte;
        int opcode = first & 0x0F;
        if (opcode >= 8)
        {
            ControlPayloadCount = 0;
            if ((ulong)(now - _second) >= 1000)
            {
                // Unsigned, so that a clock below its last reading, or below 0 at the start, begins a new second too.
                _second = now;
                _controls = 0;
            }

            _controls++;
            return _controls > Limits.MaxControlFramesPerSecond ? Fail(ProtocolError.TooManyControlFrames) : EngineEvent.None;
        }

        bool rsv1 = (first & FrameWriter.Rsv1) != 0;
        if (opcode == (int)Opcode.Continuation)
        {
            // §5.4: a continuation needs a message to continue; RFC 7692 §6.1: RSV1 marks only the first frame.
            if (_opcode == 0)
            {
                return Fail(ProtocolError.NothingToContinue);
            }

            if (rsv1)
            {
                return Fail(ProtocolError.ReservedBit);
            }
        }
        else
        {
            // §5.4: the fragments of one message MUST NOT be interleaved with those of another.
            if (_opcode != 0)
            {
                return Fail(ProtocolError.MessageUnfinished);
            }

            _opcode = opcode;
            _encoded = rsv1;
            _size = 0;
            _tinyFragments = 0;
            _utf8 = Utf8Validator.Complete;
            if (rsv1)
            {
                BeginDecode();
            }
        }

        long length = _reader.Remaining;
        if (!_encoded && length > _maxSize - _size)
        {
            return Fail(ProtocolError.MessageTooBig);
        }

        if ((first & FrameWriter.Fin) == 0 && length < Limits.TinyFragmentSize)
        {
            _tinyFragments++;
            if (_tinyFragments > Limits.MaxTinyFragments)
            {
                return Fail(ProtocolError.TooManyFragments);
            }
        }

        return EngineEvent.None;
    }

    // A message with RSV1's meaning, which the frame reader lets through where there is an extension.
    partial void BeginDecode();

    partial void Decode(byte[] buffer, ref int at, int end, ref EngineEvent found);

    // A part of a message, in the clear. Empty parts are passed over unless they end the message.
    private EngineEvent Report(byte[] data, int offset, int count, bool endOfFrame)
    {
        bool endOfMessage = endOfFrame && (_reader.FirstByte & FrameWriter.Fin) != 0;
        if (endOfFrame)
        {
            _reader.InFrame = false;
        }

        bool isText = _opcode == (int)Opcode.Text;
        if (isText)
        {
            // §8.1: text that is not UTF-8 fails the connection, here at the first byte that shows it.
            _utf8 = Utf8Validator.Validate(data, offset, count, _utf8);
            if (_utf8 == Utf8Validator.Invalid || (endOfMessage && _utf8 != Utf8Validator.Complete))
            {
                return Fail(ProtocolError.InvalidUtf8);
            }
        }

        if (count == 0 && !endOfMessage)
        {
            return EngineEvent.None;
        }

        IsFirst = _size == 0;
        _size += count;
        Data = data;
        DataOffset = offset;
        DataCount = count;
        IsText = isText;
        IsLast = endOfMessage;
        if (endOfMessage)
        {
            _opcode = 0;
            _encoded = false;
        }

        return EngineEvent.Data;
    }

    private EngineEvent EndFrame()
    {
        _reader.InFrame = false;
        int opcode = _reader.FirstByte & 0x0F;
        if (opcode == (int)Opcode.Ping)
        {
            return EngineEvent.Ping;
        }

        if (opcode == (int)Opcode.Pong)
        {
            return EngineEvent.Pong;
        }

        int code = Framing.CloseCode.NoStatusReceived;
        if (ControlPayloadCount == 1)
        {
            // §5.5.1: if there is a body, its first two bytes are the code.
            return Fail(ProtocolError.ClosePayloadTooShort);
        }

        if (ControlPayloadCount > 1)
        {
            code = (ControlPayload[0] << 8) | ControlPayload[1];
            if (!Framing.CloseCode.IsValidOnWire(code))
            {
                return Fail(ProtocolError.InvalidCloseCode);
            }

            if (Utf8Validator.Validate(ControlPayload, 2, ControlPayloadCount - 2, Utf8Validator.Complete) != Utf8Validator.Complete)
            {
                return Fail(ProtocolError.InvalidUtf8);
            }
        }

        CloseCode = code;
        _closeReceived = true;
        return EngineEvent.Close;
    }

    private EngineEvent Fail(ProtocolError error)
    {
        CloseCode = error == ProtocolError.InvalidUtf8 || error == ProtocolError.UndecodableMessage ? Framing.CloseCode.InvalidPayloadData
            : error == ProtocolError.MessageTooBig ? Framing.CloseCode.MessageTooBig
            : error == ProtocolError.TooManyFragments || error == ProtocolError.TooManyControlFrames ? Framing.CloseCode.PolicyViolation
            : Framing.CloseCode.ProtocolError;
        Error = error;
        return EngineEvent.Failed;
    }
}
