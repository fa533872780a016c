using System;
using System.IO;
using System.IO.Pipelines;
using System.Net.WebSockets;
using System.Text;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;
using Ws.Micro.AspNetCore.Transport;
using Ws.Micro.Desktop;
using Ws.Micro.Handshake;

namespace Ws.Micro.AspNetCore;

/// <summary>Completes one request's opening handshake, which has been found good, when the application accepts it.</summary>
internal sealed class MicroWebSocketFeature(
    HttpContext context, IHttpUpgradeFeature? upgrade, IHttpExtendedConnectFeature? connect, SocketSettings settings) : IHttpWebSocketFeature
{
    public bool IsWebSocketRequest => true;

    public async Task<WebSocket> AcceptAsync(WebSocketAcceptContext acceptContext)
    {
        MicroWebSocketOptions options = settings.For(acceptContext);
        IHeaderDictionary request = context.Request.Headers, response = context.Response.Headers;
        string? subProtocol = acceptContext.SubProtocol is { Length: > 0 } chosen ? chosen : null;
        if (subProtocol is not null)
        {
            // RFC 6455 §4.2.2, item 5.5: the client would fail the connection.
            if (!OpeningHandshake.Offers(request.SecWebSocketProtocol, subProtocol))
            {
                throw new ArgumentException(
                    $"The client did not offer the subprotocol '{subProtocol}'; it offered '{request.SecWebSocketProtocol}'.", nameof(acceptContext));
            }

            response.SecWebSocketProtocol = subProtocol;
        }

        DeflateChoice.Agreement? deflated = settings.ChoiceFor(options)?.For(request.SecWebSocketExtensions);
        if (deflated?.Parameters is not null)
        {
            response.SecWebSocketExtensions = deflated.Response;
        }

        Stream stream;
        PipeReader? pipe = null;
        PolledConnection? connection = null;
        if (upgrade is not null)
        {
            response.Connection = "Upgrade";
            response.Upgrade = "websocket";
            response["Sec-WebSocket-Accept"] = OpeningHandshake.AcceptFor(request.SecWebSocketKey.ToString());
            stream = await upgrade.UpgradeAsync();

            connection = context.Features.Get<PolledConnection>();

            // What the server's stream has between the connection's pipe and its reader costs time for each message, and memory while it waits.
            pipe = context.Features.Get<IConnectionTransportFeature>()?.Transport.Input;
        }
        else
        {
            stream = await connect!.AcceptAsync();
        }

        context.Features.Get<IHttpRequestTimeoutFeature>()?.DisableTimeout();

        if (connection?.TryTakeOver(out byte[] input) is { } polled)
        {
            var direct = new MicroWebSocket(polled, polled.Socket, isServer: true, options, subProtocol, deflated?.Parameters, input);
            context.Response.OnCompleted(
                static ended =>
                {
                    ((MicroWebSocket)ended).Dispose();
                    return Task.CompletedTask;
                },
                direct);
            return direct;
        }

        connection?.RunInline();
        var requestStream = new RequestStream(context, stream, sendsEachWrite: pipe is not null, options.CloseTimeout);
        var socket = new MicroWebSocket(requestStream, null, isServer: true, options, subProtocol, deflated?.Parameters, default, pipe);
        requestStream.Socket = socket;
        context.Response.OnCompleted(
            static ended =>
            {
                ((RequestStream)ended).EndRequest();
                return Task.CompletedTask;
            },
            requestStream);
        return socket;
    }
}
