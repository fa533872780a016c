using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Microsoft.Extensions.Configuration;

namespace RpiGateway.Tests;

public sealed class BrokerSettingsTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    [Theory]
    [InlineData("embedded")]
    [InlineData("mqtt://broker", "mqtt://broker")]
    [InlineData("mqtts://broker:8884/", "mqtts://broker:8884/")]
    [InlineData("ws://127.0.0.1:8080/mqtt;wss://[::1]/mqtt?v=1; mqtt://c", "ws://127.0.0.1:8080/mqtt", "wss://[::1]/mqtt?v=1", "mqtt://c")]
    public void UrlsAreTriedInTheirOrder(string value, params string[] urls) =>
        Assert.Equal(urls.Select(static url => new Uri(url)), Read(("Broker", value)).Urls);

    [Theory]
    [InlineData("http://broker")]
    [InlineData("mqtt://broker/path")]
    [InlineData("mqtt://")]
    [InlineData("mqtt://broker:0")]
    [InlineData("ws://broker/#x")]
    [InlineData("mqtt://a;")]
    [InlineData("mqtt://a;embedded")]
    [InlineData("")]
    public void WrongUrlIsRefused(string value) =>
        Assert.StartsWith($"Broker is '{value}': allowed is embedded, or", Refusal(("Broker", value)));

    [Theory]
    [InlineData("ws://user:secret@broker/mqtt")]
    [InlineData("mqtt://a;mqqt://user:secret@b")]
    public void PasswordInAUrlIsRefusedAndNotShown(string value)
    {
        string refusal = Refusal(("Broker", value));

        Assert.Contains("Broker:PasswordFile", refusal);
        Assert.DoesNotContain("secret", refusal);
    }

    [Theory]
    [InlineData("Broker:User", "embedded", "Broker:User=x")]
    [InlineData("Broker:Password", "mqtt://a", "Broker:Password=secret")]
    [InlineData("Broker:Password", "mqtt://a", "Broker:User=x", "Broker:Password=secret", "Broker:PasswordFile=y")]
    [InlineData("Broker:PasswordFile", "mqtt://a", "Broker:PasswordFile=y")]
    [InlineData("Broker:Certificate", "mqtt://a", "Broker:Certificate=y")]
    [InlineData("Broker:Key", "mqtts://a", "Broker:Key=y")]
    [InlineData("Broker:Ca", "ws://a/mqtt", "Broker:Ca=y")]
    public void WhatWouldHaveNoEffectIsRefused(string named, string broker, params string[] others)
    {
        string refusal = Refusal([("Broker", broker), .. others.Select(static other => (other.Split('=')[0], other.Split('=')[1]))]);

        Assert.StartsWith($"{named} is given: allowed", refusal);
        Assert.DoesNotContain("secret", refusal);
    }

    [Theory]
    [InlineData("Broker:PasswordFile")]
    [InlineData("Broker:Certificate")]
    [InlineData("Broker:Ca")]
    public void FileThatCannotBeReadIsRefused(string setting)
    {
        string missing = Path.Join(_directory.Path, "missing");
        Assert.StartsWith($"{setting} is '{missing}': allowed is a ", Refusal(("Broker", "wss://a/mqtt"), ("Broker:User", "x"), (setting, missing)));
        if (setting != "Broker:PasswordFile")
        {
            string empty = Path.Join(_directory.Path, "empty");
            File.WriteAllText(empty, "nothing\n");
            Assert.StartsWith($"{setting} is '{empty}': allowed is a PEM file", Refusal(("Broker", "wss://a/mqtt"), (setting, empty)));
        }
    }

    [Fact]
    public void PasswordFileIsReadAnewEachTime()
    {
        string path = Path.Join(_directory.Path, "password");
        File.WriteAllText(path, "first \n");
        BrokerSettings settings = Read(("Broker", "mqtt://a"), ("Broker:User", "x"), ("Broker:PasswordFile", path));
        Assert.Equal("first ", settings.ReadPassword());

        File.WriteAllText(path, "second");

        Assert.Equal("second", settings.ReadPassword());
    }

    public void Dispose() => _directory.Dispose();

    private static string Refusal(params (string Name, string Value)[] settings) => Assert.Throws<SettingException>(() => Read(settings)).Message;

    private static BrokerSettings Read(params (string Name, string Value)[] settings) => BrokerSettings.Read(new SettingReader(
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(static setting => new KeyValuePair<string, string?>(setting.Name, setting.Value))).Build()));
}
