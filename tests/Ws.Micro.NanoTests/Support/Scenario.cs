using nanoFramework.TestFramework;

namespace Ws.Micro.NanoTests.Support;

/// <summary>
/// What the peer sends and what the engine must report: with the input whole, byte by byte, and in pieces that end inside headers and
/// payloads, as server and as client.
/// </summary>
internal sealed class Scenario
{
    private const int Capacity = 768;

    private static readonly int[] PieceSizes = { Capacity, 1, 3, 7 };

    // For most tests, made once, to leave the small heap in peace.
    private static readonly Scenario Plain = new();

    private readonly Wire _wire = new(true, Capacity);
    private readonly Recorder _recorder = new(Capacity);

    /// <summary>The largest message that the engine accepts.</summary>
    public long MaxMessageSize { get; set; } = 1024;

    /// <summary>The window, in bits, of permessage-deflate both ways; 0: no extension.</summary>
    public int WindowBits { get; set; }

    /// <summary>Frames from either role give these events, as <see cref="Recorder.Events"/> shows them, where messages have up to 1,024 bytes.</summary>
    public static void Gives(string events, params byte[][] frames) => Plain.Reads(events, frames);

    /// <summary>Likewise, with the settings of this scenario.</summary>
    public void Reads(string events, params byte[][] frames)
    {
        for (int role = 0; role < 2; role++)
        {
            _wire.Clear(fromClient: role == 0);
            for (int i = 0; i < frames.Length; i++)
            {
                _wire.Add(frames[i]);
            }

            Reads(events, role == 0, _wire);
        }
    }

    /// <summary>Likewise, for one role and any bytes.</summary>
    public void Reads(string events, bool isServer, Wire wire)
    {
        for (int i = 0; i < PieceSizes.Length; i++)
        {
            PerMessageDeflate? extension = WindowBits == 0 ? null : Compression.New(isServer, WindowBits);
            _recorder.Clear();
            _recorder.Feed(new WebSocketEngine(isServer, MaxMessageSize, extension), wire.Buffer, wire.Count, PieceSizes[i]);
            Assert.AreEqual(events, _recorder.Events, (isServer ? "server" : "client") + ", pieces of " + PieceSizes[i].ToString());
        }
    }
}
