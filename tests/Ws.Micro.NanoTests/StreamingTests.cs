using nanoFramework.TestFramework;
using Ws.Micro.NanoTests.Support;

namespace Ws.Micro.NanoTests;

/// <summary>Messages far larger than any buffer: each part is made, sent, received, checked and forgotten.</summary>
[TestClass]
public static class StreamingTests
{
    private const int ChunkSize = 96;

    [TestMethod]
    public static void A_frame_larger_than_any_buffer_passes_in_chunks()
    {
        const int Size = 9000;
        WebSocketEngine sender = new(false, Size, null);
        Sink sink = new(new WebSocketEngine(true, Size, null));
        byte[] buffer = new byte[WebSocketEngine.Headroom + ChunkSize];

        int header = sender.BeginFrame(buffer, WebSocketEngine.Headroom, Size, false, true, false, 0x5AC30F69);
        sink.Take(buffer, WebSocketEngine.Headroom - header, header);
        for (int at = 0; at < Size; at += ChunkSize)
        {
            int count = Size - at < ChunkSize ? Size - at : ChunkSize;
            Fill(buffer, WebSocketEngine.Headroom, count, at);
            sender.Mask(buffer, WebSocketEngine.Headroom, count);
            sink.Take(buffer, WebSocketEngine.Headroom, count);
        }

        sink.Ended(Size);
    }

    [TestMethod]
    public static void A_message_of_unknown_size_passes_in_fragments()
    {
        const int Size = 5000;
        WebSocketEngine sender = new(true, Size, null);
        Sink sink = new(new WebSocketEngine(false, Size, null));
        byte[] buffer = new byte[WebSocketEngine.Headroom + ChunkSize];
        for (int at = 0; at < Size; at += ChunkSize)
        {
            int count = Size - at < ChunkSize ? Size - at : ChunkSize;
            Fill(buffer, WebSocketEngine.Headroom, count, at);
            int header = sender.BeginFrame(buffer, WebSocketEngine.Headroom, count, false, at + count == Size, false, 0);
            sink.Take(buffer, WebSocketEngine.Headroom - header, header + count);
        }

        sink.Ended(Size);
    }

    [TestMethod]
    public static void A_compressed_message_passes_through_a_window_of_256()
    {
        const int Readings = 40;
        WebSocketEngine sender = new(false, 0, Compression.New(false, 8));
        WebSocketEngine receiver = new(true, 64 * 1024, Compression.New(true, 8));
        Sink sink = new(receiver, readings: true);
        byte[] buffer = new byte[WebSocketEngine.Headroom + ChunkSize];
        int size = 0;
        int sent = 0;
        for (int i = 1; i <= Readings; i++)
        {
            byte[] reading = Bytes.Reading(i);
            int at = 0;
            Assert.IsTrue(sender.BeginEncode(reading.Length, i == Readings, true), "the message is encoded");
            do
            {
                int frame = sender.WriteEncoded(reading, at, reading.Length - at, true, i == Readings, buffer, 0x5AC30F69);
                Assert.IsTrue(frame > 0, "it gains by that");
                at += sender.EncodeTaken;
                sent += frame;
                sink.Take(buffer, sender.EncodedFrameOffset, frame);
            }
            while (!sender.EncodeDone);

            Assert.AreEqual(reading.Length, at, "bytes taken");
            size += at;
        }

        sink.Ended(size);
        Assert.IsTrue(sent < size * 2 / 3, sent.ToString() + " bytes sent of " + size.ToString());
    }

    private static void Fill(byte[] buffer, int offset, int count, int place)
    {
        for (int i = 0; i < count; i++)
        {
            buffer[offset + i] = Bytes.At(place + i);
        }
    }

    // Checks a message as it comes, and keeps nothing of it but a reading's bytes at a time.
    private sealed class Sink
    {
        private readonly bool _readings;
        private byte[] _reading = new byte[0];
        private int _readingStart;
        private int _sequence;
        private int _count;
        private bool _ended;

        public Sink(WebSocketEngine engine, bool readings = false)
        {
            Engine = engine;
            _readings = readings;
        }

        public WebSocketEngine Engine { get; }

        public void Take(byte[] wire, int offset, int count)
        {
            EngineEvent found;
            do
            {
                found = Engine.Receive(wire, offset, count, 0);
                offset += Engine.Taken;
                count -= Engine.Taken;
                if (found == EngineEvent.Data)
                {
                    Assert.IsTrue(Engine.IsFirst == (_count == 0), "only the first part says that it is");
                    Check(Engine.Data, Engine.DataOffset, Engine.DataCount);
                    _ended = Engine.IsLast;
                }
                else
                {
                    Expect.Event(EngineEvent.None, found, "beside data");
                }
            }
            while (found != EngineEvent.None);
        }

        public void Ended(int size)
        {
            Assert.IsTrue(_ended, "the message has ended");
            Assert.AreEqual(size, _count, "its size");
        }

        private void Check(byte[] data, int offset, int count)
        {
            for (int i = 0; i < count; i++)
            {
                if (data[offset + i] != Expected())
                {
                    Assert.IsTrue(false, "byte " + _count.ToString() + " differs");
                }

                _count++;
            }
        }

        // The byte at _count.
        private byte Expected()
        {
            if (!_readings)
            {
                return Bytes.At(_count);
            }

            if (_count == _readingStart + _reading.Length)
            {
                _readingStart = _count;
                _sequence++;
                _reading = Bytes.Reading(_sequence);
            }

            return _reading[_count - _readingStart];
        }
    }
}
