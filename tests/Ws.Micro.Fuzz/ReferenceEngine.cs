using System;
using System.Buffers;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Ws.Micro.Framing;
using Ws.Micro.Tests.Support;

namespace Ws.Micro.Fuzz;

/// <summary>
/// The events of a stream that is given whole, without an extension, by RFC 6455 §5.4, §5.5, §7 and §8.1 and the documented limits alone:
/// what the engine is held against.
/// </summary>
internal sealed class ReferenceEngine
{
    private readonly List<string> _lines = new();
    private readonly List<byte> _part = new();
    private readonly long _maxMessageSize;
    private readonly bool _limitsControlFrames;
    private int _controlFrames;
    private int _opcode;
    private bool _reported;
    private long _size;
    private int _tinyFragments;
    private byte[] _cutCodePoint = [];

    private ReferenceEngine(long maxMessageSize, bool limitsControlFrames)
    {
        _maxMessageSize = maxMessageSize;
        _limitsControlFrames = limitsControlFrames;
    }

    /// <summary>The events, a line for each as <see cref="Recorder"/> writes it.</summary>
    public static IEnumerable<string> Read(byte[] wire, bool isServer, long maxMessageSize, bool limitsControlFrames)
    {
        ReferenceEngine engine = new(maxMessageSize, limitsControlFrames);
        List<ReferenceFrame> frames = ReferenceFrames.Read(wire, isServer, rsv1Defined: false, out ProtocolError error);
        foreach (ReferenceFrame frame in frames)
        {
            ProtocolError broken = frame.Opcode >= 8 ? engine.Control(frame) : engine.Data(frame);
            if (broken != ProtocolError.None)
            {
                return engine.Fail(broken);
            }

            if (frame.Opcode == 8 && frame.IsWhole)
            {
                return engine._lines;
            }
        }

        if (error != ProtocolError.None)
        {
            return engine.Fail(error);
        }

        engine.ReportPart(isLast: false);
        return engine._lines;
    }

    private ProtocolError Control(ReferenceFrame frame)
    {
        byte[] payload = frame.Payload;
        if (++_controlFrames > Limits.MaxControlFramesPerSecond && _limitsControlFrames)
        {
            return ProtocolError.TooManyControlFrames;
        }

        if (!frame.IsWhole)
        {
            return ProtocolError.None;
        }

        if (frame.Opcode != 8)
        {
            ReportPart(isLast: false);
            _lines.Add((frame.Opcode == 9 ? "ping " : "pong ") + Recorder.Show(payload, isText: false));
            return ProtocolError.None;
        }

        int code = payload.Length < 2 ? 1005 : (payload[0] << 8) | payload[1];
        byte[] reason = payload.Skip(2).ToArray();
        ProtocolError error = payload.Length == 1 ? ProtocolError.ClosePayloadTooShort
            : payload.Length > 0 && code is not ((>= 1000 and <= 1003) or (>= 1007 and <= 1014) or (>= 3000 and <= 4999)) ? ProtocolError.InvalidCloseCode
            : CutCodePoint(reason) is not [] ? ProtocolError.InvalidUtf8
            : ProtocolError.None;
        if (error == ProtocolError.None)
        {
            ReportPart(isLast: false);
            _lines.Add($"close {code} {Recorder.Show(reason, isText: true)}");
        }

        return error;
    }

    private ProtocolError Data(ReferenceFrame frame)
    {
        if ((frame.Opcode == 0) != (_opcode != 0))
        {
            return frame.Opcode == 0 ? ProtocolError.NothingToContinue : ProtocolError.MessageUnfinished;
        }

        if (frame.Opcode != 0)
        {
            _opcode = frame.Opcode;
            _reported = false;
            _size = 0;
            _tinyFragments = 0;
            _cutCodePoint = [];
        }

        if (frame.Length > _maxMessageSize - _size)
        {
            return ProtocolError.MessageTooBig;
        }

        if (!frame.IsFinal && frame.Length < Limits.TinyFragmentSize && ++_tinyFragments > Limits.MaxTinyFragments)
        {
            return ProtocolError.TooManyFragments;
        }

        _size += frame.Length;
        _part.AddRange(frame.Payload);
        bool isLast = frame.IsFinal && frame.IsWhole;
        if (_opcode == 1)
        {
            byte[]? rest = CutCodePoint([.. _cutCodePoint, .. frame.Payload]);
            if (rest == null || (isLast && rest.Length > 0))
            {
                return ProtocolError.InvalidUtf8;
            }

            _cutCodePoint = rest;
        }

        if (isLast)
        {
            ReportPart(isLast);
            _opcode = 0;
        }

        return ProtocolError.None;
    }

    // The bytes of a code point that is not whole at the end; null where the text is not UTF-8.
    private static byte[]? CutCodePoint(ReadOnlySpan<byte> text)
    {
        while (text.Length > 0)
        {
            OperationStatus status = Rune.DecodeFromUtf8(text, out _, out int count);
            if (status != OperationStatus.Done)
            {
                return status == OperationStatus.NeedMoreData ? text.ToArray() : null;
            }

            text = text[count..];
        }

        return [];
    }

    // What has arrived of the message since the last event.
    private void ReportPart(bool isLast)
    {
        if (_part.Count > 0 || isLast)
        {
            bool isText = _opcode == 1;
            _lines.Add((isText ? "text " : "binary ") + Recorder.Show(_part.ToArray(), isText) + (_reported ? "" : " first") + (isLast ? " last" : ""));
            _reported = true;
            _part.Clear();
        }
    }

    private List<string> Fail(ProtocolError error)
    {
        int code = error switch
        {
            ProtocolError.InvalidUtf8 => 1007,
            ProtocolError.TooManyControlFrames or ProtocolError.TooManyFragments => 1008,
            ProtocolError.MessageTooBig => 1009,
            _ => 1002,
        };
        _lines.Add($"failed {error} {code}");
        return _lines;
    }
}
