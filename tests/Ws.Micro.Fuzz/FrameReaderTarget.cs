using System;
using System.Collections.Generic;
using Ws.Micro.Framing;

namespace Ws.Micro.Fuzz;

/// <summary>Frames out of any bytes in any pieces are those of <see cref="ReferenceFrames"/>.</summary>
internal static class FrameReaderTarget
{
    private static readonly GuardedBuffer WholeBuffer = new(Input.MaxWire, 0xA5);
    private static readonly GuardedBuffer PiecesBuffer = new(Input.MaxWire, 0x5A);
    private static readonly FrameLog Expected = new();
    private static readonly FrameLog Seen = new();

    public static void Run(Input input)
    {
        bool masked = input.Option(0), rsv1Defined = input.Option(1);
        Decode(input, masked, rsv1Defined);
        foreach (bool whole in new[] { true, false })
        {
            Allocation.MustBeNone(() => new FrameReader(masked, rsv1Defined), reader => Read(input, whole, reader));
            Violation.UnlessEqual(Expected.ToString(), Seen.ToString(), whole ? "frames read whole" : "frames read in pieces");
        }
    }

    private static void Read(Input input, bool whole, FrameReader reader)
    {
        GuardedBuffer buffer = whole ? WholeBuffer : PiecesBuffer;
        Seen.Clear();
        int given = 0;
        for (int piece = 0; given < input.Wire.Length; piece++)
        {
            int size = input.PieceSize(piece, whole, input.Wire.Length - given);
            buffer.Load(input.Wire.AsSpan(given, size));
            given += size;
            if (reader.Error == ProtocolError.None)
            {
                ReadPiece(buffer, reader);
            }

            Violation.Unless(reader.Error == ProtocolError.None || reader.ReadHeader(buffer.Bytes, GuardedBuffer.Start, size) == 0, "read on after an error");
        }
    }

    private static void ReadPiece(GuardedBuffer buffer, FrameReader reader)
    {
        int at = GuardedBuffer.Start;
        while (true)
        {
            int left = buffer.End - at;
            bool inHeader = !reader.InFrame;
            long expected = Math.Min(left, reader.Remaining);
            int taken = inHeader ? reader.ReadHeader(buffer.Bytes, at, left) : reader.ReadPayload(buffer.Bytes, at, left);
            Planted.Strike(buffer.Bytes, at, at + taken);
            Violation.Unless(taken >= 0 && taken <= left, "took bytes that were not given");
            buffer.CheckUnchangedOutside(at, inHeader ? at : at + taken);
            if (!inHeader)
            {
                Violation.Unless(taken == expected, "payload left unread");
                Seen.Payload(buffer.Bytes.AsSpan(at, taken));
            }

            at += taken;
            if (reader.Error != ProtocolError.None)
            {
                Seen.Error(reader.Error);
                return;
            }

            if (!inHeader && reader.Remaining == 0)
            {
                reader.InFrame = false;
                Seen.EndOfFrame();
            }
            else if (inHeader && reader.InFrame)
            {
                Seen.Header(reader.FirstByte, reader.Remaining);
            }
            else
            {
                Violation.Unless(at == buffer.End, "input left that belongs to a header or payload");
                return;
            }
        }
    }

    private static void Decode(Input input, bool masked, bool rsv1Defined)
    {
        Expected.Clear();
        List<ReferenceFrame> frames = ReferenceFrames.Read(input.Wire, masked, rsv1Defined, out ProtocolError error);
        foreach (ReferenceFrame frame in frames)
        {
            Expected.Header(frame.FirstByte, frame.Length);
            Expected.Payload(frame.Payload);
            if (frame.IsWhole)
            {
                Expected.EndOfFrame();
            }
        }

        if (error != ProtocolError.None)
        {
            Expected.Error(error);
        }
    }
}
