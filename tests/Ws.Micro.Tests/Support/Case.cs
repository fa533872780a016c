using System;

namespace Ws.Micro.Tests.Support;

/// <summary>
/// A test case: what the peer sends and what the engine must report, as server and as client, with the input given whole, byte by byte, and
/// in two pieces cut at every place.
/// </summary>
internal sealed class Case
{
    // Beyond this size the cuts are those near the input's ends.
    private const int AllCuts = 600;

    public long MaxMessageSize { get; init; } = long.MaxValue;

    public Func<MessageExtension?> Extension { get; init; } = () => null;

    public static void Gives(Frame frame, params string[] events) => new Case().Reads(new[] { frame }, events);

    public static void Gives(Frame[] frames, params string[] events) => new Case().Reads(frames, events);

    public void Reads(Frame[] frames, params string[] events)
    {
        foreach (bool isServer in new[] { true, false })
        {
            Reads(isServer, Frame.Encode(fromClient: isServer, frames), events);
        }
    }

    public void Reads(bool isServer, byte[] wire, params string[] events)
    {
        Compare(isServer, wire, "whole", 0, wire.Length, events);
        Compare(isServer, wire, "byte by byte", 0, 1, events);
        for (int cut = 1; cut < wire.Length; cut++)
        {
            if (wire.Length <= AllCuts || cut < 32 || cut > wire.Length - 32)
            {
                Compare(isServer, wire, "cut at " + cut, cut, wire.Length, events);
            }
        }
    }

    /// <summary>The wire offset of the byte that makes the engine fail, when it is given one byte at a time; -1 where it does not.</summary>
    public int FailsAt(bool isServer, byte[] wire)
    {
        WebSocketEngine engine = new(isServer, MaxMessageSize, Extension());
        Recorder recorder = new(wire.Length, 0xA5);
        for (int i = 0; i < wire.Length; i++)
        {
            recorder.FeedPiece(engine, wire, i, 1);
            if (engine.State == EngineState.Failed)
            {
                return i;
            }
        }

        return -1;
    }

    private void Compare(bool isServer, byte[] wire, string split, int firstPiece, int pieceSize, string[] events)
    {
        WebSocketEngine engine = new(isServer, MaxMessageSize, Extension());
        Recorder recorder = new(wire.Length, (byte)(0x80 + firstPiece));
        recorder.FeedPiece(engine, wire, 0, firstPiece);
        recorder.Feed(engine, wire[firstPiece..], Math.Max(pieceSize, 1));
        string title = (isServer ? "server, " : "client, ") + split + "\n";
        Assert.Equal(title + string.Join('\n', events), title + string.Join('\n', recorder.Lines));
    }
}
