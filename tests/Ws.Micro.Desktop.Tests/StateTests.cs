using System;
using System.Collections.Generic;
using System.IO;
using System.Net.WebSockets;
using System.Threading;
using System.Threading.Tasks;
using Ws.Micro.Desktop.Tests.Support;

namespace Ws.Micro.Desktop.Tests;

/// <summary>
/// Our socket and .NET's own, given the same calls and the same peer, go through the same states and fail with the same errors. Not compared:
/// a close frame without a code, which .NET's own reports as 1000 and ours as Empty (RFC 6455 §7.1.5); sending after the peer's close frame,
/// which .NET's own does and ours refuses; and a token cancelled before the call, by which .NET's own is aborted and ours is not.
/// </summary>
public sealed class StateTests
{
    private static readonly Dictionary<string, Func<Run, Task>> Scenarios = new()
    {
        ["we close, the peer answers"] = async run =>
        {
            await run.CloseOutputAsync();
            await run.SendAsync();
            await run.CloseOutputAsync();
            await run.PeerSendsAsync("late");
            await run.ReceiveAsync();
            await run.PeerClosesAsync(1000, "bye");
            await run.ReceiveAsync();
            await run.ReceiveAsync();
            await run.SendAsync();
            await run.CloseAsync();
            await run.CloseOutputAsync();
        },
        ["the peer closes, we answer by CloseAsync"] = async run =>
        {
            await run.PeerClosesAsync(1001, "going");
            await run.ReceiveAsync();
            await run.ReceiveAsync();
            await run.CloseAsync();
            await run.ReceiveAsync();
            await run.SendAsync();
            await run.CloseAsync();
        },
        ["the peer closes, we answer by CloseOutputAsync"] = async run =>
        {
            await run.PeerClosesAsync(3000, "");
            await run.ReceiveAsync();
            await run.CloseOutputAsync();
            await run.CloseOutputAsync();
            await run.ReceiveAsync();
        },
        ["we close by CloseAsync, the peer's answer is there"] = async run =>
        {
            await run.PeerSendsAsync("dropped");
            await run.PeerClosesAsync(1000, "bye");
            await run.CloseAsync();
            await run.ReceiveAsync();
            await run.SendAsync();
        },
        ["CloseOutputAsync, then CloseAsync"] = async run =>
        {
            await run.CloseOutputAsync();
            await run.PeerClosesAsync(1000, "bye");
            await run.CloseAsync();
        },
        ["disposed when open"] = async run =>
        {
            run.Dispose();
            await run.EverythingAsync();
        },
        ["disposed after our close frame"] = async run =>
        {
            await run.CloseOutputAsync();
            run.Dispose();
            await run.EverythingAsync();
        },
        ["disposed after the peer's close frame"] = async run =>
        {
            await run.PeerClosesAsync(1000, "");
            await run.ReceiveAsync();
            run.Dispose();
            await run.EverythingAsync();
        },
        ["disposed after both"] = async run =>
        {
            await run.PeerClosesAsync(1000, "");
            await run.CloseAsync();
            run.Dispose();
            await run.EverythingAsync();
        },
        ["aborted when open"] = async run =>
        {
            run.Abort();
            await run.EverythingAsync();
            run.Dispose();
            await run.EverythingAsync();
        },
        ["aborted after our close frame"] = async run =>
        {
            await run.CloseOutputAsync();
            run.Abort();
            await run.EverythingAsync();
        },
        ["aborted after the peer's close frame"] = async run =>
        {
            await run.PeerClosesAsync(1000, "");
            await run.ReceiveAsync();
            run.Abort();
            await run.EverythingAsync();
        },
        ["aborted after both"] = async run =>
        {
            await run.PeerClosesAsync(1000, "");
            await run.CloseAsync();
            run.Abort();
            await run.EverythingAsync();
        },
        ["the peer ends TCP when open"] = async run =>
        {
            run.Peer.EndSending();
            await run.ReceiveAsync();
            await run.EverythingAsync();
        },
        ["the peer ends TCP after our close frame"] = async run =>
        {
            await run.CloseOutputAsync();
            run.Peer.EndSending();
            await run.ReceiveAsync();
            await run.EverythingAsync();
        },
        ["the peer ends TCP instead of answering CloseAsync"] = async run =>
        {
            run.Peer.EndSending();
            await run.CloseAsync();
            await run.EverythingAsync();
        },
        ["a receive is cancelled"] = async run =>
        {
            using CancellationTokenSource cancellation = new();
            Task receiving = run.ReceiveAsync(cancellation.Token);
            await cancellation.CancelAsync();
            await receiving;
            await run.EverythingAsync();
        },
        ["arguments that are not allowed"] = async run =>
        {
            await run.CloseAsync((WebSocketCloseStatus)999, "");
            await run.CloseAsync((WebSocketCloseStatus)1006, "");
            await run.CloseAsync(WebSocketCloseStatus.Empty, "not empty");
            await run.CloseAsync(WebSocketCloseStatus.NormalClosure, new string('a', 124));
            await run.CloseAsync(WebSocketCloseStatus.NormalClosure, new string('é', 62));
            await run.SendAsync();
        },
    };

    public static TheoryData<string, bool> Cases
    {
        get
        {
            TheoryData<string, bool> cases = [];
            foreach (string scenario in Scenarios.Keys)
            {
                cases.Add(scenario, false);
                cases.Add(scenario, true);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Ours_does_as_the_frameworks_own(string scenario, bool isServer)
    {
        List<string> expected = await RunAsync(scenario, isServer, stream =>
            WebSocket.CreateFromStream(stream, new WebSocketCreationOptions { IsServer = isServer }));
        List<string> actual = await RunAsync(scenario, isServer, stream =>
            MicroWebSocket.CreateFromStream(stream, isServer, new MicroWebSocketOptions()));
        Assert.Equal(string.Join('\n', expected), string.Join('\n', actual));
    }

    private static async Task<List<string>> RunAsync(string scenario, bool isServer, Func<Stream, WebSocket> create)
    {
        (WebSocket socket, RawPeer peer) = await RawPeer.OverStreamAsync(isServer, create);
        using (socket)
        using (peer)
        {
            Run run = new(socket, peer);
            await Scenarios[scenario](run).InTime();
            return run.Log;
        }
    }

    /// <summary>Notes each call, what came of it and the state after it.</summary>
    private sealed class Run(WebSocket socket, RawPeer peer)
    {
        public List<string> Log { get; } = [];

        public RawPeer Peer => peer;

        public Task PeerSendsAsync(string text) => peer.SendFrameAsync(RawFrame.Fin | RawFrame.Text, System.Text.Encoding.UTF8.GetBytes(text));

        public Task PeerSendsBytesAsync(int firstByte) => peer.SendFrameAsync(firstByte);

        public Task PeerClosesAsync(int code, string reason) => peer.SendCloseAsync(code, reason);

        public Task ReceiveAsync(CancellationToken cancellationToken = default) => NoteAsync("receive", async () =>
        {
            WebSocketReceiveResult result = await socket.ReceiveAsync(new ArraySegment<byte>(new byte[100]), cancellationToken);
            return $"{result.MessageType} {result.Count} {result.EndOfMessage} {result.CloseStatus} '{result.CloseStatusDescription ?? "null"}'";
        });

        public Task SendAsync() => NoteAsync("send", async () =>
        {
            await socket.SendAsync(new byte[1].AsMemory(), WebSocketMessageType.Binary, true, default);
            return "sent";
        });

        public Task CloseAsync(WebSocketCloseStatus status = WebSocketCloseStatus.NormalClosure, string reason = "ours") => NoteAsync("close", async () =>
        {
            await socket.CloseAsync(status, reason, default);
            return "closed";
        });

        public Task CloseOutputAsync() => NoteAsync("close output", async () =>
        {
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "ours", default);
            return "closed";
        });

        public void Dispose()
        {
            socket.Dispose();
            Log.Add($"dispose, then {socket.State}");
        }

        public void Abort()
        {
            socket.Abort();
            Log.Add($"abort, then {socket.State}");
        }

        public async Task EverythingAsync()
        {
            await SendAsync();
            await ReceiveAsync();
            await CloseOutputAsync();
            await CloseAsync();
        }

        private async Task NoteAsync(string call, Func<Task<string>> action)
        {
            string outcome;
            try
            {
                outcome = await action();
            }
            catch (WebSocketException e)
            {
                outcome = $"WebSocketException {e.WebSocketErrorCode}";
            }
            catch (ArgumentException e)
            {
                outcome = $"ArgumentException {e.ParamName}";
            }
            catch (Exception e)
            {
                outcome = e is OperationCanceledException ? nameof(OperationCanceledException) : e.GetType().Name;
            }

            Log.Add($"{call}: {outcome}, then {socket.State}, {socket.CloseStatus} '{socket.CloseStatusDescription ?? "null"}'");
        }
    }
}
