using Ws.Micro.Handshake;

namespace Ws.Micro.Net;

public sealed partial class WebSocketConnection
{
    /// <summary>What was agreed on for permessage-deflate; null where messages go as they are.</summary>
    public DeflateParameters? Deflate => (_engine.Extension as PerMessageDeflate)?.Agreed;

    // One frame for each buffer.
    partial void SendEncoded(byte[] data, int offset, int count, bool isText, bool isLast, bool compress, ref bool sent)
    {
        if (_over || !_engine.BeginEncode(count, isLast, compress))
        {
            return;
        }

        while (!sent)
        {
            int size = _engine.WriteEncoded(data, offset, count, isText, isLast, _sendBuffer, NextMaskKey());
            if (size == 0)
            {
                return;
            }

            WriteOrLose(_engine.EncodedFrameOffset, size);
            sent = _engine.EncodeDone;
            offset += _engine.EncodeTaken;
            count -= _engine.EncodeTaken;
        }
    }
}
