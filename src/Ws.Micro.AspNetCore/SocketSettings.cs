using System;
using System.Threading;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Ws.Micro.Desktop;

namespace Ws.Micro.AspNetCore;

/// <summary>ASP.NET Core's options as the settings of a <see cref="MicroWebSocket"/>.</summary>
internal sealed class SocketSettings
{
    private readonly WebSocketOptions _options;
    private readonly MicroWebSocketOptions _shared;
    private readonly DeflateChoice? _sharedChoice;

    public SocketSettings(WebSocketOptions options)
    {
        _options = options;
        _shared = Create(options.KeepAliveInterval, options.KeepAliveTimeout, (options as MicroWebSocketMiddlewareOptions)?.Deflate);
        _sharedChoice = _shared.Deflate is null ? null : new DeflateChoice(_shared.Deflate);
    }

    /// <summary>The settings of one connection.</summary>
    public MicroWebSocketOptions For(WebSocketAcceptContext accept)
        => accept.KeepAliveInterval is null && accept.KeepAliveTimeout is null && !accept.DangerousEnableCompression
            ? _shared
            : Create(
                accept.KeepAliveInterval ?? _options.KeepAliveInterval,
                accept.KeepAliveTimeout ?? _options.KeepAliveTimeout,
                accept.DangerousEnableCompression ? Narrow(_shared.Deflate ?? new(), accept) : _shared.Deflate);

    /// <summary>How to answer offers of permessage-deflate by settings of <see cref="For"/>; null: not at all.</summary>
    public DeflateChoice? ChoiceFor(MicroWebSocketOptions settings)
        => settings == _shared ? _sharedChoice : settings.Deflate is null ? null : new DeflateChoice(settings.Deflate);

    // In ASP.NET Core zero and infinite both switch off, either time.
    private MicroWebSocketOptions Create(TimeSpan keepAliveInterval, TimeSpan keepAliveTimeout, PerMessageDeflateOptions? deflate)
    {
        var settings = new MicroWebSocketOptions
        {
            KeepAliveInterval = keepAliveInterval == Timeout.InfiniteTimeSpan ? TimeSpan.Zero : keepAliveInterval,
            KeepAliveTimeout = keepAliveTimeout == TimeSpan.Zero ? Timeout.InfiniteTimeSpan : keepAliveTimeout,
            Deflate = deflate,
        };
        if (_options is MicroWebSocketMiddlewareOptions own)
        {
            settings.MaxMessageSize = own.MaxMessageSize;
            settings.ReceiveBufferSize = own.ReceiveBufferSize;
            settings.CloseTimeout = own.CloseTimeout;
        }
        settings.Validate();
        return settings;
    }

    private static PerMessageDeflateOptions Narrow(PerMessageDeflateOptions deflate, WebSocketAcceptContext accept) => new()
    {
        MaxSendWindowBits = Math.Min(deflate.MaxSendWindowBits, accept.ServerMaxWindowBits),
        MaxReceiveWindowBits = deflate.MaxReceiveWindowBits,
        SendContextTakeover = deflate.SendContextTakeover && !accept.DisableServerContextTakeover,
        ReceiveContextTakeover = deflate.ReceiveContextTakeover,
        MemoryLimit = deflate.MemoryLimit,
        MinMessageSize = deflate.MinMessageSize,
        ChainDepth = deflate.ChainDepth,
        DynamicCodes = deflate.DynamicCodes,
        LookupBits = deflate.LookupBits,
    };
}
