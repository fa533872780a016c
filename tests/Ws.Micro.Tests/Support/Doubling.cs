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

    public Doubling() => Decoded = _output;

    /// <summary>Whether the last byte is held back until the end of the message is known, so that the end gives output of its own.</summary>
    public bool HoldsBack { get; init; }

    /// <summary>Whether it neither takes nor gives, which no extension may.</summary>
    public bool Stalls { get; init; }

    /// <summary>Whether it cannot tell the last output from another, and gives nothing when asked again.</summary>
    public bool NeverSaysDone { get; init; }

    public int Begun { get; private set; }

    public override void BeginDecode()
    {
        Begun++;
        _heldCount = 0;
    }

    public override bool Decode(byte[] input, int offset, int count, bool endOfMessage)
    {
        DecodeTaken = 0;
        DecodedCount = 0;
        DecodeDone = false;
        if (Stalls)
        {
            return true;
        }

        while (DecodeTaken < count && DecodedCount < _output.Length)
        {
            byte next = input[offset + DecodeTaken];
            if (next == 0xEE)
            {
                // What comes before it is given first, so that its own faults are found first, in any pieces.
                return DecodedCount > 0;
            }

            DecodeTaken++;
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

        if (endOfMessage && DecodeTaken == count && _heldCount > 0 && DecodedCount < _output.Length)
        {
            Give(_held[0]);
            _heldCount = 0;
        }

        DecodeDone = !NeverSaysDone && endOfMessage && DecodeTaken == count && _heldCount == 0;
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

        EncodeTaken = 2 * given;
        EncodeDone = EncodeTaken == count;
        return given;
    }

    private void Give(byte value)
    {
        _output[DecodedCount++] = value;
        _output[DecodedCount++] = value;
    }
}
