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
    private readonly bool _encodeAnew;
    private readonly bool _decodeAnew;
    private int _decodeTaken;
    private int _tailTaken;
    private bool _decodeDone;
    private bool _inMessage;

    /// <param name="isServer">Our role.</param>
    /// <param name="agreed">What the handshake agreed on.</param>
    /// <param name="hashBits">Bits of the encoder's hash, 7 to 15: 2^bits heads of 2 bytes each.</param>
    /// <param name="chainDepth">Earlier places that the encoder looks at for each match; 0: only the newest, with no memory for chains.</param>
    /// <param name="dynamicCodes">Whether the encoder may use codes made for a block: smaller on long messages, for more memory.</param>
    /// <param name="lookupBits">Bits of the decoder's lookup table: 0 for the least memory, 9 or 10 for speed.</param>
    public PerMessageDeflate(bool isServer, DeflateParameters agreed, int hashBits, int chainDepth, bool dynamicCodes, int lookupBits)
    {
        _deflater = new Deflater(isServer ? agreed.ServerWindowBits : agreed.ClientWindowBits, hashBits, chainDepth, dynamicCodes);
        _inflater = new Inflater(isServer ? agreed.ClientWindowBits : agreed.ServerWindowBits, lookupBits);
        _encodeAnew = isServer ? agreed.ServerNoContextTakeover : agreed.ClientNoContextTakeover;
        _decodeAnew = isServer ? agreed.ClientNoContextTakeover : agreed.ServerNoContextTakeover;
    }

    /// <inheritdoc/>
    public override int DecodeTaken => _decodeTaken;

    /// <inheritdoc/>
    public override byte[] Decoded => _inflater.Window;

    /// <inheritdoc/>
    public override int DecodedOffset => _inflater.OutputOffset;

    /// <inheritdoc/>
    public override int DecodedCount => _inflater.OutputCount;

    /// <inheritdoc/>
    public override bool DecodeDone => _decodeDone;

    /// <inheritdoc/>
    public override int EncodeTaken => _deflater.Taken;

    /// <inheritdoc/>
    public override bool EncodeDone => _deflater.Done;

    /// <inheritdoc/>
    public override void BeginDecode()
    {
        if (_decodeAnew)
        {
            _inflater.Reset();
        }

        _tailTaken = 0;
        _decodeDone = false;
    }

    /// <inheritdoc/>
    public override bool Decode(byte[] input, int offset, int count, bool endOfMessage)
    {
        bool valid = _inflater.Inflate(input, offset, count);
        _decodeTaken = _inflater.Taken;
        while (valid && endOfMessage && _decodeTaken == count && _inflater.OutputCount == 0 && _tailTaken < Tail.Length)
        {
            valid = _inflater.Inflate(Tail, _tailTaken, Tail.Length - _tailTaken);
            _tailTaken += _inflater.Taken;
        }

        // §7.2.2: a message ends where a block does. What came before a fault is handed on first, whatever the split.
        valid = valid && (_tailTaken < Tail.Length || _inflater.AtBoundary);
        _decodeDone = valid && _tailTaken == Tail.Length;
        return valid || _inflater.OutputCount > 0;
    }

    /// <inheritdoc/>
    public override int Encode(byte[] input, int offset, int count, bool endOfMessage, byte[] output, int outputOffset, int outputCount)
    {
        if (!_inMessage && _encodeAnew)
        {
            _deflater.Reset();
        }

        int written = _deflater.Deflate(input, offset, count, endOfMessage, output, outputOffset, outputCount);
        _inMessage = !_deflater.Done;
        return written;
    }
}
