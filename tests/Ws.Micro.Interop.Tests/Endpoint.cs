using System;
using System.Collections.Generic;
using System.IO;
using System.Net.WebSockets;
using System.Threading;
using System.Threading.Tasks;
using Ws.Micro.Desktop;
using Ws.Micro.Net;

namespace Ws.Micro.Interop.Tests;

/// <summary>One end of a connection that is in this process, whichever stack it is of.</summary>
internal abstract class Endpoint : IDisposable
{
    public abstract int CloseCode { get; }

    public abstract string? CloseReason { get; }

    /// <summary>What was agreed on for permessage-deflate; null: nothing.</summary>
    public abstract DeflateTerms? Deflate { get; }

    /// <summary>Receives a whole message; null: the peer closed, and was answered.</summary>
    public abstract Task<(string Kind, byte[] Data)?> ReceiveAsync();

    public abstract Task CloseAsync(int code, string reason);

    public abstract void Dispose();

    /// <summary>The client's part.</summary>
    public async Task<Transcript> TalkAsync(Conversation talk)
    {
        List<Message> messages = [];
        foreach (int size in talk.Sizes)
        {
            await SendAsync(talk.Kind, Conversation.Payload(talk.Kind, size), talk.Fragments).InTime();
            (string kind, byte[] data) = await ReceiveAsync().InTime() ?? throw new IOException($"closed with {CloseCode} before {size} bytes came back");
            messages.Add(Message.Of(kind, data));
        }
        await EndAsync(talk.ClientCloses, talk, messages).InTime();
        return new Transcript(messages, CloseCode, CloseReason, Deflate: Deflate);
    }

    /// <summary>The server's part.</summary>
    public async Task<Transcript> AnswerAsync(Conversation talk)
    {
        List<Message> messages = [];
        while (messages.Count < talk.Sizes.Length && await ReceiveAsync().InTime() is (string kind, byte[] data))
        {
            messages.Add(Message.Of(kind, data));
            await SendAsync(kind, data, talk.Fragments).InTime();
        }
        await EndAsync(!talk.ClientCloses, talk, messages).InTime();
        return new Transcript(messages, CloseCode, CloseReason, Deflate: Deflate);
    }

    protected abstract Task SendAsync(string kind, ReadOnlyMemory<byte> fragment, bool isLast);

    private async Task SendAsync(string kind, byte[] data, int fragments)
    {
        for (int i = 1; i <= fragments; i++)
        {
            int start = (int)((long)data.Length * (i - 1) / fragments);
            int end = (int)((long)data.Length * i / fragments);
            await SendAsync(kind, data.AsMemory(start..end), i == fragments);
        }
    }

    private async Task EndAsync(bool closes, Conversation talk, List<Message> messages)
    {
        if (closes)
        {
            await CloseAsync(talk.Code, talk.Reason);
        }
        else if (await ReceiveAsync() is (string kind, byte[] data))
        {
            messages.Add(Message.Of(kind, data));
        }
    }
}

/// <summary>Over a <see cref="WebSocket"/>: this library's or .NET's own, which does not say what the response said.</summary>
internal sealed class WebSocketEndpoint(WebSocket socket, string? extensions = null) : Endpoint
{
    private readonly byte[] _buffer = new byte[16 * 1024];

    public override int CloseCode => (int)(socket.CloseStatus ?? 0);

    public override string? CloseReason => socket.CloseStatusDescription;

    public override DeflateTerms? Deflate => socket is MicroWebSocket ours ? DeflateTerms.From(ours.Deflate) : DeflateTerms.Parse(extensions);

    public override async Task<(string Kind, byte[] Data)?> ReceiveAsync()
    {
        using MemoryStream message = new();
        while (true)
        {
            ValueWebSocketReceiveResult part = await socket.ReceiveAsync(_buffer.AsMemory(), CancellationToken.None);
            if (part.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseOutputAsync(socket.CloseStatus!.Value, socket.CloseStatusDescription, CancellationToken.None);
                return null;
            }
            message.Write(_buffer, 0, part.Count);
            if (part.EndOfMessage)
            {
                return (part.MessageType == WebSocketMessageType.Text ? Conversation.Text : Conversation.Binary, message.ToArray());
            }
        }
    }

    public override Task CloseAsync(int code, string reason) => socket.CloseAsync((WebSocketCloseStatus)code, reason, CancellationToken.None);

    public override void Dispose() => socket.Dispose();

    protected override Task SendAsync(string kind, ReadOnlyMemory<byte> fragment, bool isLast)
    {
        WebSocketMessageType type = kind == Conversation.Binary ? WebSocketMessageType.Binary : WebSocketMessageType.Text;
        return socket.SendAsync(fragment, type, isLast, CancellationToken.None).AsTask();
    }
}

/// <summary>Over a <see cref="WebSocketConnection"/>, whose calls block and so get a thread.</summary>
internal sealed class DeviceEndpoint(WebSocketConnection connection) : Endpoint
{
    public override int CloseCode => connection.CloseCode;

    public override string? CloseReason => connection.CloseReason;

    public override DeflateTerms? Deflate => DeflateTerms.From(connection.Deflate);

    public static Task<T> RunAsync<T>(Func<T> work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    public override Task<(string Kind, byte[] Data)?> ReceiveAsync() => RunAsync(Receive);

    public override Task CloseAsync(int code, string reason) => RunAsync(() =>
    {
        connection.Close(code, reason);
        return true;
    });

    public override void Dispose() => connection.Dispose();

    protected override Task SendAsync(string kind, ReadOnlyMemory<byte> fragment, bool isLast) => RunAsync(() =>
    {
        connection.Send(fragment.ToArray(), 0, fragment.Length, kind != Conversation.Binary, isLast);
        return true;
    });

    private (string Kind, byte[] Data)? Receive()
    {
        using MemoryStream message = new();
        while (connection.Receive(Timeout.Infinite) is ReceiveStatus status and not ReceiveStatus.Closed)
        {
            if (status != ReceiveStatus.Data)
            {
                continue;
            }

            message.Write(connection.Data, connection.DataOffset, connection.DataCount);
            if (connection.IsLast)
            {
                return (connection.IsText ? Conversation.Text : Conversation.Binary, message.ToArray());
            }
        }
        return null;
    }
}
