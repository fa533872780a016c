using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;

namespace Ws.Micro.Conformance.Tests;

/// <summary>The suite's end of one connection: a raw TCP socket with frames written and read by this project alone.</summary>
internal sealed class ScriptedPeer : IAsyncDisposable
{
    /// <summary>How long anything owed by the stack may take; only a stack that hangs is held to it.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly Socket _socket;
    private readonly BufferedStream _stream;
    private readonly bool _isClient;
    private readonly Channel<PeerEvent> _events = Channel.CreateUnbounded<PeerEvent>();
    private Task _reading = Task.CompletedTask;
    private Frame? _begun;
    private byte[] _begunWire = [];
    private int _begunSent;
    private bool _closeSent;
    private TaskCompletionSource _mayRead = new();

    /// <summary>What the client asked for, when the suite plays the server.</summary>
    public string RequestTarget { get; private set; } = "";

    /// <summary>permessage-deflate, when it was agreed on.</summary>
    public DeflateCodec? Deflate { get; private set; }

    private ScriptedPeer(Socket socket, bool isClient)
    {
        _socket = socket;
        _socket.NoDelay = true;
        _stream = new BufferedStream(new NetworkStream(socket), 64 * 1024);
        _isClient = isClient;
        _mayRead.SetResult();
    }

    /// <summary>Plays the client of a server under test.</summary>
    /// <param name="port">The server's.</param>
    /// <param name="deflate">What to offer of permessage-deflate, the best first, which must be agreed to; null: nothing.</param>
    public static async Task<ScriptedPeer> ConnectAsync(int port, IReadOnlyList<DeflateTerms>? deflate = null)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port);
        ScriptedPeer peer = new(socket, isClient: true);
        string? offer = deflate is null ? null : DeflateTerms.Offer(deflate);
        string? response = await OpeningHandshake.RequestAsync(socket, peer._stream, port, offer).WaitAsync(Deadline);
        peer.Deflate = deflate is null ? null : new DeflateCodec(DeflateTerms.CheckResponse(deflate, response));
        peer._reading = peer.ReadAllAsync();
        return peer;
    }

    /// <summary>Plays the server of a client under test.</summary>
    /// <param name="accepted">From the client.</param>
    /// <param name="deflate">What to ask for of permessage-deflate, the best first, which must be offered; null: the extension is not wanted.</param>
    public static async Task<ScriptedPeer> AcceptAsync(Socket accepted, IReadOnlyList<DeflateTerms>? deflate = null)
    {
        ScriptedPeer peer = new(accepted, isClient: false);
        peer.RequestTarget = await OpeningHandshake.AnswerAsync(peer._socket, peer._stream, offer =>
        {
            if (deflate is null)
            {
                return null;
            }

            (string response, DeflateTerms agreed) = DeflateTerms.Answer(deflate, offer);
            peer.Deflate = new DeflateCodec(agreed);
            return response;
        }).WaitAsync(Deadline);
        peer._reading = peer.ReadAllAsync();
        return peer;
    }

    /// <summary>Sends frames in writes of <paramref name="chop"/> bytes, or all in one write when it is 0.</summary>
    public async Task SendAsync(IReadOnlyList<Frame> frames, int chop = 0)
    {
        using MemoryStream wire = new();
        foreach (Frame frame in frames)
        {
            wire.Write(Encode(frame));
            _closeSent |= frame.Opcode == Frame.CloseOpcode;
        }
        byte[] bytes = wire.ToArray();
        for (int sent = 0; sent < bytes.Length;)
        {
            int count = chop == 0 ? bytes.Length : Math.Min(chop, bytes.Length - sent);
            await SendAsync(bytes.AsMemory(sent, count));
            sent += count;
        }
    }

    /// <summary>Sends one frame up to a byte of its payload, or below 0 of its header, going on where the last call ended.</summary>
    public async Task SendUpToAsync(Frame frame, int payloadBytes)
    {
        if (!ReferenceEquals(frame, _begun))
        {
            _begun = frame;
            _begunWire = Encode(frame);
            _begunSent = 0;
        }
        int end = _begunWire.Length - frame.Payload.Length + payloadBytes;
        await SendAsync(_begunWire.AsMemory(_begunSent, end - _begunSent));
        _begunSent = end;
    }

    /// <summary>Sends a frame again and again until the stack takes no more, because it can send no more; see <see cref="HoldReading"/>.</summary>
    public async Task SendUntilBlockedAsync(Frame frame)
    {
        byte[] wire = Encode(frame);
        for (int sent = 0; sent < 64 * 1024 * 1024; sent += wire.Length)
        {
            Task sending = SendAsync(wire);
            if (await Task.WhenAny(sending, Task.Delay(200)) != sending)
            {
                return;
            }
        }

        Assert.Fail("the stack takes messages without end, though nobody reads what it sends");
    }

    /// <summary>Reads no further than the message now awaited and the buffers' depth, so that what the stack sends piles up at its end.</summary>
    public void HoldReading() => _mayRead = new TaskCompletionSource();

    public void ResumeReading() => _mayRead.SetResult();

    /// <summary>The next event, or <see cref="PeerEvent.Silence"/> when there is none before the deadline.</summary>
    public Task<PeerEvent> NextAsync() => NextAsync(Deadline);

    /// <summary>The next event, or <see cref="PeerEvent.Silence"/> when there is none within the time.</summary>
    public async Task<PeerEvent> NextAsync(TimeSpan within)
    {
        using CancellationTokenSource timeout = new(within);
        try
        {
            return await _events.Reader.ReadAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            return PeerEvent.Silence;
        }
    }

    /// <summary>After the stack's close frame: answers it if that is owed, ends TCP, the server first (RFC 6455 §7.1.1), and gives what the stack did.</summary>
    public async Task<PeerEvent> EndAsync()
    {
        if (!_closeSent)
        {
            await SendAsync([Frame.Close(1000)]);
        }

        if (!_isClient)
        {
            _socket.Shutdown(SocketShutdown.Send);
        }

        PeerEvent end = await NextAsync();
        if (_isClient && end == PeerEvent.End)
        {
            _socket.Shutdown(SocketShutdown.Send);
        }

        return end;
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        _mayRead.TrySetResult();
        await _reading.WaitAsync(Deadline);
    }

    private byte[] Encode(Frame frame) => frame.Encode(_isClient ? RandomNumberGenerator.GetBytes(4) : null);

    private async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            for (int sent = 0; sent < bytes.Length;)
            {
                sent += await _socket.SendAsync(bytes[sent..]);
            }
        }
        catch (SocketException)
        {
            // The stack has dropped TCP. Whether it might is judged by what was received.
        }
    }

    private async Task ReadAllAsync()
    {
        FrameReader reader = new(_stream, masked: !_isClient, Deflate);
        PeerEvent seen;
        do
        {
            await _mayRead.Task;
            seen = await reader.ReadAsync();
            _events.Writer.TryWrite(seen);
        }
        while (seen.Kind is not (EventKind.End or EventKind.Reset or EventKind.Violation));
    }
}
