using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Ws.Micro.Deflate;
using Ws.Micro.Deflate.Tests;
using Ws.Micro.Framing;
using Ws.Micro.Handshake;

namespace Ws.Micro.InstructionCount.Tests;

/// <summary>1,000 readings as JSON, each a message, with context takeover; and long texts as one message, whose codes are made for them.</summary>
internal static class DeflateScenarios
{
    private const int HashBits = 9, ChainDepth = 8;

    private static readonly byte[][] Readings = Telemetry.Messages(1000);
    private static readonly byte[] Text = [.. Telemetry.Messages(32, devices: 8).SelectMany(reading => reading).Take(4096)];

    public static IEnumerable<(string Name, int Bytes, int Others, Func<Action> Prepare)> All()
    {
        int bytes = Readings.Sum(reading => reading.Length);
        foreach (int windowBits in new[] { 9, 10 })
        {
            yield return ($"deflate 1,000 readings, window 2^{windowBits}", bytes, 0, () =>
            {
                Deflater deflater = new(windowBits, HashBits, ChainDepth);
                return () => Encode(deflater, Readings);
            }
            );
            yield return ($"inflate 1,000 readings, window 2^{windowBits}", bytes, 0, () => Inflate(new Inflater(windowBits), windowBits));
        }

        yield return ("inflate 1,000 readings, window 2^9, lookup tables of 2^7", bytes, 0, () => Inflate(new Inflater(9, 7), 9));
        yield return ("deflate 4 KB of JSON with dynamic codes, window 2^10", Text.Length, 0, () =>
        {
            Deflater deflater = new(10, HashBits, ChainDepth, dynamicCodes: true);
            return () => Encode(deflater, [Text]);
        }
        );
        yield return ("inflate 4 KB of JSON with dynamic codes, window 2^10", Text.Length, 0, () =>
        {
            Inflater inflater = new(10);
            byte[] encoded = Encode(new Deflater(10, HashBits, ChainDepth, dynamicCodes: true), [Text])[0];
            return () => Decode(inflater, encoded, Text.Length);
        }
        );
        yield return ("take back a message, window 2^10", 0, 0, () =>
        {
            Deflater deflater = new(10, HashBits, ChainDepth);
            Encode(deflater, Readings[..10]);
            deflater.Mark();
            Encode(deflater, [Readings[10]]);
            return () => Scenarios.Check(deflater.Rollback());
        }
        );
        yield return ("extension and engine: send a reading of 150 B as client, deflated, window 2^9", 150, 0, () => Send());
        yield return ("extension and engine: receive a reading of 150 B as client, deflated, window 2^9", 150, 0, () => Receive());
    }

    private static Action Inflate(Inflater inflater, int windowBits)
    {
        byte[][] encoded = Encode(new Deflater(windowBits, HashBits, ChainDepth), Readings);
        return () =>
        {
            for (int i = 0; i < encoded.Length; i++)
            {
                Decode(inflater, encoded[i], Readings[i].Length);
            }
        };
    }

    private static byte[][] Encode(Deflater deflater, byte[][] messages)
    {
        byte[][] encoded = new byte[messages.Length][];
        byte[] output = new byte[4096];
        for (int i = 0; i < messages.Length; i++)
        {
            int count = deflater.Deflate(messages[i], 0, messages[i].Length, true, output, 0, output.Length);
            Scenarios.Check(deflater.Done);
            encoded[i] = output[..count];
        }

        return encoded;
    }

    private static void Decode(Inflater inflater, byte[] message, int size)
    {
        byte[] wire = [.. message, 0, 0, 0xFF, 0xFF];
        int at = 0;
        int got = 0;
        do
        {
            Scenarios.Check(inflater.Inflate(wire, at, wire.Length - at));
            at += inflater.Taken;
            got += inflater.OutputCount;
        }
        while (at < wire.Length || inflater.OutputCount > 0);

        Scenarios.Check(got == size);
    }

    private static Action Send()
    {
        byte[][] readings = Long();
        (WebSocketEngine engine, MessageExtension extension) = Side(isServer: false);
        byte[] buffer = new byte[512];
        foreach (byte[] reading in readings[..^1])
        {
            Send(reading);
        }

        return () => Send(readings[^1]);

        void Send(byte[] reading)
        {
            const int Headroom = WebSocketEngine.Headroom;
            int count = extension.Encode(reading, 0, reading.Length, true, buffer, Headroom, buffer.Length - Headroom);
            Scenarios.Check(extension.EncodeDone && count < reading.Length);
            Scenarios.Check(engine.BeginFrame(buffer, Headroom, count, isText: true, isLast: true, encoded: true, 0x3D21FA37) > 0);
            engine.Mask(buffer, Headroom, count);
        }
    }

    private static Action Receive()
    {
        byte[][] frames = [.. Encode(new Deflater(9, HashBits, ChainDepth), Long()).Select(encoded => Scenarios.Frame(encoded, fromClient: false))];
        WebSocketEngine engine = Side(isServer: false).Engine;
        foreach (byte[] frame in frames[..^1])
        {
            Receive(frame);
        }

        return () => Receive(frames[^1]);

        void Receive(byte[] frame)
        {
            frame[0] |= FrameWriter.Rsv1;
            int at = 0;
            int got = 0;
            EngineEvent found;
            while ((found = engine.Receive(frame, at, frame.Length - at, 0)) == EngineEvent.Data)
            {
                at += engine.Taken;
                got += engine.DataCount;
            }

            Scenarios.Check(found == EngineEvent.None && engine.IsLast && got == 150);
        }
    }

    private static (WebSocketEngine Engine, MessageExtension Extension) Side(bool isServer)
    {
        PerMessageDeflate extension = new(isServer, Agreed(), HashBits, ChainDepth, dynamicCodes: false, lookupBits: 0);
        return (new WebSocketEngine(isServer, Limits.DefaultMaxMessageSize, extension), extension);
    }

    private static DeflateParameters Agreed()
    {
        byte[] offer = "permessage-deflate; server_max_window_bits=9; client_max_window_bits=9"u8.ToArray();
        return DeflateNegotiation.Accept(offer, 0, offer.Length, new DeflateOptions())!;
    }

    /// <summary>Readings made up to 150 bytes each, of which the connection has seen some before the one that counts.</summary>
    private static byte[][] Long()
    {
        const string More = ",\"firmware\":\"1.4.2-rc.1\",\"boot\":11";
        return [.. Readings.Take(50).Select(reading => (byte[])[.. reading[..^1], .. Encoding.ASCII.GetBytes(More[..(150 - reading.Length)]), (byte)'}'])];
    }
}
