using System;
using System.IO.Pipelines;
using System.Net;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using RpiGateway.Access;

namespace RpiGateway.Mqtt;

/// <summary>
/// MQTT over TCP, or over TLS, at the ports of HTTP: the first byte of a connection tells them apart, for no HTTP request begins with the one that
/// CONNECT begins with. <see cref="ConnectionGate"/> looks after who does not send CONNECT in time.
/// </summary>
internal sealed class MqttTcp(EmbeddedBroker broker, AccessControl access, ILogger logger)
{
    /// <summary>Serves a connection by MQTT, or has the next one serve it by HTTP.</summary>
    public async Task ServeAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        PipeReader input = connection.Transport.Input;
        byte? first;
        try
        {
            ReadResult read = await input.ReadAsync(connection.ConnectionClosed);
            first = read.Buffer.IsEmpty ? null : read.Buffer.FirstSpan[0];

            // Nothing is taken and nothing seen, so whoever serves the connection reads it anew.
            input.AdvanceTo(read.Buffer.Start);
        }
        catch (Exception error) when (error is OperationCanceledException or ConnectionAbortedException or ConnectionResetException)
        {
            return;
        }

        if (first != MqttPacketGuard.Connect)
        {
            await next(connection);
            return;
        }

        using MqttStreamChannel channel = new(
            connection.Transport, connection.RemoteEndPoint ?? new IPEndPoint(IPAddress.None, 0),
            () => access.Gate.Admit(connection.Features.Get<PendingConnection>()), access.NewPace(), access.Refusals, logger);
        await broker.ServeAsync(channel, access.PeerOf(connection));
    }
}
