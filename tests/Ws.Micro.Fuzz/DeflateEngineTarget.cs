using System;
using System.Linq;
using System.Text;
using Ws.Micro.Handshake;
using Ws.Micro.Tests.Support;

namespace Ws.Micro.Fuzz;

/// <summary>A connection with permessage-deflate: any bytes in any pieces give the same events, and nothing is allocated.</summary>
internal sealed class DeflateEngineTarget
{
    private const int MaxMessageSize = 1000;
    private const int Capacity = 1 << 20;

    private static readonly GuardedBuffer WholeBuffer = new(Input.MaxWire, 0xA5);
    private static readonly GuardedBuffer PiecesBuffer = new(Input.MaxWire, 0x5A);
    private static readonly Recorder Whole = new(Capacity, 0xA5);
    private static readonly Recorder InPieces = new(Capacity, 0x5A);

    public static void Run(Input input)
    {
        string whole = Read(Whole, input, whole: true);
        string inPieces = Read(InPieces, input, whole: false);
        Violation.UnlessEqual(whole, inPieces, "events in pieces, where the input whole is expected");
    }

    private static string Read(Recorder recorder, Input input, bool whole)
    {
        WebSocketEngine engine = null!;
        Allocation.MustBeNone(
            () =>
            {
                bool isServer = input.Option(0);
                recorder.Clear();
                return engine = new WebSocketEngine(isServer, MaxMessageSize, NewExtension(input, isServer, whole));
            },
            _ => Feed(recorder, engine, input, whole));

        // Of a text that is both too large and not UTF-8 the pieces decide what is found first.
        return string.Join('\n', recorder.Lines.Append($"{engine.State} {engine.Error}"))
            .Replace("InvalidUtf8 1007", "MessageTooBig 1009", StringComparison.Ordinal)
            .Replace("InvalidUtf8", "MessageTooBig", StringComparison.Ordinal);
    }

    private static PerMessageDeflate NewExtension(Input input, bool isServer, bool whole)
    {
        int bits = DeflateParameters.MinWindowBits + input.Bits(1, 3);
        string noTakeover = input.Option(4) ? "; server_no_context_takeover; client_no_context_takeover" : "";
        byte[] response = Encoding.ASCII.GetBytes($"permessage-deflate; server_max_window_bits={bits}; client_max_window_bits={bits}{noTakeover}");
        DeflateParameters agreed = DeflateNegotiation.CheckResponse(response, 0, response.Length, new DeflateOptions())!;
        return new PerMessageDeflate(isServer, agreed, new PerMessageDeflateOptions { LookupBits = whole ? 0 : 9, DynamicCodes = false });
    }

    private static void Feed(Recorder recorder, WebSocketEngine engine, Input input, bool whole)
    {
        GuardedBuffer buffer = whole ? WholeBuffer : PiecesBuffer;
        int given = 0;
        for (int piece = 0; given < input.Wire.Length; piece++)
        {
            int size = input.PieceSize(piece, whole, input.Wire.Length - given);
            buffer.Load(input.Wire.AsSpan(given, size));
            given += size;
            Planted.Strike(buffer.Bytes, GuardedBuffer.Start, buffer.End);
            recorder.FeedPiece(engine, buffer.Bytes, GuardedBuffer.Start, size);
            buffer.CheckUnchangedOutside(GuardedBuffer.Start, buffer.End);
        }
    }
}
