using System;
using System.Linq;
using System.Text.RegularExpressions;
using Ws.Micro.Handshake;

namespace Ws.Micro.Fuzz;

/// <summary>A response's head, to the key of RFC 6455 §1.3's example (§4.1).</summary>
internal static class ClientHandshakeTarget
{
    private const string Accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
    private static readonly byte[] Nonce = "the sample nonce"u8.ToArray();
    private static readonly string[] Subprotocols = { "mqtt", "chat" };

    public static void Run(Input input)
    {
        string whole = Read(input, whole: true);
        Violation.UnlessEqual(whole, Read(input, whole: false), "the response in pieces, where the response whole is expected");
    }

    private static string Read(Input input, bool whole)
    {
        ClientHandshake handshake = null!;
        HandshakeStatus status = HandshakeStatus.NeedMore;
        Allocation.MustBeNone<Func<int, HandshakeStatus>>(
            () => (handshake = new ClientHandshake(HandshakeRun.NewBuffer(input, whole), Nonce, Subprotocols, null)).Read,
            read => status = HandshakeRun.Feed(input, whole, handshake.Head, read));
        string[]? lines = HandshakeRun.Lines(handshake.Head, status, handshake.Error);
        if (lines != null)
        {
            CheckRules(handshake, lines);
        }

        bool unexpected = handshake.Error == HandshakeError.UnexpectedStatus;
        Violation.Unless(unexpected ? handshake.StatusCode != 101 : handshake.StatusCode is 0 or 101, "a status that the error does not explain");
        return $"{status} {handshake.Error} {handshake.StatusCode} {handshake.Subprotocol} {handshake.Head.GetHeader("Retry-After")}";
    }

    private static void CheckRules(ClientHandshake handshake, string[] lines)
    {
        Violation.Unless(handshake.StatusCode == 101 && Regex.IsMatch(lines[0], "^HTTP/1\\.1 101( .*)?\\z"), "accepted the start line: " + lines[0]);
        HandshakeRun.CheckUpgrade(lines);
        Violation.Unless(HandshakeRun.Values(lines, "Sec-WebSocket-Accept") is [Accept], "accepted without the answer to the key");
        Violation.Unless(HandshakeRun.Values(lines, "Sec-WebSocket-Extensions").All(value => value.Length == 0), "accepted an extension");
        string[] chosen = HandshakeRun.Values(lines, "Sec-WebSocket-Protocol").ToArray();
        Violation.Unless(chosen.Length <= 1 && chosen.All(Subprotocols.Contains), "accepted a subprotocol that was not offered");
        Violation.UnlessEqual(chosen.FirstOrDefault(), handshake.Subprotocol, "the subprotocol");
    }
}
