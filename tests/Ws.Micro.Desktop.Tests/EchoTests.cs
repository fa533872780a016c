using System;
using System.Net.Security;
using System.Net.WebSockets;
using System.Text;
using System.Threading.Tasks;
using Ws.Micro.Desktop.Tests.Support;

namespace Ws.Micro.Desktop.Tests;

/// <summary>Who talks to whom: ours with each other, and each of ours with .NET's own on the other end.</summary>
public enum Ends
{
    Ours,
    OursWithBuffersOf256,
    OursOverTls,
    OursWithoutPollers,
    OursWithoutPollersOverTls,
    OursAndKestrel,
    OursAndKestrelOverTls,
    ClientWebSocketAndOurs,
    ClientWebSocketAndOursOverTls,
}

/// <summary>Messages of every form of length come back whole, with their type (RFC 6455 §5.2, §5.4).</summary>
public sealed class EchoTests
{
    private static readonly int[] Sizes = [0, 1, 125, 126, 65535, 65536, 8 * 1024 * 1024];

    public static TheoryData<Ends, int> Cases
    {
        get
        {
            TheoryData<Ends, int> cases = [];
            foreach (Ends ends in Enum.GetValues<Ends>())
            {
                foreach (int size in Sizes)
                {
                    cases.Add(ends, size);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_message_comes_back_as_it_was_sent(Ends ends, int size)
    {
        await using KestrelEcho? kestrel = ends is Ends.OursAndKestrel or Ends.OursAndKestrelOverTls
            ? await KestrelEcho.StartAsync(ends == Ends.OursAndKestrelOverTls) : null;
        MicroWebSocketListenerOptions options = new();
        if (ends is Ends.OursOverTls or Ends.OursWithoutPollersOverTls or Ends.ClientWebSocketAndOursOverTls)
        {
            options.Tls = new SslServerAuthenticationOptions { ServerCertificate = TestCertificates.Server };
        }

        options.UsesPollers &= !IsWithoutPollers(ends);
        if (ends == Ends.OursWithBuffersOf256)
        {
            options.ReceiveBufferSize = 256;
        }

        await using MicroWebSocketListener listener = Pair.Listen(options);
        Uri uri = kestrel?.Uri ?? (options.Tls == null ? listener.WsUri() : listener.WssUri());
        using WebSocket client = await ConnectAsync(ends, uri);
        Task serving = kestrel == null ? Echo.RunAsync(await listener.AcceptAsync().InTime()) : Task.CompletedTask;

        foreach (WebSocketMessageType type in new[] { WebSocketMessageType.Text, WebSocketMessageType.Binary })
        {
            byte[] payload = type == WebSocketMessageType.Text ? TextOf(size) : BytesOf(size);
            foreach (int fragments in new[] { 1, 3 })
            {
                Task sending = SendAsync(client, payload, type, fragments);
                (WebSocketMessageType Type, byte[] Payload) echo = await Echo.ReceiveAsync(client, size);
                await sending;
                Assert.Equal(type, echo.Type);
                Assert.True(payload.AsSpan().SequenceEqual(echo.Payload), $"{type} in {fragments} came back with {echo.Payload.Length} bytes, or changed.");
            }
        }

        await client.CloseAsync(WebSocketCloseStatus.NormalClosure, "done", Deadline.Token);
        Assert.Equal(WebSocketState.Closed, client.State);
        Assert.Equal((WebSocketCloseStatus.NormalClosure, "done"), (client.CloseStatus, client.CloseStatusDescription));
        await serving.InTime();
    }

    private static bool IsWithoutPollers(Ends ends) => ends is Ends.OursWithoutPollers or Ends.OursWithoutPollersOverTls;

    private static async Task<WebSocket> ConnectAsync(Ends ends, Uri uri)
    {
        if (ends is Ends.ClientWebSocketAndOurs or Ends.ClientWebSocketAndOursOverTls)
        {
            ClientWebSocket stock = new();
            stock.Options.RemoteCertificateValidationCallback = (_, _, _, _) => true;
            await stock.ConnectAsync(uri, Deadline.Token);
            return stock;
        }

        MicroWebSocketClientOptions options = new() { RootCertificates = { TestCertificates.Root } };
        options.UsesPollers &= !IsWithoutPollers(ends);
        if (ends == Ends.OursWithBuffersOf256)
        {
            options.ReceiveBufferSize = 256;
        }

        return await MicroWebSocketClient.ConnectAsync(uri, options, Deadline.Token);
    }

    private static async Task SendAsync(WebSocket socket, byte[] payload, WebSocketMessageType type, int fragments)
    {
        for (int i = 0; i < fragments; i++)
        {
            int start = (int)((long)payload.Length * i / fragments), end = (int)((long)payload.Length * (i + 1) / fragments);
            await socket.SendAsync(payload.AsMemory(start..end), type, i == fragments - 1, Deadline.Token);
        }
    }

    private static byte[] BytesOf(int size)
    {
        byte[] bytes = new byte[size];
        new Random(size).NextBytes(bytes);
        return bytes;
    }

    // Code points of one to four bytes, so that fragments and buffers end inside some.
    private static byte[] TextOf(int size)
    {
        byte[] unit = Encoding.UTF8.GetBytes("aé€😀");
        byte[] text = new byte[size];
        text.AsSpan().Fill((byte)'z');
        for (int at = 0; at + unit.Length <= size; at += unit.Length)
        {
            unit.CopyTo(text, at);
        }

        return text;
    }
}
