using System;
using System.Text;
using nanoFramework.TestFramework;
using Ws.Micro.Framing;

namespace Ws.Micro.NanoTests.Support;

/// <summary>Gives an engine its input in pieces and writes down what it reports, a whole message as one event.</summary>
internal sealed class Recorder
{
    private readonly byte[] _message;
    private int _count;
    private bool _inMessage;

    /// <param name="capacity">The largest message, in bytes.</param>
    public Recorder(int capacity) => _message = new byte[capacity];

    /// <summary>
    /// The events, parted by "; ": "text abc" or "binary 0102", beyond 32 bytes with their number alone, "ping 0102", "pong 0102",
    /// "close 1000 reason", and what <see cref="Failed"/> gives.
    /// </summary>
    public string Events { get; private set; } = "";

    /// <summary>Holds the last message, from index 0.</summary>
    public byte[] Message => _message;

    /// <summary>Its bytes so far.</summary>
    public int MessageCount => _count;

    /// <summary>A failure as an event.</summary>
    public static string Failed(ProtocolError error, int closeCode) => "failed " + ((int)error).ToString() + " " + closeCode.ToString();

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Events = "";
        _count = 0;
        _inMessage = false;
    }

    /// <summary>Gives the engine a copy of the input in pieces of one size, the last perhaps smaller.</summary>
    public void Feed(WebSocketEngine engine, byte[] input, int count, int pieceSize)
    {
        byte[] piece = new byte[pieceSize < count ? pieceSize : count];
        for (int at = 0; at < count; at += pieceSize)
        {
            int size = pieceSize < count - at ? pieceSize : count - at;
            Array.Copy(input, at, piece, 0, size);
            int used = 0;
            EngineEvent found;
            do
            {
                found = engine.Receive(piece, used, size - used, 0);
                used += engine.Taken;
                Record(engine, found);
            }
            while (found != EngineEvent.None);

            Assert.AreEqual(size, used, "bytes taken before the engine wants more");
        }
    }

    /// <summary>Writes down the event that the engine just reported.</summary>
    public void Record(WebSocketEngine engine, EngineEvent found)
    {
        switch (found)
        {
            case EngineEvent.Data:
                Assert.IsTrue(engine.IsFirst == !_inMessage, "a message's first part says so, and no other");
                if (engine.IsFirst)
                {
                    _count = 0;
                }

                Array.Copy(engine.Data, engine.DataOffset, _message, _count, engine.DataCount);
                _count += engine.DataCount;
                _inMessage = !engine.IsLast;
                if (engine.IsLast)
                {
                    Add((engine.IsText ? "text " : "binary ") + Show(_message, 0, _count, engine.IsText));
                }

                break;

            case EngineEvent.Ping:
                Add("ping " + Show(engine.ControlPayload, 0, engine.ControlPayloadCount, false));
                break;

            case EngineEvent.Pong:
                Add("pong " + Show(engine.ControlPayload, 0, engine.ControlPayloadCount, false));
                break;

            case EngineEvent.Close:
                Add("close " + engine.CloseCode.ToString() + " " + Show(engine.ControlPayload, 2, engine.ControlPayloadCount - 2, true));
                break;

            case EngineEvent.Failed:
                Add(Failed(engine.Error, engine.CloseCode));
                break;
        }
    }

    private static string Show(byte[] bytes, int offset, int count, bool isText)
    {
        if (count > 32)
        {
            return count.ToString() + " bytes";
        }

        if (isText)
        {
            return count > 0 ? Encoding.UTF8.GetString(bytes, offset, count) : "";
        }

        string digits = "";
        for (int i = offset; i < offset + count; i++)
        {
            digits += bytes[i].ToString("X2");
        }

        return digits;
    }

    private void Add(string line) => Events += Events.Length == 0 ? line : "; " + line;
}
