using System;
using MQTTnet.Formatter;

namespace RpiGateway.Access;

/// <summary>Who an MQTT client is, and what that allows.</summary>
/// <param name="Role">What kind of client.</param>
/// <param name="Name">The device's id or user's name; else fixed.</param>
/// <param name="Credential">What it came in by, or null.</param>
/// <param name="Version">The protocol it speaks.</param>
internal sealed record MqttPrincipal(MqttRole Role, string Name, Credential? Credential, MqttProtocolVersion Version)
{
    private const string Root = "sensors/";

    /// <summary>Whether both are the same one, whose sessions these are.</summary>
    public bool Owns(MqttPrincipal other) => Role == other.Role && Name == other.Name;

    /// <summary>
    /// Whether it may publish to a topic. A device: its own telemetry, status and results. A user: commands to sensors, and all that is not the
    /// gateway's. A client on this machine that is trusted: anything, as it may pass for any sensor at the sensors' endpoint too.
    /// </summary>
    public bool MayPublish(string topic) => Role switch
    {
        MqttRole.Gateway or MqttRole.Local => true,
        MqttRole.Device => Level(topic) is { Leaf: "telemetry" or "status" or "result" } own && own.Sensor == Name,
        _ => !IsReserved(topic) || Level(topic) is { Leaf: "command" },
    };

    /// <summary>Whether it may subscribe to a topic filter. A device: its own commands. Others: anything.</summary>
    public bool MaySubscribe(string filter) => Role != MqttRole.Device || WithoutShare(filter) == $"{Root}{Name}/command";

    // MQTT 5, 4.8.2: $share/{name}/{filter}.
    private static string WithoutShare(string filter) =>
        filter.StartsWith("$share/", StringComparison.Ordinal) && filter.IndexOf('/', "$share/".Length) is > 0 and var slash ? filter[(slash + 1)..] : filter;

    private static bool IsReserved(string topic) =>
        topic.StartsWith('$') || topic is "sensors" or "gateways" || topic.StartsWith(Root, StringComparison.Ordinal) || topic.StartsWith("gateways/", StringComparison.Ordinal);

    // sensors/{id}/{leaf}, or null.
    private static (string Sensor, string Leaf)? Level(string topic) =>
        topic.Split('/') is ["sensors", var sensor, var leaf] && SensorId.IsValid(sensor) ? (sensor, leaf) : null;
}

/// <summary>What kind of MQTT client.</summary>
internal enum MqttRole
{
    /// <summary>The gateway itself.</summary>
    Gateway,

    /// <summary>A client on this machine without credentials.</summary>
    Local,

    /// <summary>A user.</summary>
    User,

    /// <summary>A device.</summary>
    Device,
}
