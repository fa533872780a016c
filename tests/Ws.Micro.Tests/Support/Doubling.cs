using System;

namespace Ws.Micro.Tests.Support;

/// <summary>
/// An extension for tests: each byte stands for itself twice. It takes a few bytes at a time, gives its output in small pieces and fails on
/// the byte EE. Encoding halves.
/// </summary>
internal sealed class Doubling : MessageExtension
{
    private readonly byte[] _output = new byte[6];
    private readonly byte[] _held = new byte[1];
    private int _heldCount;
    private int _taken;
    private int _count;
    private bool _done;
    private int _encodeTaken;
    private bool _encodeDone;

    /// <summary>Whether the last byte is held back until the end of the message is known, so that the end gives output of its own.</summary>
    public bool HoldsBack { get; init; }

    /// <summary>Whether it neither takes nor gives, which no extension may.</summary>
    public bool Stalls { get; init; }

    /// <summary>Whether it cannot tell the last output from another, and gives nothing when asked again.</summary>
    public bool NeverSaysDone { get; init; }

    public int Begun { get; private set; }

    public override int DecodeTaken => _taken;

    public override byte[] Decoded => _output;

    public override int DecodedOffset => 0;

    public override int DecodedCount => _count;

    public override bool DecodeDone => _done;

    public override int EncodeTaken => _encodeTaken;

    public override bool EncodeDone => _encodeDone;

    public override void BeginDecode()
    {
        Begun++;
        _heldCount = 0;
    }

    public override bool Decode(byte[] input, int offset, int count, bool endOfMessage)
    {
        _taken = 0;
        _count = 0;
        _done = false;
        if (Stalls)
        {
            return true;
        }

        while (_taken < count && _count < _output.Length)
        {
            byte next = input[offset + _taken];
            if (next == 0xEE)
            {
                // What comes before it is given first, so that its own faults are found first, in any pieces.
                return _count > 0;
            }

            _taken++;
            if (!HoldsBack)
            {
                Give(next);
            }
            else
            {
                if (_heldCount > 0)
                {
                    Give(_held[0]);
                }

                _held[0] = next;
                _heldCount = 1;
            }
        }

        if (endOfMessage && _taken == count && _heldCount > 0 && _count < _output.Length)
        {
            Give(_held[0]);
            _heldCount = 0;
        }

        _done = !NeverSaysDone && endOfMessage && _taken == count && _heldCount == 0;
        return true;
    }

    public override bool BeginEncode(int count, bool isWhole) => true;

    public override void CancelEncode()
    {
    }

    public override int Encode(byte[] input, int offset, int count, bool endOfMessage, byte[] output, int outputOffset, int outputCount)
    {
        int given = Math.Min(count / 2, outputCount);
        for (int i = 0; i < given; i++)
        {
            output[outputOffset + i] = input[offset + (2 * i)];
        }

        _encodeTaken = 2 * given;
        _encodeDone = _encodeTaken == count;
        return given;
    }

    private void Give(byte value)
    {
        _output[_count++] = value;
        _output[_count++] = value;
    }
}
