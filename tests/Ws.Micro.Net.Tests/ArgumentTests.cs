using System;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;

namespace Ws.Micro.Net.Tests;

/// <summary>Arguments out of their form: an error that says which, what is allowed, and nothing sent.</summary>
public sealed class ArgumentTests
{
    [Theory]
    [InlineData("", "ws://")]
    [InlineData("127.0.0.1", "ws://")]
    [InlineData("http://127.0.0.1/", "ws://")]
    [InlineData("://127.0.0.1/", "ws://")]
    [InlineData("ws:127.0.0.1", "ws://")]
    [InlineData("ws://", "host")]
    [InlineData("ws:///path", "host")]
    [InlineData("ws://:80/", "host")]
    [InlineData("ws://?x", "host")]
    [InlineData("ws://127.0.0.1:/", "port")]
    [InlineData("ws://127.0.0.1:0/", "port")]
    [InlineData("ws://127.0.0.1:65536/", "port")]
    [InlineData("ws://127.0.0.1:-1/", "port")]
    [InlineData("ws://127.0.0.1:+80/", "port")]
    [InlineData("ws://127.0.0.1:80x/", "port")]
    [InlineData("ws://127.0.0.1:000080/", "port")]
    [InlineData("ws://a:b:80/", "host")]
    [InlineData("ws://::1/", "host")]
    [InlineData("ws://[::1/", "host")]
    [InlineData("ws://::1]/", "host")]
    [InlineData("ws://[::1]x:80/", "host")]
    [InlineData("ws://[]/", "host")]
    [InlineData("ws://user:secret@127.0.0.1/", "user")]
    [InlineData("ws://127.0.0.1/#top", "fragment")]
    [InlineData("ws://127.0.0.1#top", "fragment")]
    [InlineData("ws://127.0.0.1/a b", "path")]
    [InlineData("ws://127.0.0.1/\r\nX: y", "path")]
    [InlineData("ws://127.0.0.1/é", "path")]
    [InlineData("ws://127.0.0.1/\0", "path")]
    [InlineData("ws://a b/", "host")]
    [InlineData("ws://a\r\n/", "host")]
    [InlineData("ws://é/", "host")]
    [InlineData(" ws://127.0.0.1/", "ws://")]
    public void A_bad_url_is_an_argument_error_that_says_why(string url, string why)
    {
        ArgumentException error = Assert.ThrowsAny<ArgumentException>(() => WebSocketClient.Connect(url, new WebSocketClientOptions()));

        Assert.Contains(why, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ReceiveBufferSize", 159)]
    [InlineData("SendBufferSize", 159)]
    [InlineData("HandshakeBufferSize", 255)]
    [InlineData("ConnectTimeout", 0)]
    [InlineData("SendTimeout", 0)]
    [InlineData("CloseTimeout", 0)]
    [InlineData("CloseTimeout", -1)]
    [InlineData("KeepAliveInterval", -1)]
    [InlineData("KeepAliveTimeout", 0)]
    [InlineData("MaxMessageSize", -1)]
    public void A_setting_out_of_its_range_is_an_argument_error_in_both_roles(string name, int value)
    {
        WebSocketClientOptions client = Set(new WebSocketClientOptions());
        WebSocketListenerOptions server = Set(new WebSocketListenerOptions());
        MemoryTransport transport = MemoryTransport.Pair().Left;
        ArgumentException[] errors =
        [
            Assert.Throws<ArgumentOutOfRangeException>(() => WebSocketClient.Connect("ws://127.0.0.1:1/", client)),
            Assert.Throws<ArgumentOutOfRangeException>(() => WebSocketClient.Connect(transport, "h", "/", client)),
            Assert.Throws<ArgumentOutOfRangeException>(() => new WebSocketListener(new IPEndPoint(IPAddress.Loopback, 0), server)),
            Assert.Throws<ArgumentOutOfRangeException>(() => new WebSocketRequest(transport, server)),
        ];

        Assert.All(errors, error =>
        {
            Assert.Equal(name, error.ParamName);
            Assert.Contains(value.ToString(), error.Message, StringComparison.Ordinal);
            Assert.Contains("at least", error.Message, StringComparison.Ordinal);
        });

        T Set<T>(T options)
            where T : WebSocketOptions
        {
            System.Reflection.FieldInfo setting = typeof(WebSocketOptions).GetField(name)!;
            setting.SetValue(options, Convert.ChangeType(value, setting.FieldType));
            return options;
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("No-Colon")]
    [InlineData(": value")]
    [InlineData("Bad Name: value")]
    [InlineData("X: a\r\nY: b")]
    [InlineData("X: a\nY: b")]
    [InlineData("X: \0")]
    public void A_bad_header_is_an_argument_error_before_anything_is_sent(string header) =>
        AssertNothingIsSent(new WebSocketClientOptions { Headers = [header] }, "Name: value");

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a,b")]
    [InlineData("a\r\n")]
    public void A_bad_subprotocol_is_an_argument_error_before_anything_is_sent(string subprotocol) =>
        AssertNothingIsSent(new WebSocketClientOptions { Subprotocols = [subprotocol] }, "token");

    [Fact]
    public void A_subprotocol_given_twice_is_an_argument_error() =>
        AssertNothingIsSent(new WebSocketClientOptions { Subprotocols = ["a", "b", "a"] }, "once");

    [Fact]
    public void A_request_larger_than_its_buffer_is_an_argument_error() =>
        AssertNothingIsSent(new WebSocketClientOptions { HandshakeBufferSize = 256, Headers = ["X: " + new string('x', 256)] }, "HandshakeBufferSize allows 256");

    [Fact]
    public async Task The_smallest_settings_work()
    {
        (WebSocketConnection client, WebSocketConnection server) = await Loopback.ConnectPair(
            new WebSocketClientOptions { ReceiveBufferSize = 160, SendBufferSize = 160, HandshakeBufferSize = 256, KeepAliveInterval = 0, MaxMessageSize = 0 },
            new WebSocketListenerOptions { ReceiveBufferSize = 160, SendBufferSize = 160, HandshakeBufferSize = 256, KeepAliveInterval = 0, MaxMessageSize = 0 });
        using (client)
        using (server)
        {
            client.Send([], 0, 0, isText: false);
            Assert.Empty(server.ReceiveMessage().Bytes);
        }
    }

    [Fact]
    public void A_port_that_is_taken_is_a_socket_error()
    {
        using WebSocketListener first = Loopback.Listen();
        Assert.Throws<SocketException>(() => new WebSocketListener(new IPEndPoint(IPAddress.Loopback, first.Port), new WebSocketListenerOptions()));
    }

    private static void AssertNothingIsSent(WebSocketClientOptions options, string why)
    {
        (MemoryTransport left, MemoryTransport right) = MemoryTransport.Pair();
        ArgumentException error = Assert.ThrowsAny<ArgumentException>(() => WebSocketClient.Connect(left, "h", "/", options));

        Assert.Contains(why, error.Message, StringComparison.Ordinal);
        Assert.Equal(Transport.TimedOut, right.Read(new byte[1], 0, 1, 0));
        Assert.ThrowsAny<ArgumentException>(() => WebSocketClient.Connect("ws://127.0.0.1:1/", options));
    }
}
