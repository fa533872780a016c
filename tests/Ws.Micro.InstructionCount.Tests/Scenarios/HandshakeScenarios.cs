using System;
using System.Collections.Generic;
using System.Text;
using Ws.Micro.Handshake;

namespace Ws.Micro.InstructionCount.Tests;

/// <summary>One opening handshake as a whole: reading, checking, the accept key, writing.</summary>
internal static class HandshakeScenarios
{
    // RFC 6455 §1.3 has the key and what answers it.
    private const string Request =
        "GET /sensors/attic HTTP/1.1\r\nHost: gateway.local:5080\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: telemetry\r\n\r\n";

    private const string Response =
        "HTTP/1.1 101 Switching Protocols\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nServer: Kestrel\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: telemetry\r\n\r\n";

    public static IEnumerable<(string Name, int Bytes, int Others, Func<Action> Prepare)> All()
    {
        yield return ($"opening handshake as server, request of {Request.Length} B", 0, 0, () =>
        {
            byte[] buffer = new byte[2048];
            byte[] output = new byte[512];
            int count = Encoding.ASCII.GetBytes(Request, buffer);
            return () =>
            {
                ServerHandshake handshake = new(buffer);
                Scenarios.Check(handshake.Read(count) == HandshakeStatus.Done);
                Scenarios.Check(handshake.CheckOrigin([]) && handshake.SelectSubprotocol(["telemetry"]) != null);
                Scenarios.Check(handshake.WriteAccept(output, "telemetry", null) > 0);
            };
        }
        );
        yield return ($"opening handshake as client, response of {Response.Length} B", 0, 0, () =>
        {
            byte[] buffer = new byte[2048];
            byte[] output = new byte[512];
            byte[] nonce = Encoding.ASCII.GetBytes("the sample nonce");
            int count = Encoding.ASCII.GetBytes(Response, buffer);
            return () =>
            {
                ClientHandshake handshake = new(buffer, nonce, ["telemetry"], null);
                Scenarios.Check(handshake.WriteRequest(output, "gateway.local:5080", "/sensors/attic", []) > 0);
                Scenarios.Check(handshake.Read(count) == HandshakeStatus.Done && handshake.Subprotocol == "telemetry");
            };
        }
        );
    }
}
