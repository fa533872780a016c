using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.WebSockets;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Configuration;

namespace RpiGateway.Tests;

/// <summary>The gateway in this process, on a port of its own.</summary>
internal sealed class TestGateway : IAsyncDisposable
{
    private static readonly IConfiguration Quiet = new ConfigurationBuilder()
        .AddInMemoryCollection([new KeyValuePair<string, string?>("Logging:LogLevel:Default", "None")]).Build();

    private readonly Gateway _gateway;
    private readonly TempDirectory? _data;
    private bool _stopped;

    private TestGateway(Gateway gateway, string dataDirectory, TempDirectory? data)
    {
        _gateway = gateway;
        DataDirectory = dataDirectory;
        _data = data;
    }

    public Uri Address => _gateway.Address;

    public Uri Broker => _gateway.Broker;

    /// <summary>Starts one. Where <paramref name="data"/> is not given, its data is gone in the end.</summary>
    public static async Task<TestGateway> StartAsync(
        Uri? broker = null,
        int simulate = 0,
        TextWriter? output = null,
        string? data = null,
        LogSettings? log = null,
        CommandSettings? commands = null,
        AccessSettings? access = null,
        PresenceSettings? presence = null,
        string urls = "http://127.0.0.1:0",
        BrokerSettings? brokers = null)
    {
        TempDirectory? own = data is null ? new TempDirectory() : null;
        GatewaySettings settings = new()
        {
            Urls = urls,
            Broker = brokers ?? new BrokerSettings { Urls = broker is null ? [] : [broker] },
            Simulate = simulate,
            DataDirectory = data ?? own!.Path,
            Log = log ?? new LogSettings(),
            Commands = commands ?? new CommandSettings(),
            Access = access ?? new AccessSettings(),
            Presence = presence ?? new PresenceSettings(),
            Framework = Quiet,
        };
        return new TestGateway(await Gateway.StartAsync(settings, output ?? TextWriter.Null), settings.DataDirectory, own);
    }

    public AccessControl Access => _gateway.Access;

    public string DataDirectory { get; }

    /// <summary>Adds a device, and waits until the gateway knows it; gives the secret.</summary>
    public string AddDevice(string id) => Add(id, isDevice: true);

    /// <inheritdoc cref="AddDevice"/>
    public string AddUser(string name) => Add(name, isDevice: false);

    public void Revoke(string name, bool thenAdd = false) => new CredentialFile(DataDirectory).Change(all =>
    {
        Credential old = all.Single(one => one.Name == name);
        all.Remove(old);
        if (thenAdd)
        {
            all.Add(Credential.Create(name, out _) with { IsDevice = old.IsDevice });
        }

        return true;
    });

    public Uri Sensor(string id) => new(Address, $"sensors/{id}");

    public async Task<ClientWebSocket> ConnectSensorAsync(string id)
    {
        ClientWebSocket socket = new();
        await socket.ConnectAsync(Sensor(id), CancellationToken.None).InTime();
        return socket;
    }

    public async Task StopAsync()
    {
        _stopped = true;
        await _gateway.StopAsync().InTime();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_stopped)
        {
            await StopAsync();
        }

        await _gateway.DisposeAsync();
        _data?.Dispose();
    }

    private string Add(string name, bool isDevice)
    {
        Credential credential = Credential.Create(name, out string secret) with { IsDevice = isDevice };
        new CredentialFile(DataDirectory).Change(all =>
        {
            all.Add(credential);
            return true;
        });
        Assert.True(SpinWait.SpinUntil(() => _gateway.Access.Registry.IsCurrent(credential), Deadline.Limit));
        return secret;
    }
}
