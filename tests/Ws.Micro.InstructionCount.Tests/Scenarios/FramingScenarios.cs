using System;
using System.Collections.Generic;
using Ws.Micro.Framing;

namespace Ws.Micro.InstructionCount.Tests;

internal static class FramingScenarios
{
    private const string Ascii = "{\"id\":\"sensor-a4cf12\",\"temperature\":21.43,\"humidity\":48.02}";
    private const string Mixed = "Größe 21,5 °C – Luft 48 %, Тепло, 温度は良好 🌡 ok. ";
    private const string Cyrillic = "Температура воздуха двадцать один градус, ";
    private const string Japanese = "室内の温度は二十一度で、湿度は四十八パーセントです。";

    public static IEnumerable<(string Name, int Bytes, int Others, Func<Action> Prepare)> All()
    {
        yield return ("mask or unmask 1 KB", 1024, 0, () =>
        {
            byte[] data = new byte[1024];
            return () => Masking.Apply(data, 0, data.Length, 0x3D21FA37);
        }
        );
        yield return Validate("validate 1 KB of UTF-8: ASCII", Ascii);
        yield return Validate("validate 1 KB of UTF-8: European languages, symbols, emoji", Mixed);
        yield return Validate("validate 1 KB of UTF-8: Cyrillic", Cyrillic);
        yield return Validate("validate 1 KB of UTF-8: Japanese", Japanese);
        yield return ReadHeader("read a frame's header as client, 2 B", [0x81, 0x05], masked: false);
        yield return ReadHeader("read a frame's header as server, 6 B", [0x81, 0x85, 1, 2, 3, 4], masked: true);
        yield return ReadHeader("read a frame's header as server, 14 B", [0x82, 0xFF, 0, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 4], masked: true);
        yield return ("write a frame's header as client, 6 B", 0, 0, () =>
        {
            byte[] buffer = new byte[Limits.MaxHeaderSize];
            return () => Scenarios.Check(FrameWriter.WriteHeader(buffer, 0, 0x81, 5, true, 0x3D21FA37) == 6);
        }
        );
    }

    private static (string Name, int Bytes, int Others, Func<Action> Prepare) Validate(string name, string text) => (name, 1024, 0, () =>
    {
        byte[] data = Scenarios.Fill(text, 1024);
        return () => Scenarios.Check(Utf8Validator.Validate(data, 0, data.Length, Utf8Validator.Complete) != Utf8Validator.Invalid);
    }
    );

    private static (string Name, int Bytes, int Others, Func<Action> Prepare) ReadHeader(string name, byte[] header, bool masked) => (name, 0, 0, () =>
    {
        FrameReader reader = new(masked, rsv1Defined: false);
        return () => Scenarios.Check(reader.ReadHeader(header, 0, header.Length) == header.Length && reader.Error == ProtocolError.None);
    }
    );
}
