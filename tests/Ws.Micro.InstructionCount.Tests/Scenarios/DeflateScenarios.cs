using System;
using System.Collections.Generic;
using System.Linq;
using Ws.Micro.Deflate;
using Ws.Micro.Deflate.Tests;

namespace Ws.Micro.InstructionCount.Tests;

/// <summary>1,000 readings as JSON, each a message, with context takeover; and long texts as one message, whose codes are made for them.</summary>
internal static class DeflateScenarios
{
    // As the options have it on the device.
    private const int ChainDepth = 16;

    private static readonly byte[][] Readings = Telemetry.Messages(1000);
    private static readonly byte[] Text = [.. Telemetry.Messages(32, devices: 8).SelectMany(reading => reading).Take(4096)];

    public static IEnumerable<(string Name, int Bytes, int Others, Func<Action> Prepare)> All(Func<byte[], byte[]> encodeDynamic)
    {
        int bytes = Readings.Sum(reading => reading.Length);
        foreach (int windowBits in new[] { 9, 10 })
        {
            yield return ($"deflate 1,000 readings, window 2^{windowBits}", bytes, 0, () =>
            {
                Deflater deflater = new(windowBits, windowBits - 1, ChainDepth);
                return () => Encode(deflater, Readings);
            }
            );
            yield return ($"inflate 1,000 readings, window 2^{windowBits}", bytes, 0, () => Inflate(new Inflater(windowBits), windowBits));
        }

        yield return ("inflate 4 KB of JSON with dynamic codes, window 2^11", Text.Length, 0, () =>
        {
            Inflater inflater = new(11);
            byte[] encoded = encodeDynamic(Text);
            return () => Decode(inflater, encoded, Text.Length);
        }
        );
        yield return ("take back a reading, window 2^10", 0, 0, () =>
        {
            Deflater deflater = new(10, 9, ChainDepth);
            Encode(deflater, Readings[..10]);
            deflater.Mark();
            Encode(deflater, [Readings[10]]);
            return deflater.Rollback;
        }
        );
    }

    private static Action Inflate(Inflater inflater, int windowBits)
    {
        byte[][] encoded = Encode(new Deflater(windowBits, windowBits - 1, ChainDepth), Readings);
        return () =>
        {
            for (int i = 0; i < encoded.Length; i++)
            {
                Decode(inflater, encoded[i], Readings[i].Length);
            }
        };
    }

    internal static byte[][] Encode(Deflater deflater, byte[][] messages)
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
}
