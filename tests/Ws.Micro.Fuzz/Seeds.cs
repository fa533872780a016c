using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Ws.Micro.Tests.Support;

namespace Ws.Micro.Fuzz;

/// <summary>The inputs that fuzzing starts from: one of each kind that the protocol tests and the conformance suite send.</summary>
internal static class Seeds
{
    private const byte NoLimit = 255;
    private const byte WithExtension = 1, HoldsBack = 2, ClockGoesOn = 4;

    private static readonly byte[] Kosme = Encoding.UTF8.GetBytes("κόσμε");

    /// <summary>The seeds of a target by file name.</summary>
    public static Dictionary<string, byte[]> Of(string target)
    {
        return target switch
        {
            "frame-reader" => Streams(masked: false, header => header).Concat(Streams(masked: true, header => (byte)(header | 1))).ToDictionary(),
            "engine-server" => Engine(isServer: true),
            "engine-client" => Engine(isServer: false),
            "server-handshake" => Heads(Requests()),
            "inflater" => DeflateSeeds.Streams(),
            "deflate-engine" => DeflateSeeds.Messages(),
            _ => Heads(Responses()),
        };
    }

    private static Dictionary<string, byte[]> Engine(bool isServer) =>
        Streams(isServer, _ => 0)
            .Append(Seed("message-as-large-as-the-limit", 0, 100, 50, Frame.Encode(isServer, Frame.Of(0x02, new string('a', 60)), Frame.Of(0x80, new string('b', 40)))))
            .Append(Seed("message-above-the-limit", 0, 100, 50, Frame.Encode(isServer, Frame.Of(0x02, new string('a', 60)), Frame.Of(0x80, new string('b', 41)))))
            .Append(Seed("extension", WithExtension, NoLimit, 3, Frame.Encode(isServer, Encoded())))
            .Append(Seed("extension-holding-back", WithExtension | HoldsBack, NoLimit, 3, Frame.Encode(isServer, Encoded())))
            .Append(Seed("extension-cannot-decode", WithExtension, NoLimit, 3, Frame.Encode(isServer, Frame.Of(0xC2, "abcdefg\xEEhij"))))
            .Append(Seed("pings-in-time", ClockGoesOn, NoLimit, 9, Frame.Encode(isServer, Pings())))
            .ToDictionary();

    private static Frame[] Encoded() => new[] { Frame.Of(0x41, "abcdefg"), Frame.Of(0x89, "p"), Frame.Of(0x00), Frame.Of(0x80, "ij"), Frame.Of(0x81, "plain") };

    private static Frame[] Pings() => Enumerable.Repeat(Frame.Of(0x89), 257).ToArray();

    private static IEnumerable<KeyValuePair<string, byte[]>> Streams(bool masked, Func<byte, byte> options)
    {
        string prefix = masked ? "masked-" : "plain-";
        foreach ((string name, Frame[] frames) in FrameSequences())
        {
            byte rsv1Defined = (byte)(name.Contains("rsv1", StringComparison.Ordinal) ? 2 : 0);
            yield return Seed(prefix + name, options(rsv1Defined), NoLimit, 5, Frame.Encode(masked, frames));
        }
    }

    private static IEnumerable<(string Name, Frame[] Frames)> FrameSequences()
    {
        Frame close = Frame.Close(1000, "bye");
        yield return ("lengths-0-125-126", new[] { Frame.Of(0x82), Frame.Of(0x81, new string('a', 125)), Frame.Of(0x82, new string('b', 126)), close });
        yield return ("length-65536", new[] { Frame.Of(0x82, "abc") with { DeclaredLength = 65536 } });
        yield return ("length-not-minimal-16", new[] { Frame.Of(0x82, "abc") with { LengthSize = 2 } });
        yield return ("length-not-minimal-64", new[] { Frame.Of(0x82, "abc") with { LengthSize = 8 } });
        yield return ("length-too-large", new[] { Frame.Of(0x82, "abc") with { DeclaredLength = long.MinValue } });
        yield return ("length-longest", new[] { Frame.Of(0x82, "abc") with { DeclaredLength = long.MaxValue } });
        yield return ("wrong-mask", new[] { Frame.Of(0x81, "ok"), Frame.Of(0x81, "no") with { WrongMask = true } });
        yield return ("rsv1", new[] { Frame.Of(0xC1, "ok"), Frame.Of(0xC9) });
        yield return ("rsv2", new[] { Frame.Of(0x81, "ok"), Frame.Of(0xA1, "no"), Frame.Of(0x89) });
        yield return ("reserved-opcode-data", new[] { Frame.Of(0x81, "ok"), Frame.Of(0x83) });
        yield return ("reserved-opcode-control", new[] { Frame.Of(0x81, "ok"), Frame.Of(0x8B) });
        yield return ("pings-and-pongs", new[] { Frame.Of(0x89), Frame.Of(0x89, "Hello, world!"), Frame.Of(0x8A, "unsolicited"), Frame.Of(0x89, new string('p', 125)), close });
        yield return ("ping-too-long", new[] { Frame.Of(0x89, new string('p', 126)) });
        yield return ("ping-fragmented", new[] { Frame.Of(0x09, "a"), Frame.Of(0x80, "b") });
        yield return ("fragments-and-ping", new[] { Frame.Of(0x01, "fragment1"), Frame.Of(0x89, "ping"), Frame.Of(0x00), Frame.Of(0x80, "fragment2"), Frame.Of(0x82, "\0\xFF"), close });
        yield return ("nothing-to-continue", new[] { Frame.Of(0x80, "a"), Frame.Of(0x81, "b") });
        yield return ("message-unfinished", new[] { Frame.Of(0x01, "a"), Frame.Of(0x81, "b") });
        yield return ("utf8-split", Kosme.Select((b, i) => Frame.Of((i == 0 ? 1 : 0) | (i == Kosme.Length - 1 ? 0x80 : 0), b)).ToArray());
        yield return ("utf8-widths", new[] { Frame.Of(0x81, Encoding.UTF8.GetBytes("aé€😀\uFFFF\U0010FFFF")) });
        yield return ("utf8-surrogate", new[] { Frame.Of(0x81, 0xED, 0xA0, 0x80) });
        yield return ("utf8-overlong", new[] { Frame.Of(0x81, 0xE0, 0x80, 0xAF) });
        yield return ("utf8-too-high", new[] { Frame.Of(0x81, 0xF4, 0x90, 0x80, 0x80) });
        yield return ("utf8-unfinished", new[] { Frame.Of(0x81, 0xE2, 0x82) });
        yield return ("close-empty", new[] { Frame.Of(0x88), Frame.Of(0x81, "late") });
        yield return ("close-one-byte", new[] { Frame.Of(0x88, "a") });
        yield return ("close-code-1005", new[] { Frame.Close(1005) });
        yield return ("close-code-4999", new[] { Frame.Close(4999) });
        yield return ("close-reason-not-utf8", new[] { Frame.Close(1000, "\xFF") });
        yield return ("close-in-message", new[] { Frame.Of(0x01, "a"), close });
    }

    private static IEnumerable<(string Name, byte Limit, string Head)> Requests()
    {
        string Request(string lines, string start = "GET /chat?room=1 HTTP/1.1", string key = "dGhlIHNhbXBsZSBub25jZQ==", string version = "13") =>
            $"{start}\r\nHost: a:8080\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            + $"Sec-WebSocket-Version: {version}\r\n{lines}\r\n";

        yield return ("plain", 31, Request(""));
        yield return ("frame-behind", 31, Request("") + "\x81\x85frame");
        yield return ("absolute-uri", 31, Request("", "GET http://a:8080/x HTTP/1.1"));
        yield return ("post", 31, Request("", "POST / HTTP/1.1"));
        yield return ("http-1-0", 31, Request("", "GET / HTTP/1.0"));
        yield return ("version-8", 31, Request("", version: "8"));
        yield return ("key-too-short", 31, Request("", key: "dGhlIHNhbXBsZQ=="));
        yield return ("key-twice", 31, Request("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"));
        yield return ("subprotocols", 31, Request("Sec-WebSocket-Protocol: x, ,chat\r\nsec-websocket-protocol: mqtt\r\n"));
        yield return ("subprotocol-no-token", 31, Request("Sec-WebSocket-Protocol: a b\r\n"));
        yield return ("extensions", 31, Request("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits; server_max_window_bits=\"15\", x;y=1\r\n"));
        yield return ("extension-unclosed", 31, Request("Sec-WebSocket-Extensions: a; b=\"c\r\n"));
        yield return ("commas", 31, Request("Sec-WebSocket-Extensions: " + new string(',', 80) + "\r\n"));
        yield return ("origin", 31, Request("Origin: https://app.example\r\n"));
        yield return ("body", 31, Request("Content-Length: 0\r\n"));
        yield return ("folded", 31, Request("X: a\r\n b\r\n"));
        yield return ("bare-lf", 31, Request("X: a\n"));
        yield return ("head-too-large", 7, Request(""));
        yield return ("many-headers", 255, Request(string.Concat(Enumerable.Repeat("X:\r\n", 61))));
    }

    private static IEnumerable<(string Name, byte Limit, string Head)> Responses()
    {
        string Response(string lines, string start = "HTTP/1.1 101 Switching Protocols", string accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") =>
            $"{start}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n{lines}\r\n";

        yield return ("plain", 31, Response(""));
        yield return ("no-reason", 31, Response("", "HTTP/1.1 101"));
        yield return ("frame-behind", 31, Response("") + "\x81\x05frame");
        yield return ("subprotocol", 31, Response("Sec-WebSocket-Protocol: mqtt\r\n"));
        yield return ("subprotocol-not-offered", 31, Response("Sec-WebSocket-Protocol: x\r\n"));
        yield return ("subprotocol-twice", 31, Response("Sec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Protocol: chat\r\n"));
        yield return ("extension", 31, Response("Sec-WebSocket-Extensions: permessage-deflate\r\n"));
        yield return ("extension-empty", 31, Response("Sec-WebSocket-Extensions:\r\n"));
        yield return ("accept-other-case", 31, Response("", accept: "S3PPLMBITXAQ9KYGZZHZRBK+XOO="));
        yield return ("accept-prefix", 31, Response("", accept: "s3pP"));
        yield return ("accept-twice", 31, Response("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
        yield return ("status-503", 31, "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n\r\n");
        yield return ("http-1-0", 31, Response("", "HTTP/1.0 101 Switching Protocols"));
        yield return ("not-http", 31, "SSH-2.0-x\r\n\r\n");
        yield return ("head-too-large", 5, Response(""));
    }

    private static Dictionary<string, byte[]> Heads(IEnumerable<(string Name, byte Limit, string Head)> heads) =>
        heads.Select(head => Seed(head.Name, 0, head.Limit, 7, Encoding.Latin1.GetBytes(head.Head))).ToDictionary();

    internal static KeyValuePair<string, byte[]> Seed(string name, int options, byte limit, byte piece, byte[] wire) =>
        new(name, [(byte)options, limit, piece, 1, 0, 2, 13, 1, .. wire]);
}
