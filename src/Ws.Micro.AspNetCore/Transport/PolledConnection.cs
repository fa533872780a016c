using System;
using System.Collections;
using System.Collections.Generic;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Ws.Micro.Desktop.Polling;

namespace Ws.Micro.AspNetCore.Transport;

/// <summary>One of Kestrel's connections. It is its own transport and, to spare each the objects, its own collection of features.</summary>
internal sealed class PolledConnection : ConnectionContext, IDuplexPipe, IFeatureCollection, IConnectionIdFeature, IConnectionTransportFeature,
    IConnectionItemsFeature, IConnectionLifetimeFeature, IConnectionEndPointFeature, IConnectionSocketFeature
{
    // What Get finds here unless something else was set.
    private static readonly Type[] Own =
    [
        typeof(PolledConnection), typeof(IConnectionIdFeature), typeof(IConnectionTransportFeature), typeof(IConnectionItemsFeature),
        typeof(IConnectionLifetimeFeature), typeof(IConnectionEndPointFeature), typeof(IConnectionSocketFeature),
    ];

    private static long _lastId = DateTime.UtcNow.Ticks;

    private readonly PolledStream _stream;
    private readonly PolledInput _input;
    private readonly PolledOutput _output;
    private readonly CancellationTokenSource _closed = new();
    private List<KeyValuePair<Type, object?>>? _set;
    private IDictionary<object, object?>? _items;
    private string? _id;
    private int _revision;

    /// <exception cref="SocketException">The system has no room for it.</exception>
    public PolledConnection(Socket socket)
    {
        LocalEndPoint = socket.LocalEndPoint;
        RemoteEndPoint = socket.RemoteEndPoint;
        ConnectionClosed = _closed.Token;
        _stream = new PolledStream(socket, Poller.Next()) { Ended = _closed, TellsPeerEnded = true };
        _input = new PolledInput(_stream);
        _output = new PolledOutput(_stream);
        Transport = this;
    }

    public override string ConnectionId
    {
        get => _id ??= Interlocked.Increment(ref _lastId).ToString("X16");
        set => _id = value;
    }

    public override IFeatureCollection Features => this;

    public override IDictionary<object, object?> Items
    {
        get => _items ??= new ConnectionItems();
        set => _items = value;
    }

    public override IDuplexPipe Transport { get; set; }

    public override CancellationToken ConnectionClosed { get; set; }

    public override EndPoint? LocalEndPoint { get; set; }

    public override EndPoint? RemoteEndPoint { get; set; }

    public Socket Socket => _stream.Socket;

    PipeReader IDuplexPipe.Input => _input;

    PipeWriter IDuplexPipe.Output => _output;

    bool IFeatureCollection.IsReadOnly => false;

    int IFeatureCollection.Revision => _revision;

    object? IFeatureCollection.this[Type key]
    {
        get
        {
            int index = IndexOf(key);
            return index >= 0 ? _set![index].Value : Array.IndexOf(Own, key) >= 0 ? this : null;
        }

        set
        {
            int index = IndexOf(key);
            _revision++;
            if (index >= 0)
            {
                _set![index] = new(key, value);
            }
            else
            {
                (_set ??= []).Add(new(key, value));
            }
        }
    }

    TFeature? IFeatureCollection.Get<TFeature>()
        where TFeature : default => (TFeature?)((IFeatureCollection)this)[typeof(TFeature)];

    void IFeatureCollection.Set<TFeature>(TFeature? instance)
        where TFeature : default => ((IFeatureCollection)this)[typeof(TFeature)] = instance;

    public IEnumerator<KeyValuePair<Type, object>> GetEnumerator()
    {
        foreach (Type key in Own)
        {
            if (IndexOf(key) < 0)
            {
                yield return new(key, this);
            }
        }

        foreach ((Type key, object? value) in _set ?? [])
        {
            if (value != null)
            {
                yield return new(key, value);
            }
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>From now on the application's code runs where the connection is polled, and what it sends in a turn goes out together.</summary>
    public void RunInline() => _stream.IsInline = true;

    /// <summary>
    /// Hands the connection to a WebSocket, past the pipes, unless something else has taken the transport's place; with what came already and nobody
    /// has read. What has been written must have been flushed. Kestrel still ends the connection, when the request does.
    /// </summary>
    /// <returns>Null where it cannot be handed over.</returns>
    public PolledStream? TryTakeOver(out byte[] input)
    {
        input = [];
        if (Transport != this)
        {
            return null;
        }

        input = _input.TakeRest();
        _stream.TellsPeerEnded = false;
        _stream.IsInline = true;
        _stream.Batches = true;
        return _stream;
    }

    public override void Abort(ConnectionAbortedException abortReason) => End();

    public override async ValueTask DisposeAsync()
    {
        await _output.FlushAsync();
        _input.DropAvailable();
        End();
        _input.Complete();
        _output.Complete();
    }

    private void End()
    {
        _stream.Dispose();
        _closed.CancelAsync();
    }

    private int IndexOf(Type key)
    {
        int index = _set?.Count - 1 ?? -1;
        while (index >= 0 && _set![index].Key != key)
        {
            index--;
        }

        return index;
    }
}
