using Ws.Micro.Framing;

namespace Ws.Micro;

// Messages that an extension transforms. A library without permessage-deflate has none.
public sealed partial class WebSocketEngine
{
    private int _unmaskedAhead;
    private bool _encoding;
    private bool _encodeFirst;

    /// <inheritdoc cref="WebSocketEngine(bool, long)"/>
    /// <param name="isServer">The role: a server reads masked frames and writes unmasked ones, a client the other way (§5.1).</param>
    /// <param name="maxMessageSize">The largest message accepted, in bytes after decoding, at least 0; a larger one fails with 1009.</param>
    /// <param name="extension">What the handshake agreed to transform messages with, or null.</param>
    public WebSocketEngine(bool isServer, long maxMessageSize, MessageExtension? extension)
        : this(isServer, maxMessageSize)
    {
        if (extension != null)
        {
            Extension = extension;
            _reader = new FrameReader(isServer, true);
        }
    }

    /// <summary>The extension agreed, or null.</summary>
    public readonly MessageExtension? Extension;

    /// <summary>
    /// Before a message, or the next fragment of one: whether it goes out encoded, by <see cref="WriteEncoded"/>, or as it is, by
    /// <see cref="BeginFrame"/>. A message's first fragment decides for all.
    /// </summary>
    /// <param name="count">Bytes in the fragment.</param>
    /// <param name="isLast">Whether the fragment ends its message.</param>
    /// <param name="allowed">Whether the message may be encoded; read with its first fragment.</param>
    public bool BeginEncode(int count, bool isLast, bool allowed)
    {
        if (!_inMessage)
        {
            _encoding = allowed && Extension != null && CanSend && Extension.BeginEncode(count, isLast);
            _encodeFirst = true;
        }

        return _encoding;
    }

    /// <summary>
    /// Writes a whole frame with the encoded form of the fragment's next bytes, and returns its size; it begins at
    /// <see cref="EncodedFrameOffset"/>. Call it with what it has not taken until <see cref="EncodeDone"/>. Where it returns 0 nothing was
    /// written: either the encoded message would be no smaller, and all of it goes out as it is, by <see cref="BeginFrame"/>; or <see cref="CanSend"/> is false.
    /// </summary>
    /// <param name="data">The fragment's bytes.</param>
    /// <param name="offset">Where they begin.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="isText">Whether the message is text, which the caller gives in valid UTF-8.</param>
    /// <param name="isLast">Whether the fragment ends its message.</param>
    /// <param name="buffer">Where to write, other than <paramref name="data"/>: payload after <see cref="Headroom"/>, at least 16 bytes of it.</param>
    /// <param name="maskKey">As in <see cref="BeginFrame"/>.</param>
    public int WriteEncoded(byte[] data, int offset, int count, bool isText, bool isLast, byte[] buffer, int maskKey)
    {
        if (!CanSend)
        {
            return 0;
        }

        MessageExtension extension = Extension!;
        int room = buffer.Length - Headroom;
        int written = extension.Encode(data, offset, count, isLast, buffer, Headroom, room);
        bool done = extension.EncodeDone;
        if (_encodeFirst && (done ? written >= extension.EncodeTaken : room >= extension.EncodeTaken - extension.EncodeWaiting))
        {
            extension.CancelEncode();
            _encoding = false;
            return 0;
        }

        _encodeFirst = false;
        int header = BeginFrame(buffer, Headroom, written, isText, isLast && done, true, maskKey);
        Mask(buffer, Headroom, written);
        EncodedFrameOffset = Headroom - header;
        return header + written;
    }

    /// <summary>Where the frame that <see cref="WriteEncoded"/> wrote begins in its buffer.</summary>
    public int EncodedFrameOffset;

    /// <summary>Bytes of the fragment that the last <see cref="WriteEncoded"/> took.</summary>
    public int EncodeTaken => Extension!.EncodeTaken;

    /// <summary>Whether the last <see cref="WriteEncoded"/> wrote the fragment's last frame.</summary>
    public bool EncodeDone => Extension!.EncodeDone;

    partial void BeginDecode() => Extension!.BeginDecode();

    partial void Decode(byte[] buffer, ref int at, int end, ref EngineEvent found) => found = DecodePayload(buffer, ref at, end);

    // What the extension does not take stays with the caller, already unmasked.
    private EngineEvent DecodePayload(byte[] buffer, ref int at, int end)
    {
        MessageExtension extension = Extension!;
        while (true)
        {
            int fresh = end - at - _unmaskedAhead;
            if (fresh > 0)
            {
                _unmaskedAhead += _reader.ReadPayload(buffer, at + _unmaskedAhead, fresh);
            }

            bool endOfFrame = _reader.Remaining == 0;
            bool endOfMessage = endOfFrame && (_reader.FirstByte & FrameWriter.Fin) != 0;
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
                if (count > _maxSize - _size)
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
}
