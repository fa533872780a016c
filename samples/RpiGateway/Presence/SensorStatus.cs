using System;
using System.Buffers;
using System.Text.Json;

namespace RpiGateway.Presence;

/// <summary>What is published of a sensor: <c>sensors/{id}/status</c>, as JSON. Times are in milliseconds since 1970 (UTC), 0 where not known.</summary>
internal sealed record SensorStatus
{
    /// <summary>Whether it is connected.</summary>
    public required bool IsOnline { get; init; }

    /// <summary>The name of the gateway that says so.</summary>
    public required string Gateway { get; init; }

    /// <summary>Since when it is so.</summary>
    public long Since { get; init; }

    /// <summary>When its last message came.</summary>
    public long LastSeen { get; init; }

    /// <summary>Its IP address.</summary>
    public string? Address { get; init; }

    /// <summary>Its firmware's version, where it says that.</summary>
    public string? Firmware { get; init; }

    /// <summary>How it knew the time when it connected, where it says that.</summary>
    public string? Clock { get; init; }

    /// <summary>Why it is offline.</summary>
    public string? Reason { get; init; }

    /// <summary>As JSON; what is not known is null.</summary>
    public byte[] ToJson()
    {
        ArrayBufferWriter<byte> buffer = new(256);
        using Utf8JsonWriter json = new(buffer);
        json.WriteStartObject();
        json.WriteString("state", IsOnline ? "online" : "offline");
        json.WriteString("gateway", Gateway);
        WriteTime(json, "since", Since);
        WriteTime(json, "lastSeen", LastSeen);
        json.WriteString("address", Address);
        json.WriteString("firmware", Firmware);
        json.WriteString("clock", Clock);
        if (!IsOnline)
        {
            json.WriteString("reason", Reason);
        }

        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>As JSON, of the gateway itself.</summary>
    public byte[] ToGatewayJson()
    {
        ArrayBufferWriter<byte> buffer = new(256);
        using Utf8JsonWriter json = new(buffer);
        json.WriteStartObject();
        json.WriteString("state", IsOnline ? "online" : "offline");
        WriteTime(json, "since", Since);
        if (!IsOnline)
        {
            json.WriteString("reason", Reason);
        }

        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads one; null for what is none.</summary>
    public static SensorStatus? Parse(ReadOnlySequence<byte> json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            JsonElement root = document.RootElement;
            return root.ValueKind == JsonValueKind.Object && Text(root, "state") is "online" or "offline" && Text(root, "gateway") is { } gateway
                ? new SensorStatus
                {
                    IsOnline = Text(root, "state") == "online",
                    Gateway = gateway,
                    Since = Time(root, "since"),
                    LastSeen = Time(root, "lastSeen"),
                    Address = Text(root, "address"),
                    Firmware = Text(root, "firmware"),
                    Clock = Text(root, "clock"),
                    Reason = Text(root, "reason"),
                }
                : null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // Not JSON; or text with half of a pair of surrogates, which only shows when it is read.
            return null;
        }
    }

    private static void WriteTime(Utf8JsonWriter json, string name, long time)
    {
        if (time == 0)
        {
            json.WriteNull(name);
        }
        else
        {
            json.WriteNumber(name, time);
        }
    }

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static long Time(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long time) ? time : 0;
}
