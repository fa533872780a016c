using System;
using System.Collections.Generic;
using System.Linq;
using Esp32Sensor.Node;

namespace Esp32Sensor.Tests;

public sealed class SettingsTests
{
    private readonly NodeSettings _settings = new() { Id = "esp32-abcdef" };

    [Fact]
    public void Each_setting_can_be_set()
    {
        Assert.Empty(Read("""
            # The sensor in the attic.
            Id = attic
            Secret = s3cret:with=signs
            gateway=wss://gateway.example:8443

              INTERVAL =   600000
            Readings = 1000
            Sleep = yes
            Batch = 12
            AwakeTime = 30000
            MinBackoff = 500
            MaxBackoff = 120000
            StableTime = 0
            Compression = 0
            TimeServer = 192.168.1.1
            """));

        Assert.Equivalent(
            new NodeSettings
            {
                Id = "attic",
                Secret = "s3cret:with=signs",
                Gateway = "wss://gateway.example:8443",
                Interval = 600_000,
                Readings = 1000,
                Sleep = true,
                Batch = 12,
                AwakeTime = 30_000,
                MinBackoff = 500,
                MaxBackoff = 120_000,
                StableTime = 0,
                Compression = 0,
                TimeServer = "192.168.1.1",
            },
            _settings);
        Assert.Equal("wss://gateway.example:8443/sensors/attic", _settings.Url);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\r\n  \n# Id = x\n")]
    public void Without_a_line_all_have_their_defaults(string text)
    {
        Assert.Empty(Read(text));

        Assert.Equivalent(new NodeSettings { Id = "esp32-abcdef" }, _settings);
    }

    [Fact]
    public void Lines_may_end_as_they_do_on_Windows_and_begin_with_a_byte_order_mark()
    {
        Assert.Empty(Read("\uFEFFId = attic\r\nInterval = 600000\r\n"));

        Assert.Equal(("attic", 600_000), (_settings.Id, _settings.Interval));
    }

    [Theory]
    [InlineData("Id", "")]
    [InlineData("Id", "a b")]
    [InlineData("Id", "a.b")]
    [InlineData("Id", "grün")]
    [InlineData("Id", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("Gateway", "")]
    [InlineData("Gateway", "gateway.example")]
    [InlineData("Gateway", "http://gateway.example")]
    [InlineData("Gateway", "ws:/gateway.example")]
    [InlineData("Gateway", "ws://")]
    [InlineData("Gateway", "ws:///")]
    [InlineData("Gateway", "ws://:80")]
    [InlineData("Gateway", "ws://gateway.example:")]
    [InlineData("Gateway", "ws://gateway.example:0")]
    [InlineData("Gateway", "ws://gateway.example:65536")]
    [InlineData("Gateway", "ws://gateway.example:080808")]
    [InlineData("Gateway", "ws://gateway.example:x")]
    [InlineData("Gateway", "ws://gateway.example/path")]
    [InlineData("Gateway", "ws://gateway.example?query")]
    [InlineData("Gateway", "ws://user@gateway.example")]
    [InlineData("Gateway", "ws://gate way")]
    [InlineData("Gateway", "ws://[::1")]
    [InlineData("Gateway", "ws://::1")]
    [InlineData("Interval", "")]
    [InlineData("Interval", "ten")]
    [InlineData("Interval", "9")]
    [InlineData("Interval", "86400001")]
    [InlineData("Interval", "99999999999")]
    [InlineData("Interval", "-1000")]
    [InlineData("Interval", "+1000")]
    [InlineData("Interval", "1000.0")]
    [InlineData("Interval", "1e4")]
    [InlineData("Interval", "1000 ms")]
    [InlineData("Interval", "1000 # ms")]
    [InlineData("Interval", "0x1000")]
    [InlineData("Readings", "15")]
    [InlineData("Readings", "16385")]
    [InlineData("Sleep", "")]
    [InlineData("Sleep", "true")]
    [InlineData("Sleep", "Yes")]
    [InlineData("Sleep", "1")]
    [InlineData("Batch", "0")]
    [InlineData("AwakeTime", "4999")]
    [InlineData("MinBackoff", "0")]
    [InlineData("MaxBackoff", "86400001")]
    [InlineData("StableTime", "-1")]
    [InlineData("Compression", "7")]
    [InlineData("Compression", "13")]
    [InlineData("Compression", "yes")]
    [InlineData("TimeServer", "")]
    [InlineData("TimeServer", "http://pool.ntp.org")]
    public void A_wrong_one_is_told_and_has_its_default(string name, string value)
    {
        string complaint = Assert.Single(Read($"Interval = 60000\n{name} = {value}\nReadings = 500\n"));

        Assert.StartsWith($"Line 2: {name} is '{value}'; allowed is ", complaint, StringComparison.Ordinal);
        if (name is not ("Interval" or "Readings"))
        {
            Assert.Equivalent(new NodeSettings { Id = "esp32-abcdef", Interval = 60_000, Readings = 500 }, _settings);
        }

        _settings.Validate();
    }

    [Theory]
    [InlineData("Secret = two words")]
    [InlineData("Secret = grün")]
    [InlineData("secret = tab\tbed")]
    [InlineData("Secret: two")]
    [InlineData("Secret two")]
    [InlineData("two")]
    [InlineData("Sekret = two")]
    [InlineData("= two")]
    public void What_may_be_the_secret_is_not_told(string line)
    {
        string complaint = Assert.Single(Read("Gateway = wss://gateway\n" + line));

        Assert.StartsWith("Line 2", complaint, StringComparison.Ordinal);
        Assert.All(["two", "words", "grü", "tab\t", "bed"], word => Assert.DoesNotContain(word, complaint, StringComparison.Ordinal));
        Assert.Equal("", _settings.Secret);
    }

    [Theory]
    [InlineData("Sekret = x", "Line 1: 'Sekret' is no setting; there are Id, Secret, Gateway, ")]
    [InlineData("= x", "Line 1: '' is no setting; there are Id, ")]
    [InlineData("Secret = ü", "Line 1: Secret is wrong; allowed is nothing, or 1 to 128 visible ASCII characters. The line is passed over; without another the default is used.")]
    public void It_is_told_what_there_is(string line, string told) =>
        Assert.StartsWith(told, Assert.Single(Read(line)), StringComparison.Ordinal);

    [Theory]
    [InlineData(128, true)]
    [InlineData(129, false)]
    public void A_secret_has_at_most_128_characters(int length, bool isTaken)
    {
        List<string> complaints = Read("Gateway = wss://gateway\nSecret = " + new string('x', length));

        Assert.Equal((isTaken ? 0 : 1, isTaken ? length : 0), (complaints.Count, _settings.Secret.Length));
        Assert.Equal(isTaken, new NodeSettings { Secret = new string('x', length) }.FindFault() is null);
    }

    [Fact]
    public void A_secret_that_anybody_can_read_on_the_way_is_told() =>
        Assert.Equal(["Secret is sent unencrypted, for Gateway is not wss://."], Read("Gateway = ws://gateway\nSecret = x"));

    [Theory]
    [InlineData("Interval")]
    [InlineData("Interval: 1000")]
    [InlineData("{ \"Interval\": 1000 }")]
    public void A_line_of_another_form_is_told(string line)
    {
        Assert.Equal(["Line 1 is not of the form Name = value."], Read(line));
        Assert.Equal(10_000, _settings.Interval);
    }

    [Theory]
    [InlineData("Batch = 500", "Batch is above Readings")]
    [InlineData("Readings = 16\nBatch = 17", "Batch is above Readings")]
    [InlineData("MinBackoff = 60001", "MinBackoff is above MaxBackoff")]
    [InlineData("MinBackoff = 500\nMaxBackoff = 499", "MinBackoff is above MaxBackoff")]
    [InlineData("Sleep = yes\nInterval = 9999", "Interval is 9999; allowed is a whole number from 10000 to 86400000.")]
    public void What_is_wrong_only_beside_another_is_told_too(string text, string told)
    {
        Assert.StartsWith(told, Assert.Single(Read(text)), StringComparison.Ordinal);
        _settings.Validate();
    }

    [Fact]
    public void Several_wrong_ones_are_all_told() =>
        Assert.Equal(4, Read("Id = ?\nnonsense\nInterval = 0\nMinBackoff = 86400000").Count);

    [Theory]
    [InlineData("ws://localhost")]
    [InlineData("ws://localhost/")]
    [InlineData("wss://192.168.1.10:1")]
    [InlineData("ws://[fe80::1]")]
    [InlineData("wss://[::1]:65535/")]
    public void A_gateway_is_a_scheme_a_host_and_perhaps_a_port(string url)
    {
        Assert.Empty(Read("Gateway = " + url));

        Assert.Equal(url.TrimEnd('/') + "/sensors/esp32-abcdef", _settings.Url);
    }

    [Fact]
    public void Any_text_can_be_read()
    {
        Random random = new(1);
        string[] pieces = ["Id", "Gateway", "Interval", "=", " ", "\n", "ws://", ":", "[", "]", "0", "9", "a", "#", "\uFEFF", "\0", "ü", "-", "Sleep", "yes"];
        for (int i = 0; i < 20_000; i++)
        {
            NodeSettings settings = new();
            SettingsReader.Read(string.Concat(Enumerable.Range(0, random.Next(20)).Select(_ => pieces[random.Next(pieces.Length)])), settings);
            settings.Validate();
        }
    }

    [Theory]
    [InlineData("Id is 'a b'; allowed is 1 to 64 of A-Z, a-z, 0-9, '_' and '-'.", "a b", 10_000)]
    [InlineData("Interval is 9; allowed is a whole number from 10 to 86400000.", "a", 9)]
    public void A_node_is_not_made_with_wrong_settings(string complaint, string id, int interval) =>
        Assert.Equal(complaint, Assert.Throws<ArgumentException>(() => new SensorNode(new NodeSettings { Id = id, Interval = interval }, new TestBoard(), new Random(1))).Message);

    private List<string> Read(string text) => [.. SettingsReader.Read(text, _settings).Cast<string>()];
}
