using System.Collections;
using System.Threading.Tasks;
using MQTTnet.Formatter;
using MQTTnet.Server;

namespace RpiGateway.Mqtt;

/// <summary>What the embedded broker's guards note of a session, kept with it by MQTTnet. For any thread.</summary>
internal static class SessionState
{
    /// <summary>Notes from now on which version of MQTT each client speaks.</summary>
    public static void NoteVersions(MqttServer server) => server.ClientConnectedAsync += static client =>
    {
        Of<Protocol>(client.SessionItems).Version = client.ProtocolVersion;
        return Task.CompletedTask;
    };

    /// <summary>Whether its client speaks MQTT 5, and so understands reason codes.</summary>
    public static bool IsMqtt5(IDictionary items) => Of<Protocol>(items).Version == MqttProtocolVersion.V500;

    /// <summary>The session's one <typeparamref name="T"/>.</summary>
    public static T Of<T>(IDictionary items)
        where T : class, new()
    {
        lock (items)
        {
            if (items[typeof(T)] is not T state)
            {
                items[typeof(T)] = state = new T();
            }

            return state;
        }
    }

    private sealed class Protocol
    {
        public MqttProtocolVersion Version { get; set; }
    }
}
