using System;
using System.Collections.Generic;
using System.Text.Json;
using Ws.Micro.Net;

namespace Esp32Sensor.Tests;

/// <summary>A gateway in memory, of the library's own server: keeps the numbers of the readings it got, in order.</summary>
internal sealed class TestGateway
{
    private readonly WebSocketListenerOptions _options = new() { KeepAliveInterval = 0 };
    private readonly List<byte> _message = [];

    public List<int> Received { get; } = [];

    /// <summary>The readings' times, null where not known.</summary>
    public List<long?> Timestamps { get; } = [];

    public List<string> Paths { get; } = [];

    /// <summary>Called with each connection accepted.</summary>
    public Action<WebSocketConnection> Accepted { get; set; } = static _ => { };

    /// <summary>Serves the link's server end whenever the client waits for it.</summary>
    public void Serve(Link link)
    {
        WebSocketConnection? connection = null;
        bool over = false;
        link.RunServer = () =>
        {
            if (over)
            {
                return;
            }

            try
            {
                if (connection is null)
                {
                    _message.Clear();
                    WebSocketRequest request = new(link.Server, _options);
                    connection = request.Accept();
                    Paths.Add(connection.Path);
                    Accepted(connection);
                }

                over = !Receive(connection);
            }
            catch (WebSocketConnectionException)
            {
                over = true;
            }
        };
    }

    private bool Receive(WebSocketConnection connection)
    {
        ReceiveStatus status;
        while ((status = connection.Receive(0)) == ReceiveStatus.Data)
        {
            Assert.True(connection.IsText);
            _message.AddRange(connection.Data.AsSpan(connection.DataOffset, connection.DataCount));
            if (connection.IsLast)
            {
                using JsonDocument reading = JsonDocument.Parse(_message.ToArray());
                Received.Add(reading.RootElement.GetProperty("seq").GetInt32());
                JsonElement timestamp = reading.RootElement.GetProperty("ts");
                Timestamps.Add(timestamp.ValueKind == JsonValueKind.Null ? null : timestamp.GetInt64());
                _message.Clear();
            }
        }

        return status != ReceiveStatus.Closed;
    }
}
