using System;
using System.IO;
using System.Net.WebSockets;
using System.Threading.Tasks;

namespace Ws.Micro.Net.Tests;

/// <summary>.NET's own client and Kestrel's own server at the other end, with and without TLS.</summary>
public sealed class OutsidePeerTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ClientWebSocket_gets_its_messages_back(bool tls)
    {
        using WebSocketListener listener = Loopback.Listen(new WebSocketListenerOptions
        {
            Certificate = tls ? TestCertificates.Server : null,
            Subprotocols = ["echo"],
        });
        Task<string> serve = Loopback.Run(() =>
        {
            using WebSocketConnection connection = listener.Accept().Accept();
            connection.EchoWholeUntilClosed();
            return connection.CloseCode + " " + connection.CloseReason;
        });

        using ClientWebSocket client = new();
        client.Options.AddSubProtocol("other");
        client.Options.AddSubProtocol("echo");
        if (tls)
        {
            client.Options.RemoteCertificateValidationCallback = (_, certificate, _, _) =>
                certificate!.Issuer == TestCertificates.Root.Subject;
        }

        await client.ConnectAsync(new Uri((tls ? "wss" : "ws") + "://localhost:" + listener.Port + "/echo"), default).WaitAsync(Loopback.HangLimit);
        Assert.Equal("echo", client.SubProtocol);
        foreach (int size in Message.Sizes)
        {
            foreach (WebSocketMessageType type in new[] { WebSocketMessageType.Text, WebSocketMessageType.Binary })
            {
                byte[] message = type == WebSocketMessageType.Text ? Message.Utf8(size) : Message.Binary(size);
                await client.SendAsync(message, type, true, default).WaitAsync(Loopback.HangLimit);
                await AssertReceives(client, message, type);

                int at = 0;
                int[] fragments = Message.Fragments(size);
                for (int i = 0; i < fragments.Length; i++)
                {
                    await client.SendAsync(message.AsMemory(at, fragments[i]), type, i == fragments.Length - 1, default);
                    at += fragments[i];
                }

                await AssertReceives(client, message, type);
            }
        }

        await client.CloseAsync(WebSocketCloseStatus.NormalClosure, "enough", default).WaitAsync(Loopback.HangLimit);
        Assert.Equal(WebSocketCloseStatus.NormalClosure, client.CloseStatus);
        Assert.Equal("1000 enough", await serve);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Kestrel_gives_our_messages_back(bool tls)
    {
        await using KestrelServer server = await KestrelServer.Start(tls ? TestCertificates.Server : null);
        await Loopback.Run(() =>
        {
            using WebSocketConnection connection = WebSocketClient.Connect(
                (tls ? "wss" : "ws") + "://localhost:" + server.Port + "/echo",
                new WebSocketClientOptions { Subprotocols = ["other", "echo"], RootCertificate = tls ? TestCertificates.Root : null });
            Assert.Equal("echo", connection.Subprotocol);
            foreach (int size in Message.Sizes)
            {
                foreach (bool isText in new[] { true, false })
                {
                    byte[] message = isText ? Message.Utf8(size) : Message.Binary(size);
                    connection.Send(message, 0, size, isText);
                    Message whole = connection.ReceiveMessage();
                    Assert.Equal(isText, whole.IsText);
                    Assert.Equal(message, whole.Bytes);

                    int at = 0;
                    int[] fragments = Message.Fragments(size);
                    for (int i = 0; i < fragments.Length; i++)
                    {
                        connection.Send(message, at, fragments[i], isText, i == fragments.Length - 1);
                        at += fragments[i];
                    }

                    Assert.Equal(message, connection.ReceiveMessage().Bytes);
                }
            }

            connection.Ping();
            Assert.Equal(ReceiveStatus.Pong, connection.Receive(Loopback.LongWait));
            connection.Close(4002, "enough");
            Assert.Equal(4002, connection.CloseCode);
        });
        Assert.Equal("4002 enough", await server.Closed.WaitAsync(Loopback.HangLimit));
    }

    [Fact]
    public async Task Kestrel_closing_is_reported_with_its_reason()
    {
        await using KestrelServer server = await KestrelServer.Start(null);
        await Loopback.Run(() =>
        {
            using WebSocketConnection connection = Loopback.Connect(server.Port, path: "/close");
            Assert.Equal(ReceiveStatus.Closed, connection.Receive(Loopback.LongWait));
            Assert.Equal(1001, connection.CloseCode);
            Assert.Equal("going", connection.CloseReason);
        });
    }

    [Fact]
    public async Task What_Kestrel_refuses_says_so()
    {
        await using KestrelServer server = await KestrelServer.Start(null);
        WebSocketConnectionException error = await Loopback.Run(() =>
            Assert.Throws<WebSocketConnectionException>(() => Loopback.Connect(server.Port, path: "/busy")));

        Assert.Equal(503, error.StatusCode);
        Assert.Equal("7", error.RetryAfter);
    }

    [Fact]
    public async Task ClientWebSocket_learns_the_close_code_after_it_broke_a_limit()
    {
        using WebSocketListener listener = Loopback.Listen(new WebSocketListenerOptions { MaxMessageSize = 100 });
        Task serve = Loopback.Run(() =>
        {
            using WebSocketConnection connection = listener.Accept().Accept();
            connection.EchoUntilClosed();
            Assert.Equal(1009, connection.CloseCode);
        });
        using ClientWebSocket client = new();
        await client.ConnectAsync(new Uri("ws://127.0.0.1:" + listener.Port), default).WaitAsync(Loopback.HangLimit);
        await client.SendAsync(new byte[101], WebSocketMessageType.Binary, true, default);
        WebSocketReceiveResult result = await client.ReceiveAsync(new byte[10], default).WaitAsync(Loopback.HangLimit);

        Assert.Equal(WebSocketMessageType.Close, result.MessageType);
        Assert.Equal(WebSocketCloseStatus.MessageTooBig, result.CloseStatus);
        await client.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, default);
        client.Dispose();
        await serve;
    }

    private static async Task AssertReceives(ClientWebSocket client, byte[] expected, WebSocketMessageType type)
    {
        MemoryStream received = new();
        byte[] buffer = new byte[16 * 1024];
        WebSocketReceiveResult result;
        do
        {
            result = await client.ReceiveAsync(buffer, default).WaitAsync(Loopback.HangLimit);
            received.Write(buffer, 0, result.Count);
        }
        while (!result.EndOfMessage);

        Assert.Equal(type, result.MessageType);
        Assert.Equal(expected, received.ToArray());
    }
}
