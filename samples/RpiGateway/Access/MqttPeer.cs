using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace RpiGateway.Access;

/// <summary>Where an MQTT connection comes from, before it has said who it is.</summary>
/// <param name="Address">Its address.</param>
/// <param name="Port">Its port.</param>
/// <param name="IsTrusted">Whether it needs no credentials: it is on this machine.</param>
/// <param name="Certificate">What it showed in the TLS handshake, or null.</param>
internal sealed record MqttPeer(IPAddress Address, int Port, bool IsTrusted, X509Certificate2? Certificate)
{
    /// <summary>The gateway itself, through memory.</summary>
    public static readonly MqttPeer Self = new(IPAddress.None, 0, true, null);

    public override string ToString() => this == Self ? "the gateway" : $"{new IPEndPoint(Address, Port)}";
}
