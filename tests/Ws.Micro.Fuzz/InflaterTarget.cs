using System;
using System.Linq;
using Ws.Micro.Deflate;
using Ws.Micro.Testing;

namespace Ws.Micro.Fuzz;

/// <summary>Any bytes in any pieces give the same output and end, with and without a lookup table, and zlib's where the machine has one.</summary>
internal sealed class InflaterTarget
{
    // What a stream of 4 KB can grow to is more than a comparison needs.
    private const int MaxOutput = 256 * 1024;

    private static readonly bool HasZlib = Zlib.IsPresent;
    private static readonly InflaterTarget Whole = new(0xA5);
    private static readonly InflaterTarget InPieces = new(0x5A);

    private readonly GuardedBuffer _input;
    private readonly byte[] _output = new byte[MaxOutput];
    private int _count;
    private bool _valid;
    private bool _atBoundary;

    private InflaterTarget(byte guard) => _input = new GuardedBuffer(Input.MaxWire, guard);

    public static void Run(Input input)
    {
        int windowBits = Inflater.MinWindowBits + input.Bits(0, 3);
        int lookupBits = input.Bits(3, 3) is > 0 and < 5 and var bits ? 6 + bits : 0;
        Whole.Read(input, windowBits, 0, whole: true);
        InPieces.Read(input, windowBits, lookupBits, whole: false);
        Violation.UnlessEqual(Whole._valid, InPieces._valid, "valid in pieces, where the input whole is expected");
        Violation.UnlessEqual(Whole._atBoundary, InPieces._atBoundary, "at a boundary in pieces, where the input whole is expected");
        Violation.Unless(Whole.Output.SequenceEqual(InPieces.Output), "the output in pieces is another than that of the input whole");
        if (HasZlib)
        {
            ZlibVerdict verdict = Zlib.InflateOn(input.Wire, windowBits, out byte[] expected);
            int compared = Math.Min(expected.Length, MaxOutput);
            Violation.Unless(Whole.Output.StartsWith(expected.AsSpan(0, compared)), "the output is another than zlib's");
            Violation.Unless(Whole._count == MaxOutput || Whole._count == expected.Length, $"{Whole._count} bytes came out, of zlib {expected.Length}");
            bool agreed = Whole._valid ? verdict != ZlibVerdict.Invalid : verdict == ZlibVerdict.Invalid || IsBeyondHope(input.Wire, windowBits);
            Violation.Unless(Whole._count == MaxOutput || agreed, $"valid is {Whole._valid}, and zlib says {verdict}");
        }
    }

    // zlib looks at a block's codes once all their lengths are there; what breaks a rule before that does so whatever follows.
    private static bool IsBeyondHope(byte[] wire, int windowBits) => new byte[] { 0x00, 0xFF, 0x55 }.All(
        more => Zlib.InflateOn([.. wire, .. Enumerable.Repeat(more, 1000)], windowBits, out _) == ZlibVerdict.Invalid);

    private ReadOnlySpan<byte> Output => _output.AsSpan(0, _count);

    private void Read(Input input, int windowBits, int lookupBits, bool whole) => Allocation.MustBeNone(
        () =>
        {
            _count = 0;
            return new Inflater(windowBits, lookupBits);
        },
        inflater => Feed(inflater, input, whole));

    private void Feed(Inflater inflater, Input input, bool whole)
    {
        int given = 0;
        _valid = true;
        for (int piece = 0; given < input.Wire.Length && _valid && _count < MaxOutput; piece++)
        {
            int size = input.PieceSize(piece, whole, input.Wire.Length - given);
            _input.Load(input.Wire.AsSpan(given, size));
            given += size;
            FeedPiece(inflater);
        }

        _atBoundary = _valid && _count < MaxOutput && inflater.AtBoundary;
        Violation.Unless(_valid || !inflater.Inflate(_input.Bytes, GuardedBuffer.Start, 1), "valid again after a fault");
        inflater.Reset();
        Violation.Unless(inflater.AtBoundary && inflater.Inflate(_input.Bytes, GuardedBuffer.Start, 0), "not as new after a reset");
    }

    private void FeedPiece(Inflater inflater)
    {
        int at = GuardedBuffer.Start;
        int window = inflater.Window.Length;
        bool goesOn = true;
        while (goesOn && _count < MaxOutput)
        {
            int left = _input.End - at;
            _valid = inflater.Inflate(_input.Bytes, at, left);
            Violation.Unless(inflater.Taken >= 0 && inflater.Taken <= left, "took bytes that were not given");
            Planted.Strike(_input.Bytes, at, at + inflater.Taken);
            _input.CheckUnchangedOutside(at, at);
            Violation.Unless(
                inflater.OutputOffset >= 0 && inflater.OutputCount >= 0 && inflater.OutputOffset + inflater.OutputCount <= window, "output outside the window");
            int count = Math.Min(inflater.OutputCount, MaxOutput - _count);
            inflater.Window.AsSpan(inflater.OutputOffset, count).CopyTo(_output.AsSpan(_count));
            _count += count;
            at += inflater.Taken;
            goesOn = _valid && (inflater.Taken > 0 || inflater.OutputCount > 0);
            Violation.Unless(goesOn || !_valid || at == _input.End, "input left, and nothing given");
        }
    }
}
