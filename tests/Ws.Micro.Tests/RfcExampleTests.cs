using System;
using System.Linq;
using System.Text;
using Ws.Micro.Tests.Support;

namespace Ws.Micro.Tests;

/// <summary>The frames that RFC 6455 §5.7 prints, byte for byte: written by one role as printed, and read by the other at every split.</summary>
public sealed class RfcExampleTests
{
    // Its first byte on the wire, 0x37, is the key's lowest.
    private const int Key = 0x3D21FA37;

    private static readonly byte[] Hello = Encoding.ASCII.GetBytes("Hello");

    [Theory]
    [InlineData(true, "81 05 48 65 6C 6C 6F")]
    [InlineData(false, "81 85 37 FA 21 3D 7F 9F 4D 51 58")]
    public void A_single_frame_text_message(bool fromServer, string wire)
    {
        Assert.Equal(wire, Written(fromServer, Hello, isText: true));
        new Case().Reads(!fromServer, Bytes(wire), "text \"Hello\" first last");
    }

    [Fact]
    public void A_fragmented_unmasked_text_message()
    {
        WebSocketEngine server = new(isServer: true, 0, null);
        string first = Written(server, Hello[..3], isText: true, isLast: false);
        string last = Written(server, Hello[3..], isText: true, isLast: true);

        Assert.Equal("01 03 48 65 6C", first);
        Assert.Equal("80 02 6C 6F", last);
        new Case().Reads(false, Bytes(first + " " + last), "text \"Hello\" first last");
    }

    [Fact]
    public void An_unmasked_ping_and_its_masked_pong()
    {
        byte[] ping = Bytes("89 05 48 65 6C 6C 6F");
        byte[] pong = Bytes("8A 85 37 FA 21 3D 7F 9F 4D 51 58");
        byte[] buffer = new byte[131];

        Assert.Equal(ping.Length, new WebSocketEngine(isServer: true, 0, null).WritePing(buffer, 0, Hello, 0, Hello.Length, Key));
        Assert.Equal(ping, buffer[..ping.Length]);
        WebSocketEngine client = new(isServer: false, 0, null);
        Assert.Equal(EngineEvent.Ping, client.Receive((byte[])ping.Clone(), 0, ping.Length, 0));
        Assert.Equal(pong.Length, client.WritePong(buffer, 0, Key));
        Assert.Equal(pong, buffer[..pong.Length]);
        new Case().Reads(true, pong, "pong 48 65 6C 6C 6F");
    }

    [Theory]
    [InlineData(256, "82 7E 01 00")]
    [InlineData(65536, "82 7F 00 00 00 00 00 01 00 00")]
    public void A_binary_message_in_a_single_unmasked_frame(int length, string header)
    {
        byte[] payload = Enumerable.Range(0, length).Select(i => (byte)i).ToArray();

        Assert.Equal(header, Written(true, payload, isText: false)[..header.Length]);
        new Case().Reads(false, Bytes(header).Concat(payload).ToArray(), "binary " + Recorder.Show(payload, isText: false) + " first last");
    }

    private static string Written(bool isServer, byte[] payload, bool isText) =>
        Written(new WebSocketEngine(isServer, 0, null), payload, isText, isLast: true);

    private static string Written(WebSocketEngine engine, byte[] payload, bool isText, bool isLast)
    {
        byte[] buffer = new byte[WebSocketEngine.Headroom + payload.Length];
        payload.CopyTo(buffer, WebSocketEngine.Headroom);
        int size = engine.BeginFrame(buffer, WebSocketEngine.Headroom, payload.Length, isText, isLast, encoded: false, Key);
        engine.Mask(buffer, WebSocketEngine.Headroom, payload.Length);
        return string.Join(' ', buffer[(WebSocketEngine.Headroom - size)..].Select(b => b.ToString("X2")));
    }

    private static byte[] Bytes(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
}
