using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Esp32Sensor.Node;
using Ws.Micro;
using Ws.Micro.Net;

namespace Esp32Sensor.Tests;

/// <summary>
/// A gateway in memory, of the library's own server, that holds sensors to the telemetry subprotocol. It is written anew from docs/telemetry.md
/// and shares no code with the node.
/// </summary>
internal sealed class TestGateway
{
    private readonly WebSocketListenerOptions _options = new() { KeepAliveInterval = 0, CloseTimeout = 1 };
    private readonly List<byte> _message = [];
    private readonly Dictionary<long, long> _acknowledged = [];
    private readonly Queue<(long Number, JsonElement Reading)> _held = [];
    private WebSocketConnection? _connection;
    private bool _isGreeted;
    private long _boot;
    private long _last;
    private long _acknowledgedHere;

    /// <summary>The numbers of the readings that came, each once, in order.</summary>
    public List<int> Received { get; } = [];

    /// <summary>The readings themselves.</summary>
    public List<JsonElement> Readings { get; } = [];

    /// <summary>Readings that came again.</summary>
    public int Repeated { get; private set; }

    public List<long> Boots { get; } = [];

    public List<string> Results { get; } = [];

    public List<string> Paths { get; } = [];

    /// <summary>What sensors did against the rules.</summary>
    public List<string> Faults { get; } = [];

    /// <summary>The gateway's time in its greeting.</summary>
    public long Time { get; set; }

    public int Window { get; set; } = 32;

    /// <summary>Whether readings wait, not acknowledged, as while a broker is away; those of a connection that ends are dropped.</summary>
    public bool Holds { get; set; }

    /// <summary>Takes the place of the greeting.</summary>
    public string? Greeting { get; set; }

    /// <summary>Done after each greeting.</summary>
    public Action OnGreeted { get; set; } = static () => { };

    /// <summary>What the last hello said beside the boot.</summary>
    public string About { get; private set; } = "";

    /// <summary>Whether sensors are turned away once they have said hello.</summary>
    public bool IsClosed { get; set; }

    /// <summary>The Authorization header that a sensor has to send, or it is turned away with 401; null: any, or none.</summary>
    public string? Authorization { get; set; }

    /// <summary>Answers each request to connect in place of the gateway, in HTTP; null: the gateway answers.</summary>
    public string? HttpAnswer { get; set; }

    /// <summary>What the next connection is told, in place of a subprotocol, that it has none.</summary>
    public bool IsPlain { get; set; }

    /// <summary>Sends a text message to the sensor.</summary>
    public void Send(string text) => _connection!.Send(Encoding.UTF8.GetBytes(text), 0, Encoding.UTF8.GetByteCount(text), true);

    /// <summary>Sends a text message in fragments.</summary>
    public void SendFragments(string text, int size)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        for (int at = 0; at < bytes.Length; at += size)
        {
            int count = Math.Min(size, bytes.Length - at);
            _connection!.Send(bytes, at, count, true, at + count == bytes.Length);
        }
    }

    /// <summary>Forgets all that came, as after a restart.</summary>
    public void Forget() => _acknowledged.Clear();

    /// <summary>Says that readings came that never did.</summary>
    public void Mistake(long boot, long sequence) => _acknowledged[boot] = sequence;

    /// <summary>Takes all that waits.</summary>
    public void Release()
    {
        Holds = false;
        (long Number, JsonElement Reading)[] held = [.. _held];
        _held.Clear();
        Array.ForEach(held, reading => TakeReading(reading.Number, reading.Reading));
    }

    /// <summary>Serves the link's server end whenever the client waits for it.</summary>
    public void Serve(Link link)
    {
        _connection = null;
        bool over = false;
        link.RunServer = () =>
        {
            if (over)
            {
                return;
            }

            try
            {
                if (_connection is null)
                {
                    _message.Clear();
                    _held.Clear();
                    _isGreeted = false;
                    _options.Subprotocols = IsPlain ? [] : [TelemetryMessage.Subprotocol];
                    WebSocketRequest request = new(link.Server, _options);
                    request.Read();
                    over = IsTurnedAway(link, request);
                    if (over)
                    {
                        return;
                    }

                    _connection = request.Accept();
                    Paths.Add(_connection.Path);
                }

                over = !Receive(_connection);
            }
            catch (WebSocketConnectionException)
            {
                over = true;
            }
        };
    }

    private bool IsTurnedAway(Link link, WebSocketRequest request)
    {
        if (HttpAnswer is not null)
        {
            link.Server.Write(Encoding.ASCII.GetBytes(HttpAnswer), 0, HttpAnswer.Length, 0);
            link.Server.Close();
        }
        else if (Authorization is not null && request.GetHeader("Authorization") != Authorization)
        {
            request.Refuse(401, "Unauthorized");
        }
        else
        {
            return false;
        }

        return true;
    }

    private bool Receive(WebSocketConnection connection)
    {
        ReceiveStatus status;
        while ((status = connection.Receive(0)) == ReceiveStatus.Data)
        {
            Check(connection.IsText, "a message is not text");
            _message.AddRange(connection.Data.AsSpan(connection.DataOffset, connection.DataCount));
            if (connection.IsLast)
            {
                Take(Encoding.UTF8.GetString(_message.ToArray()));
                _message.Clear();
            }
        }

        return status != ReceiveStatus.Closed;
    }

    private void Take(string message)
    {
        string[] parts = message.Split(' ', 3);
        long number = long.Parse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture);
        switch (parts[0])
        {
            case "H":
                Check(!_isGreeted && number > 0 && parts.Length == 3, $"hello '{message}'");
                About = parts[2];
                _isGreeted = true;
                _boot = number;
                Boots.Add(number);
                _last = _acknowledgedHere = _acknowledged.GetValueOrDefault(number);
                if (IsClosed)
                {
                    _connection!.Close(1013, "later");
                    break;
                }

                Send(Greeting ?? string.Create(CultureInfo.InvariantCulture, $"H {Time} {_last} {Window}"));
                OnGreeted();
                break;
            case "R":
                Check(_isGreeted, "a reading before the hello");
                Check(number > _last, $"reading {number} after {_last}");
                Check(number > _acknowledgedHere, $"reading {number} was acknowledged");
                _last = number;
                TakeReading(number, JsonDocument.Parse(parts[2]).RootElement);
                break;
            case "C":
                Results.Add($"{number} {parts[2]}");
                break;
            default:
                Check(false, $"message '{message}'");
                break;
        }
    }

    private void TakeReading(long number, JsonElement reading)
    {
        Check(reading.GetProperty("seq").GetInt64() == number && reading.GetProperty("boot").GetInt64() == _boot, $"reading {number} says {reading}");
        if (Holds || _held.Count > 0)
        {
            _held.Enqueue((number, reading));
            Check(_held.Count <= Window, $"{_held.Count} readings are under way");
            return;
        }

        if (number > _acknowledged.GetValueOrDefault(_boot))
        {
            _acknowledged[_boot] = number;
            Received.Add((int)number);
            Readings.Add(reading);
        }
        else
        {
            Repeated++;
        }

        _acknowledgedHere = number;
        Send(string.Create(CultureInfo.InvariantCulture, $"A {number}"));
    }

    private void Check(bool isTrue, string fault)
    {
        if (!isTrue)
        {
            Faults.Add(fault);
        }
    }
}
