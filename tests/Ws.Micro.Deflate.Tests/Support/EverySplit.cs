using System;
using System.Linq;
using Ws.Micro.Tests.Support;

namespace Ws.Micro.Deflate.Tests.Support;

/// <summary>
/// What an engine must report of the bytes on the wire, given whole, in pieces of each small size, and in two pieces cut at every place.
/// </summary>
internal static class EverySplit
{
    private const int SmallPieces = 17;

    /// <param name="engine">Makes the engine anew for each split.</param>
    /// <param name="wire">What it reads.</param>
    /// <param name="events">What it must report, in the <see cref="Recorder"/>'s words.</param>
    /// <param name="firstCut">The first place to cut at, where the bytes before it are of no interest.</param>
    /// <param name="outputSize">The most bytes that come out.</param>
    public static void Gives(Func<WebSocketEngine> engine, byte[] wire, string[] events, int firstCut = 1, int outputSize = 2048)
    {
        // What stands around each piece differs, so that events that depend on it show.
        Recorder[] recorders = [.. new byte[] { 0xA5, 0x5A }.Select(guard => new Recorder(Math.Max(wire.Length, outputSize), guard))];
        for (int piece = 1; piece <= Math.Min(SmallPieces, wire.Length); piece++)
        {
            Compare($"pieces of {piece}", 0, piece);
        }

        for (int cut = firstCut; cut <= wire.Length; cut++)
        {
            Compare($"cut at {cut}", cut, wire.Length);
        }

        void Compare(string split, int cut, int piece)
        {
            WebSocketEngine subject = engine();
            Recorder recorder = recorders[(cut + piece) & 1];
            recorder.Clear();
            if (cut > 0)
            {
                recorder.FeedPiece(subject, wire, 0, cut);
            }

            recorder.Feed(subject, wire[cut..], piece);
            Assert.Equal(split + "\n" + string.Join('\n', events), split + "\n" + string.Join('\n', recorder.Lines));
        }
    }
}
