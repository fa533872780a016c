using System;
using Ws.Micro.Framing;

namespace Ws.Micro;

// Receiving: frame reader -> fragmentation, control frames, RSV1 -> extension -> UTF-8 validator -> the caller.
public sealed partial class WebSocketEngine
{
    private readonly FrameReader _reader;
    private readonly byte[] _control = new byte[Limits.MaxControlPayload];
    private int _controlCount;
    private long _controlSecond;
    private int _controlsInSecond;

    // The message that is arriving. _messageOpcode is 0 between messages.
    private int _messageOpcode;
    private bool _messageEncoded;
    private bool _messageReported;
    private long _messageSize;
    private int _tinyFragments;
    private int _utf8;
    private int _unmaskedAhead;

    private int _closeCode;

    // The shell reads these as they are: on the device each property costs a call.
    internal byte[] _data;
    internal int _dataOffset;
    internal int _dataCount;
    internal bool _isText;
    internal bool _isFirst;
    internal bool _isLast;
    internal int _taken;
    internal ProtocolError _error;

    /// <summary>Input bytes that the last <see cref="Receive"/> took. The next call must begin with the byte after them.</summary>
    public int Taken => _taken;

    /// <summary>Holds the part of a message that a <see cref="EngineEvent.Data"/> event reports: the input itself, or the extension's output. Valid until the next <see cref="Receive"/>.</summary>
    public byte[] Data => _data;

    /// <summary>Where in <see cref="Data"/> the part begins.</summary>
    public int DataOffset => _dataOffset;

    /// <summary>Bytes in the part; 0 only where the message is empty or its end brings no more bytes.</summary>
    public int DataCount => _dataCount;

    /// <summary>Whether the message is text. What has been reported of it is valid UTF-8 so far, perhaps up to inside a code point.</summary>
    public bool IsText => _isText;

    /// <summary>Whether the part begins its message.</summary>
    public bool IsFirst => _isFirst;

    /// <summary>Whether the part ends its message.</summary>
    public bool IsLast => _isLast;

    /// <summary>The payload, 0 to 125 bytes, of the control frame just reported. In a close frame the reason begins at index 2.</summary>
    public byte[] ControlPayload => _control;

    /// <summary>Bytes in <see cref="ControlPayload"/>.</summary>
    public int ControlPayloadCount => _controlCount;

    /// <summary>The rule that the peer broke.</summary>
    public ProtocolError Error => _error;

    /// <summary>
    /// After <see cref="EngineEvent.Close"/> the peer's code, 1005 where it gave none; after <see cref="EngineEvent.Failed"/> the code that
    /// our close frame has to carry; before either 0.
    /// </summary>
    public int CloseCode => _closeCode;

    /// <summary>
    /// Bytes of payload, unencoded, that the current data frame still brings. The next so many bytes of input may be read straight into the
    /// application's buffer and given to <see cref="Receive"/> from there. 0 outside such a frame.
    /// </summary>
    public long PayloadRemaining => _reader._inFrame && !_messageEncoded && (_reader._firstByte & 8) == 0 ? _reader._remaining : 0;

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
            if (_closeReceived || _error != ProtocolError.None)
            {
                // §5.5.1, §7.1.7: after a close frame, or a failure, nothing more is processed.
                at = end;
                break;
            }

            if (!_reader._inFrame)
            {
                if (at == end)
                {
                    break;
                }

                at += _reader.ReadHeader(buffer, at, end - at);
                if (!_reader._inFrame)
                {
                    found = _reader._error == ProtocolError.None ? EngineEvent.None : Fail(_reader._error);
                    break;
                }

                found = EnterFrame(now);
                if (found != EngineEvent.None)
                {
                    break;
                }
            }

            if ((_reader._firstByte & 8) != 0)
            {
                int n = _reader.ReadPayload(buffer, at, end - at);
                Array.Copy(buffer, at, _control, _controlCount, n);
                _controlCount += n;
                at += n;
                if (_reader._remaining > 0)
                {
                    break;
                }

                found = EndControlFrame();
                break;
            }

            if (_messageEncoded)
            {
                found = Decode(buffer, ref at, end);
            }
            else
            {
                int n = _reader.ReadPayload(buffer, at, end - at);
                found = Report(buffer, at, n, _reader._remaining == 0);
                at += n;
            }

            // An empty frame that does not end its message is no event.
            if (found != EngineEvent.None || _reader._inFrame)
            {
                break;
            }
        }

        _taken = at - offset;
        return found;
    }

    private EngineEvent EnterFrame(long now)
    {
        int first = _reader._firstByte;
        int opcode = first & 0x0F;
        if (opcode >= 8)
        {
            _controlCount = 0;
            if ((ulong)(now - _controlSecond) >= 1000)
            {
                // Unsigned, so that a clock below its last reading, or below 0 at the start, begins a new second too.
                _controlSecond = now;
                _controlsInSecond = 0;
            }

            _controlsInSecond++;
            return _controlsInSecond > Limits.MaxControlFramesPerSecond ? Fail(ProtocolError.TooManyControlFrames) : EngineEvent.None;
        }

        bool rsv1 = (first & FrameWriter.Rsv1) != 0;
        if (opcode == (int)Opcode.Continuation)
        {
            // §5.4: a continuation needs a message to continue; RFC 7692 §6.1: RSV1 marks only the first frame.
            if (_messageOpcode == 0)
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
            if (_messageOpcode != 0)
            {
                return Fail(ProtocolError.MessageUnfinished);
            }

            _messageOpcode = opcode;
            _messageEncoded = rsv1;
            _messageReported = false;
            _messageSize = 0;
            _tinyFragments = 0;
            _utf8 = Utf8Validator.Complete;
            if (rsv1)
            {
                _extension!.BeginDecode();
            }
        }

        long length = _reader._remaining;
        if (!_messageEncoded && length > _maxMessageSize - _messageSize)
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

    // Payload bytes of a frame with RSV1's meaning. What the extension does not take stays with the caller, already unmasked.
    private EngineEvent Decode(byte[] buffer, ref int at, int end)
    {
        MessageExtension extension = _extension!;
        while (true)
        {
            int fresh = end - at - _unmaskedAhead;
            if (fresh > 0)
            {
                _unmaskedAhead += _reader.ReadPayload(buffer, at + _unmaskedAhead, fresh);
            }

            bool endOfFrame = _reader._remaining == 0;
            bool endOfMessage = endOfFrame && (_reader._firstByte & FrameWriter.Fin) != 0;
            if (!extension.Decode(buffer, at, _unmaskedAhead, endOfMessage))
            {
                return Fail(ProtocolError.UndecodableMessage);
            }

            int taken = extension.DecodeTaken;
            at += taken;
            _unmaskedAhead -= taken;
            int count = extension.DecodedCount;
            if (count > 0)
            {
                if (count > _maxMessageSize - _messageSize)
                {
                    return Fail(ProtocolError.MessageTooBig);
                }

                return Report(extension.Decoded, extension.DecodedOffset, count, endOfMessage && extension.DecodeDone);
            }

            if (_unmaskedAhead == 0)
            {
                return endOfFrame ? Report(buffer, at, 0, true) : EngineEvent.None;
            }

            if (taken == 0)
            {
                return Fail(ProtocolError.UndecodableMessage);
            }
        }
    }

    // A part of a message, in the clear. Empty parts are passed over unless they end the message.
    private EngineEvent Report(byte[] data, int offset, int count, bool endOfFrame)
    {
        bool endOfMessage = endOfFrame && (_reader._firstByte & FrameWriter.Fin) != 0;
        if (endOfFrame)
        {
            _reader._inFrame = false;
        }

        bool isText = _messageOpcode == (int)Opcode.Text;
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

        _messageSize += count;
        _data = data;
        _dataOffset = offset;
        _dataCount = count;
        _isText = isText;
        _isFirst = !_messageReported;
        _isLast = endOfMessage;
        _messageReported = true;
        if (endOfMessage)
        {
            _messageOpcode = 0;
            _messageEncoded = false;
        }

        return EngineEvent.Data;
    }

    private EngineEvent EndControlFrame()
    {
        _reader.EndFrame();
        int opcode = _reader._firstByte & 0x0F;
        if (opcode == (int)Opcode.Ping)
        {
            return EngineEvent.Ping;
        }

        if (opcode == (int)Opcode.Pong)
        {
            return EngineEvent.Pong;
        }

        int code = Framing.CloseCode.NoStatusReceived;
        if (_controlCount == 1)
        {
            // §5.5.1: if there is a body, its first two bytes are the code.
            return Fail(ProtocolError.ClosePayloadTooShort);
        }

        if (_controlCount > 1)
        {
            code = (_control[0] << 8) | _control[1];
            if (!Framing.CloseCode.IsValidOnWire(code))
            {
                return Fail(ProtocolError.InvalidCloseCode);
            }

            if (Utf8Validator.Validate(_control, 2, _controlCount - 2, Utf8Validator.Complete) != Utf8Validator.Complete)
            {
                return Fail(ProtocolError.InvalidUtf8);
            }
        }

        _closeCode = code;
        _closeReceived = true;
        return EngineEvent.Close;
    }

    private EngineEvent Fail(ProtocolError error)
    {
        _closeCode = error switch
        {
            ProtocolError.InvalidUtf8 or ProtocolError.UndecodableMessage => Framing.CloseCode.InvalidPayloadData,
            ProtocolError.MessageTooBig => Framing.CloseCode.MessageTooBig,
            ProtocolError.TooManyFragments or ProtocolError.TooManyControlFrames => Framing.CloseCode.PolicyViolation,
            _ => Framing.CloseCode.ProtocolError,
        };
        _error = error;
        return EngineEvent.Failed;
    }
}
