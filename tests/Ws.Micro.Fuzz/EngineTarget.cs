using System;
using System.Linq;
using Ws.Micro.Framing;
using Ws.Micro.Tests.Support;

namespace Ws.Micro.Fuzz;

/// <summary>
/// Any bytes in any pieces give the same events, without an extension those of <see cref="ReferenceEngine"/>, and end in a state that the
/// last event explains. What the engine writes in answer, an engine of the other role reads as it was meant.
/// </summary>
internal sealed class EngineTarget
{
    // Room for a data frame's header and payload, or a control frame.
    private const int ReplySize = WebSocketEngine.Headroom + Input.MaxWire;
    private const int MaskKey = 0x12345678;
    private const int ControlInterval = 10;

    private static readonly EngineTarget Whole = new(0xA5);
    private static readonly EngineTarget InPieces = new(0x5A);
    private static readonly byte[] Reason = { (byte)'o', (byte)'k' };

    private readonly GuardedBuffer _input;
    private readonly GuardedBuffer _reply;
    private readonly Recorder _recorder;
    private WebSocketEngine _engine = null!;
    private WebSocketEngine _peer = null!;
    private int _controlFrames;
    private EngineEvent _last;

    private EngineTarget(byte guard)
    {
        _input = new GuardedBuffer(Input.MaxWire, guard);
        _reply = new GuardedBuffer(ReplySize, guard);
        _recorder = new Recorder(Input.MaxWire, guard);
    }

    public static void Run(Input input, bool isServer)
    {
        string whole = Whole.Read(input, isServer, whole: true);
        string inPieces = InPieces.Read(input, isServer, whole: false);
        Violation.UnlessEqual(whole, inPieces, "events in pieces, where the input whole is expected");
        if (!input.Option(0))
        {
            string expected = string.Join('\n', ReferenceEngine.Read(input.Wire, isServer, MaxMessageSize(input), limitsControlFrames: !input.Option(2)));
            Violation.UnlessEqual(expected, whole[..Math.Max(0, whole.LastIndexOf('\n'))], "events");
        }
    }

    private static long MaxMessageSize(Input input) => input.Limit == 255 ? long.MaxValue : input.Limit;

    private string Read(Input input, bool isServer, bool whole)
    {
        Allocation.MustBeNone(
            () =>
            {
                // With an extension the limit holds for what is decoded, whose steps are those of the pieces.
                Doubling? extension = input.Option(0) ? new Doubling { HoldsBack = input.Option(1) } : null;
                _engine = new WebSocketEngine(isServer, extension != null ? long.MaxValue : MaxMessageSize(input), extension);
                _peer = new WebSocketEngine(!isServer, long.MaxValue, null);
                _recorder.Clear();
                _controlFrames = 0;
                _last = EngineEvent.None;
                return input;
            },
            _ => Feed(input, whole));
        return string.Join('\n', _recorder.Lines.Append($"{_engine.State} {_engine.Error} {_engine.CloseCode}"));
    }

    private void Feed(Input input, bool whole)
    {
        int given = 0;
        for (int piece = 0; given < input.Wire.Length; piece++)
        {
            int size = input.PieceSize(piece, whole, input.Wire.Length - given);
            _input.Load(input.Wire.AsSpan(given, size));
            given += size;
            FeedPiece(clockGoesOn: input.Option(2));
        }

        EngineState expected = _last switch
        {
            EngineEvent.Failed => EngineState.Failed,
            EngineEvent.Close => EngineState.ClosedByPeer,
            _ => EngineState.Open,
        };
        Violation.Unless(_engine.State == expected, "a state that the last event does not explain");
        Violation.Unless(_engine.CanSend == (expected is EngineState.Open or EngineState.ClosedByPeer), "CanSend says otherwise than the state");
        Close();
    }

    private void FeedPiece(bool clockGoesOn)
    {
        byte[] bytes = _input.Bytes;
        int at = GuardedBuffer.Start;
        int eventsLeft = (2 * (_input.End - at)) + 8;
        EngineEvent found;
        do
        {
            int left = _input.End - at;
            found = _engine.Receive(bytes, at, left, clockGoesOn ? _controlFrames * ControlInterval : 0);
            int end = at + _engine.Taken;
            Violation.Unless(_engine.Taken >= 0 && _engine.Taken <= left, "took bytes that were not given");
            Planted.Strike(bytes, at, end);

            // An extension leaves bytes that are unmasked already.
            _input.CheckUnchangedOutside(at, _engine.Extension == null ? end : _input.End);
            Violation.Unless(found != EngineEvent.None || end == _input.End, "input left without an event");
            Violation.Unless(found == EngineEvent.None || _last is not (EngineEvent.Failed or EngineEvent.Close), "an event after the last");
            Violation.Unless(_engine.PayloadRemaining >= 0, "a negative rest of payload");
            Violation.Unless(eventsLeft-- > 0, "more events than the input can hold");
            if (found == EngineEvent.Data)
            {
                bool inside = !ReferenceEquals(_engine.Data, bytes) || (_engine.DataOffset >= at && _engine.DataOffset + _engine.DataCount <= end);
                Violation.Unless(_engine.DataCount >= 0 && inside, "data outside the input");
                Echo();
            }
            else if (found != EngineEvent.None)
            {
                _controlFrames++;
                Violation.Unless(_engine.ControlPayloadCount <= Limits.MaxControlPayload, "a control frame too long");
                Pong(found);
            }

            _recorder.Record(_engine, found);
            _last = found == EngineEvent.None ? _last : found;
            at = end;
        }
        while (found != EngineEvent.None);
    }

    // Sends the part of a message back as a message of its own.
    private void Echo()
    {
        bool isText = _engine.IsText && _engine.IsFirst && _engine.IsLast;
        int payload = GuardedBuffer.Start + WebSocketEngine.Headroom;
        ReadOnlySpan<byte> data = _engine.Data.AsSpan(_engine.DataOffset, _engine.DataCount);
        _reply.Load(default);
        data.CopyTo(_reply.Bytes.AsSpan(payload));
        int header = _engine.BeginFrame(_reply.Bytes, payload, data.Length, isText, isLast: true, encoded: false, MaskKey);
        Violation.Unless(header > 0, "no frame written while open");
        _engine.Mask(_reply.Bytes, payload, data.Length);
        _reply.CheckUnchangedOutside(payload - header, payload + data.Length);

        EngineEvent found = _peer.Receive(_reply.Bytes, payload - header, header + data.Length, 0);
        bool same = found == EngineEvent.Data && _peer.IsText == isText && _peer.IsFirst && _peer.IsLast && _peer.Taken == header + data.Length
            && _peer.Data.AsSpan(_peer.DataOffset, _peer.DataCount).SequenceEqual(data);
        Violation.Unless(same, "the peer did not read the message that was sent");
    }

    // Pings are answered; nothing else is.
    private void Pong(EngineEvent found)
    {
        if (found != EngineEvent.Ping)
        {
            return;
        }

        _reply.Load(default);
        int size = _engine.WritePong(_reply.Bytes, GuardedBuffer.Start, MaskKey);
        _reply.CheckUnchangedOutside(GuardedBuffer.Start, GuardedBuffer.Start + size);
        EngineEvent pong = _peer.Receive(_reply.Bytes, GuardedBuffer.Start, size, _controlFrames * ControlInterval);
        bool same = pong == EngineEvent.Pong && _peer.Taken == size
            && _peer.ControlPayload.AsSpan(0, _peer.ControlPayloadCount).SequenceEqual(_engine.ControlPayload.AsSpan(0, _engine.ControlPayloadCount));
        Violation.Unless(same, "the peer did not read the pong that answers its ping");
    }

    // Whatever came, one close frame can be sent, and nothing after it.
    private void Close()
    {
        bool done = _last is EngineEvent.Failed or EngineEvent.Close;
        int code = done ? _engine.CloseCode : CloseCode.NormalClosure;
        _reply.Load(default);
        int size = _engine.WriteClose(_reply.Bytes, GuardedBuffer.Start, code, Reason, 0, Reason.Length, MaskKey);
        _reply.CheckUnchangedOutside(GuardedBuffer.Start, GuardedBuffer.Start + size);
        Violation.Unless(_peer.Receive(_reply.Bytes, GuardedBuffer.Start, size, long.MaxValue) == EngineEvent.Close && _peer.CloseCode == code, "the peer did not read the close frame");
        Violation.Unless(_engine.State == (done ? EngineState.Closed : EngineState.ClosedByUs), "a state that the close frames do not explain");

        int again = _engine.WriteClose(_reply.Bytes, GuardedBuffer.Start, code, Reason, 0, 0, 0)
            + _engine.WritePing(_reply.Bytes, GuardedBuffer.Start, Reason, 0, 0, 0)
            + _engine.BeginFrame(_reply.Bytes, WebSocketEngine.Headroom, 0, isText: false, isLast: true, encoded: false, 0);
        Violation.Unless(again == 0, "a frame written after the close frame");
    }
}
