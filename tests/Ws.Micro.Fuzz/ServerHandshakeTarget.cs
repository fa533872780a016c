using System;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Ws.Micro.Handshake;

namespace Ws.Micro.Fuzz;

/// <summary>A request's head, its lists and extensions, and the answers to it (RFC 6455 §4.2).</summary>
internal static class ServerHandshakeTarget
{
    private static readonly string[] Subprotocols = { "mqtt", "chat" };
    private static readonly string[] Origins = { "https://app.example" };

    public static void Run(Input input)
    {
        string whole = Read(input, whole: true);
        Violation.UnlessEqual(whole, Read(input, whole: false), "the request in pieces, where the request whole is expected");
    }

    private static string Read(Input input, bool whole)
    {
        ServerHandshake handshake = null!;
        HandshakeStatus status = HandshakeStatus.NeedMore;
        Allocation.MustBeNone<Func<int, HandshakeStatus>>(
            () => (handshake = new ServerHandshake(HandshakeRun.NewBuffer(input, whole))).Read,
            read => status = HandshakeRun.Feed(input, whole, handshake.Head, read));
        string end = $"{status} {handshake.Error} {handshake.Head.GetHeader("Origin")}";
        string[]? lines = HandshakeRun.Lines(handshake.Head, status, handshake.Error);
        return lines != null ? end + Accept(handshake, lines)
            : status == HandshakeStatus.Refused ? end + Refuse(handshake)
            : end;
    }

    private static string Accept(ServerHandshake handshake, string[] lines)
    {
        CheckRules(lines);
        string path = handshake.GetPath();
        Violation.Unless(path[0] == '/' && lines[0].EndsWith(path + " HTTP/1.1", StringComparison.Ordinal), "the path is not that of the request");

        string? subprotocol = handshake.SelectSubprotocol(Subprotocols);
        string? expected = HandshakeRun.Elements(lines, "Sec-WebSocket-Protocol").FirstOrDefault(Subprotocols.Contains);
        Violation.UnlessEqual(expected, subprotocol, "the subprotocol selected");

        string key = HandshakeRun.Values(lines, "Sec-WebSocket-Key")[0];
        string answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
            + Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))) + "\r\n"
            + (subprotocol == null ? "" : $"Sec-WebSocket-Protocol: {subprotocol}\r\n") + "\r\n";
        byte[] output = new byte[512];
        int size = handshake.WriteAccept(output, subprotocol, null);
        Violation.UnlessEqual(answer, Encoding.ASCII.GetString(output, 0, size), "the answer");

        bool allowed = handshake.CheckOrigin(Origins);
        Violation.Unless(allowed == (handshake.Error == HandshakeError.None), "an origin refused without an error, or the other way");
        return $"{path} {subprotocol} {allowed}";
    }

    // §4.2.1
    private static void CheckRules(string[] lines)
    {
        Violation.Unless(Regex.IsMatch(lines[0], "^GET [!-~]+ HTTP/1\\.1\\z"), "accepted the start line: " + lines[0]);
        HandshakeRun.CheckUpgrade(lines);
        Violation.Unless(HandshakeRun.Values(lines, "Host") is [not ""], "accepted without one Host");
        Violation.Unless(HandshakeRun.Values(lines, "Sec-WebSocket-Version") is ["13"], "accepted without version 13");
        Violation.Unless(
            HandshakeRun.Values(lines, "Sec-WebSocket-Key") is [{ Length: 24 } key] && Convert.TryFromBase64String(key, new byte[18], out int bytes) && bytes == 16,
            "accepted without one key of 16 bytes");
        Violation.Unless(HandshakeRun.Values(lines, "Content-Length").Count == 0 && HandshakeRun.Values(lines, "Transfer-Encoding").Count == 0, "accepted a body");
        Violation.Unless(HandshakeRun.Values(lines, "Sec-WebSocket-Protocol").All(HandshakeRun.TokenList.IsMatch), "accepted a subprotocol that is no token");
        Violation.Unless(HandshakeRun.Values(lines, "Sec-WebSocket-Extensions").All(HandshakeRun.ExtensionList.IsMatch), "accepted a malformed extension");
    }

    private static string Refuse(ServerHandshake handshake)
    {
        byte[] output = new byte[256];
        int size = ServerHandshake.WriteRefusal(output, ServerHandshake.StatusOf(handshake.Error), "No");
        Violation.Unless(size <= output.Length, "a refusal that does not fit");
        string text = Encoding.ASCII.GetString(output, 0, size);
        Violation.Unless(Regex.IsMatch(text, "^HTTP/1\\.1 4[0-9][0-9] No\r\nConnection: close\r\n([^\r\n]+\r\n)+\r\n\\z"), "a malformed refusal: " + text);
        return text;
    }
}
