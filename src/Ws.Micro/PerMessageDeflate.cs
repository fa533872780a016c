using System;
using Ws.Micro.Deflate;
using Ws.Micro.Handshake;

namespace Ws.Micro;

/// <summary>
/// permessage-deflate (RFC 7692 §7) as the engine's extension: an encoder with our window and a decoder with the peer's, as the handshake
/// agreed. All memory is taken at construction.
/// </summary>
public sealed class PerMessageDeflate : MessageExtension
{
    // §7.2.2: what the sender cut off its message's end is put back before the message is decoded.
    private static readonly byte[] Tail = { 0x00, 0x00, 0xFF, 0xFF };

    private readonly Deflater _deflater;
    private readonly Inflater _inflater;
    private readonly int _minMessageSize;
    private readonly bool _encodeAnew;
    private readonly bool _decodeAnew;
    private int _tailTaken;
    private bool _encodeFlushed;

    /// <param name="isServer">Our role.</param>
    /// <param name="agreed">What the handshake agreed on.</param>
    /// <param name="options">What encoder and decoder may cost; what they allow to agree on was for the handshake.</param>
    public PerMessageDeflate(bool isServer, DeflateParameters agreed, PerMessageDeflateOptions options)
    {
        int send = isServer ? agreed.ServerWindowBits : agreed.ClientWindowBits;
        int receive = isServer ? agreed.ClientWindowBits : agreed.ServerWindowBits;
        Agreed = agreed;
        _deflater = options.NewDeflater(send);
        _inflater = options.NewInflater(receive);
        Decoded = _inflater.Window;
        _encodeAnew = isServer ? agreed.ServerNoContextTakeover : agreed.ClientNoContextTakeover;
        _decodeAnew = isServer ? agreed.ClientNoContextTakeover : agreed.ServerNoContextTakeover;
        _minMessageSize = options.MinMessageSize;
        MemoryBytes = options.MemoryBytes(send, receive);
    }

    /// <summary>What the handshake agreed on.</summary>
    public readonly DeflateParameters Agreed;

    /// <summary>Bytes that the arrays of encoder and decoder take.</summary>
    public readonly int MemoryBytes;

    /// <inheritdoc/>
    public override void BeginDecode()
    {
        if (_decodeAnew)
        {
            _inflater.Reset();
        }

        _tailTaken = 0;
        DecodeDone = false;
    }

    /// <inheritdoc/>
    public override bool Decode(byte[] input, int offset, int count, bool endOfMessage)
    {
        bool valid = _inflater.Inflate(input, offset, count);
        DecodeTaken = _inflater.Taken;
        DecodedOffset = _inflater.OutputOffset;
        DecodedCount = _inflater.OutputCount;

        // With the tail at once the message's last bytes are known to be the last; unless the tail could overwrite them.
        while (valid && endOfMessage && DecodeTaken == count && _tailTaken < Tail.Length && (DecodedCount == 0 || _inflater.BetweenBlocks))
        {
            valid = _inflater.Inflate(Tail, _tailTaken, Tail.Length - _tailTaken);
            _tailTaken += _inflater.Taken;
            if (_inflater.OutputCount > 0)
            {
                DecodedOffset = _inflater.OutputOffset;
                DecodedCount = _inflater.OutputCount;
            }
        }

        // §7.2.2: a message ends where a block does. What came before a fault is handed on first, whatever the split.
        valid = valid && (_tailTaken < Tail.Length || _inflater.AtBoundary);
        DecodeDone = valid && _tailTaken == Tail.Length;
        return valid || DecodedCount > 0;
    }

    /// <inheritdoc/>
    public override bool BeginEncode(int count, bool isWhole)
    {
        if (isWhole && count < _minMessageSize)
        {
            return false;
        }

        if (_encodeAnew)
        {
            _deflater.Reset();
        }

        _deflater.Mark();
        _encodeFlushed = false;
        return true;
    }

    /// <inheritdoc/>
    public override void CancelEncode() => _deflater.Rollback();

    /// <inheritdoc/>
    public override int Encode(byte[] input, int offset, int count, bool endOfMessage, byte[] output, int outputOffset, int outputCount)
    {
        int written = 0;
        EncodeTaken = 0;
        if (!_encodeFlushed)
        {
            written = _deflater.Deflate(input, offset, count, true, output, outputOffset, outputCount);
            EncodeTaken = _deflater.Taken;
            _encodeFlushed = _deflater.Done;
        }

        EncodeWaiting = _deflater.Waiting;
        EncodeDone = _encodeFlushed && (endOfMessage || outputCount - written >= Tail.Length);
        if (EncodeDone)
        {
            _encodeFlushed = false;
            if (!endOfMessage)
            {
                // §7.2.1: only from the message's end the flush's last four bytes are cut off.
                Array.Copy(Tail, 0, output, outputOffset + written, Tail.Length);
                written += Tail.Length;
            }
        }

        return written;
    }
}
