using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using MQTTnet.Adapter;
using MQTTnet.Formatter;
using MQTTnet.Protocol;
using MQTTnet.Server;
using RpiGateway.Monitoring;

namespace RpiGateway.Access;

/// <summary>
/// Who attaches to the embedded broker, and what they may publish and subscribe to. A client's session is its own: nobody else gets it by using its
/// client identifier. For any thread.
/// </summary>
internal sealed class MqttAuthorization : IDisposable
{
    private readonly AccessControl _access;
    private readonly MqttServer _server;
    private readonly ConcurrentDictionary<IMqttChannelAdapter, MqttPeer> _peers = [];
    private readonly ConcurrentDictionary<IMqttChannelAdapter, string> _devices = [];
    private readonly ConcurrentDictionary<IMqttChannelAdapter, string> _identifiers = [];
    private readonly ConcurrentDictionary<string, Owner> _owners = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    /// <summary>Watches over that broker from now on.</summary>
    public MqttAuthorization(MqttServer server, AccessControl access)
    {
        _access = access;
        _server = server;
        server.ValidatingConnectionAsync += ValidateAsync;
        server.ClientConnectedAsync += CheckAgainAsync;
        server.InterceptingPublishAsync += InterceptAsync;
        server.InterceptingSubscriptionAsync += InterceptAsync;
        access.Registry.Revoked += Disconnect;
    }

    /// <summary>Says where a connection comes from, before it is served; one that nobody speaks for is refused.</summary>
    public void Enter(IMqttChannelAdapter connection, MqttPeer peer) => _peers[connection] = peer;

    /// <summary>It has ended.</summary>
    public void Leave(IMqttChannelAdapter connection)
    {
        _peers.TryRemove(connection, out _);
        if (_devices.TryRemove(connection, out string? device))
        {
            _access.Devices.Leave(device);
        }

        if (_identifiers.TryRemove(connection, out string? id))
        {
            lock (_lock)
            {
                Owner owner = _owners[id];
                if (owner.Connections > 1)
                {
                    _owners[id] = owner with { Connections = owner.Connections - 1 };
                }
                else
                {
                    _owners.TryRemove(id, out _);
                }
            }
        }
    }

    public void Dispose() => _access.Registry.Revoked -= Disconnect;

    private Task ValidateAsync(ValidatingConnectionEventArgs connect)
    {
        MqttPeer? peer = _peers.GetValueOrDefault(connect.ChannelAdapter);
        (MqttPrincipal? principal, MqttConnectReasonCode code, string why) = peer is null
            ? (null, MqttConnectReasonCode.NotAuthorized, "unknown connection")
            : Identify(peer, connect);
        string reason = code is MqttConnectReasonCode.ConnectionRateExceeded or MqttConnectReasonCode.ServerUnavailable
            ? RefusalReason.TooManyAttempts : RefusalReason.Unauthorized;
        if (principal is { Role: MqttRole.Device } && !TryCount(connect.ChannelAdapter, principal.Name))
        {
            code = principal.Version == MqttProtocolVersion.V500 ? MqttConnectReasonCode.QuotaExceeded : MqttConnectReasonCode.ServerUnavailable;
            (principal, why, reason) = (null, _access.Devices.Full, RefusalReason.TooManyConnections);
        }

        if (principal is not null && !TryOwn(connect, principal))
        {
            (principal, code, why) = (null, MqttConnectReasonCode.ClientIdentifierNotValid, "the client identifier is another's");
        }

        if (principal is null)
        {
            connect.ReasonCode = code;
            connect.ReasonString = why;
            _access.Refusals.Report(reason, $"MQTT peer {peer}", why, $"CONNACK {(int)code}");
        }

        return Task.CompletedTask;
    }

    // Until the connection leaves.
    private bool TryCount(IMqttChannelAdapter connection, string device)
    {
        if (!_access.Devices.TryEnter(device))
        {
            return false;
        }

        _devices[connection] = device;
        return true;
    }

    private (MqttPrincipal?, MqttConnectReasonCode, string) Identify(MqttPeer peer, ValidatingConnectionEventArgs connect)
    {
        MqttProtocolVersion version = connect.ProtocolVersion;
        if (peer == MqttPeer.Self)
        {
            return (new MqttPrincipal(MqttRole.Gateway, "gateway", null, version), default, "");
        }

        bool isAnonymous = string.IsNullOrEmpty(connect.UserName) && connect.RawPassword is not { Length: > 0 };
        if (isAnonymous && peer is { IsTrusted: true, Certificate: null })
        {
            return (new MqttPrincipal(MqttRole.Local, "local", null, version), default, "");
        }

        Credential? named = peer.Certificate is null ? null : _access.FindDevice(peer.Certificate);
        if (isAnonymous)
        {
            return named is not null ? (Of(named, version), default, "")
                : (null, MqttConnectReasonCode.NotAuthorized, peer.Certificate is null ? "a user name and a password are needed" : "the certificate names no device");
        }

        (Credential? credential, TimeSpan wait) = _access.Check(peer.Address, connect.UserName ?? "", connect.RawPassword ?? []);
        if (wait > TimeSpan.Zero)
        {
            return (null, version == MqttProtocolVersion.V500 ? MqttConnectReasonCode.ConnectionRateExceeded : MqttConnectReasonCode.ServerUnavailable,
                $"too many wrong credentials from this address, wait {Math.Ceiling(wait.TotalSeconds)} s");
        }

        return credential is not null && (peer.Certificate is null || credential.Equals(named))
            ? (Of(credential, version), default, "")
            : (null, MqttConnectReasonCode.BadUserNameOrPassword, "not a name of a device or user, with its secret");
    }

    private static MqttPrincipal Of(Credential credential, MqttProtocolVersion version) =>
        new(credential.IsDevice ? MqttRole.Device : MqttRole.User, credential.Name, credential, version);

    // The identifier is this one's from now on, before there is a session, until the last connection by it has left; unless it is another's.
    private bool TryOwn(ValidatingConnectionEventArgs connect, MqttPrincipal principal)
    {
        string id = connect.ClientId;
        if (string.IsNullOrEmpty(id))
        {
            // MQTT 5, 3.1.3.1; 3.1.1 clients without one are refused by the broker, as their sessions could not be told apart.
            connect.AssignedClientIdentifier = id = $"auto-{Guid.NewGuid():N}";
        }

        lock (_lock)
        {
            Owner? owner = _owners.GetValueOrDefault(id);
            if (owner is not null && !owner.Principal.Owns(principal))
            {
                return false;
            }

            _owners[id] = new Owner(principal, (owner?.Connections ?? 0) + 1);
        }

        _identifiers[connect.ChannelAdapter] = id;
        return true;
    }

    private MqttPrincipal? PrincipalOf(string? clientId) => _owners.GetValueOrDefault(clientId ?? "")?.Principal;

    // Revoked before this client was among those that a revocation disconnects.
    private Task CheckAgainAsync(ClientConnectedEventArgs connected) =>
        PrincipalOf(connected.ClientId) is { Credential: { } credential } && !_access.Registry.IsCurrent(credential)
            ? DisconnectAsync(connected.ClientId)
            : Task.CompletedTask;

    private Task InterceptAsync(InterceptingPublishEventArgs publish)
    {
        MqttPrincipal? principal = PrincipalOf(publish.ClientId);
        if (principal?.MayPublish(publish.ApplicationMessage.Topic) != true)
        {
            publish.ProcessPublish = false;
            publish.Response.ReasonCode = MqttPubAckReasonCode.NotAuthorized;

            // Only the acknowledgement of MQTT 5 can tell (MQTT 3.1.1, 3.3.5); otherwise the client would believe that it was published.
            publish.CloseConnection = principal?.Version != MqttProtocolVersion.V500 || publish.ApplicationMessage.QualityOfServiceLevel == MqttQualityOfServiceLevel.AtMostOnce;
            _access.Refusals.Report(
                RefusalReason.NotAuthorized, $"publish by {principal?.Role} {principal?.Name}", $"not to {LogText.Printable(publish.ApplicationMessage.Topic)}",
                publish.CloseConnection ? "closed" : "PUBACK 135");
        }

        return Task.CompletedTask;
    }

    private Task InterceptAsync(InterceptingSubscriptionEventArgs subscription)
    {
        MqttPrincipal? principal = PrincipalOf(subscription.ClientId);
        if (principal?.MaySubscribe(subscription.TopicFilter.Topic) != true)
        {
            subscription.ProcessSubscription = false;
            subscription.Response.ReasonCode = principal?.Version == MqttProtocolVersion.V500 ? MqttSubscribeReasonCode.NotAuthorized : MqttSubscribeReasonCode.UnspecifiedError;
            _access.Refusals.Report(
                RefusalReason.NotAuthorized, $"subscription by {principal?.Role} {principal?.Name}", $"not to {LogText.Printable(subscription.TopicFilter.Topic)}",
                $"SUBACK {(int)subscription.Response.ReasonCode}");
        }

        return Task.CompletedTask;
    }

    private void Disconnect(Credential revoked)
    {
        foreach ((string id, Owner owner) in _owners)
        {
            if (revoked.Equals(owner.Principal.Credential))
            {
                _ = DisconnectAsync(id);
            }
        }
    }

    // With its session, which would keep what comes for nobody.
    private async Task DisconnectAsync(string id)
    {
        try
        {
            if ((await _server.GetSessionsAsync()).FirstOrDefault(session => session.Id == id) is not { } session)
            {
                return;
            }

            if ((await _server.GetClientsAsync()).Any(client => client.Id == id))
            {
                _access.Refusals.Report(RefusalReason.Unauthorized, $"MQTT client {LogText.Printable(id)}", "its credentials were revoked", "DISCONNECT 135");
                await _server.DisconnectClientAsync(id, new MqttServerClientDisconnectOptions { ReasonCode = MqttDisconnectReasonCode.NotAuthorized });
            }

            await session.DeleteAsync();
        }
        catch (InvalidOperationException)
        {
            // It has gone meanwhile, or the broker is stopping.
        }
    }

    // Whose a client identifier is, as long as there are connections by it: one, or two while one takes the other's place.
    private sealed record Owner(MqttPrincipal Principal, int Connections);
}
