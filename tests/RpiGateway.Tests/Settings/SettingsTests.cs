using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using RpiGateway.Settings;

namespace RpiGateway.Tests;

/// <summary>Each setting that there is: what is wrong is one line that names it, its value and what is allowed.</summary>
public sealed partial class SettingsTests : IDisposable
{
    private static readonly string[] NoNumbers = ["", "x", "-1", "1.5", "+1", " 1", "0x10", "99999999999999999999"];

    private static readonly string[] NoFlags = ["", "1", "yes", "on"];

    private readonly TempDirectory _directory = new();

    // What is wrong, with what must stand beside it. Each setting that is no number and no flag has a line here.
    private Dictionary<string, (string Value, string[] Beside)[]> Wrong => new()
    {
        ["urls"] =
        [
            ("", []), ("5080", []), ("http://127.0.0.1:65536", []), ("http://127.0.0.1:0;ftp://127.0.0.1:0", []), ("http://example.org:80", []), ("http://localhost:0", []),
            ("http://0.0.0.0:5080", []), ("https://127.0.0.1:0;http://*:5080", []),
        ],
        ["DataDirectory"] = [("", []), ("/dev/null/data", [])],
        ["Broker"] = [("", []), ("nowhere", []), ("ftp://127.0.0.1", []), ("mqtt://a;", [])],
        ["Broker:User"] = [("", ["--Broker", "mqtt://a"]), (new string('é', 40_000), ["--Broker", "mqtt://a"])],
        ["Broker:Password"] = [(new string('é', 40_000), ["--Broker", "mqtt://a", "--Broker:User", "x"])],
        ["Broker:PasswordFile"] = [("", ["--Broker", "mqtt://a", "--Broker:User", "x"]), (Missing, ["--Broker", "mqtt://a", "--Broker:User", "x"]), (Large, ["--Broker", "mqtt://a", "--Broker:User", "x"])],
        ["Broker:Certificate"] = [("", ["--Broker", "mqtts://a"]), (Missing, ["--Broker", "mqtts://a"]), (Empty, ["--Broker", "mqtts://a"]), (Certificate, ["--Broker", "mqtts://a"])],
        ["Broker:Key"] = [.. Keys("--Broker", "mqtts://a", "--Broker:Certificate", Certificate)],
        ["Broker:Ca"] = [("", ["--Broker", "mqtts://a"]), (Missing, ["--Broker", "wss://a/mqtt"]), (Empty, ["--Broker", "mqtts://a"])],
        ["Log:Durability"] = [("", []), ("memory", [])],
        ["Name"] = [("", []), ("a b", []), ("a/b", []), (new string('x', 65), [])],
        ["Tls:Certificate"] = [("", ["--Tls:Key", Key]), (Missing, ["--Tls:Key", Key]), (Empty, ["--Tls:Key", Key])],
        ["Tls:Key"] = [.. Keys("--Tls:Certificate", Certificate)],
        ["Tls:Names"] = [("", []), ("a b", []), ("a,,b", []), ("ä", [])],
        ["Tls:ClientCertificates"] = [("", []), ("yes", []), ("None", [])],
        ["Tls:ClientAuthority"] = [("", []), (Missing, []), (Empty, [])],
    };

    private string Missing => Path.Join(_directory.Path, "missing");

    private string Empty => Write("empty.pem", "nothing\n");

    private string Large => Write("large", new string('x', 70_000));

    private string Certificate => Write("certificate.pem", TestCertificates.Client.ExportCertificatePem());

    private string Key => Write("key.pem", TestCertificates.Client.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());

    private string OtherKey => Write("other.pem", TestCertificates.Server.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());

    public static TheoryData<string> Names => [.. GatewaySettings.All.Select(static setting => setting.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void WrongValueIsOneLineWithNameValueAndWhatIsAllowed(string name)
    {
        Setting setting = GatewaySettings.All.Single(setting => setting.Name == name);
        (string Value, string[] Beside)[] wrong = setting.Value switch
        {
            "N" or "BYTES" or "SECONDS" => [.. NoNumbers.Select(static value => (value, Array.Empty<string>()))],
            "BOOL" => [.. NoFlags.Select(static value => (value, Array.Empty<string>()))],
            _ => Wrong[name],
        };
        Assert.NotEmpty(wrong);
        foreach ((string value, string[] beside) in wrong)
        {
            string line = Refusal([$"--{name}={value}", .. beside]);

            Assert.DoesNotContain('\n', line);
            string shown = value[..Math.Min(value.Length, 256)];
            Assert.StartsWith(name == "Broker:Password" ? $"{name} is wrong (not shown): allowed is " : $"{name} is '{shown}': allowed is ", line);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void BoundsOfANumberHoldAndHelpSaysThem(string name)
    {
        Setting setting = GatewaySettings.All.Single(setting => setting.Name == name);
        if (setting.Value is not ("N" or "BYTES" or "SECONDS"))
        {
            return;
        }

        Match bounds = Bounds().Match(Refusal([$"--{name}", "x"]));
        (long min, long max) = (long.Parse(bounds.Groups[1].Value), long.Parse(bounds.Groups[2].Value));
        Assert.Contains($"{min}", setting.Meaning);
        Assert.True(min == 0 || Refusal([$"--{name}", $"{min - 1}"]).StartsWith($"{name} is '{min - 1}'", StringComparison.Ordinal));
        Load($"--{name}", $"{min}");
        Load($"--{name}", $"{max}");
        if (max < long.MaxValue)
        {
            Assert.Contains($"{max}", setting.Meaning);
            Assert.StartsWith($"{name} is '{max + 1}'", Refusal([$"--{name}", $"{max + 1}"]));
        }
    }

    [Fact]
    public void DefaultThatHelpNamesIsTheDefault()
    {
        List<string> defaults = [.. Values(Load("--simulate", "0"))];
        Assert.Contains("Presence.Interval=00:05:00", defaults);
        foreach (Setting setting in GatewaySettings.All.Where(static setting => setting.Value is "N" or "BYTES" or "SECONDS" or "BOOL"))
        {
            // The first is the value, the rest says more of it.
            Assert.Equal(defaults, Values(Load($"--{setting.Name}", setting.Default.Split(',', ';')[0])));
        }
    }

    [Theory]
    [InlineData("--Broker:Pasword=hunter2")]
    [InlineData("--Broker:Pasword", "hunter2")]
    public void PasswordBehindAMisspeltNameIsNotShown(params string[] arguments)
    {
        string line = Refusal(arguments);

        Assert.StartsWith("unknown option '--Broker:Pasword'", line);
        Assert.DoesNotContain("hunter2", line);
    }

    [Theory]
    [InlineData("Logging:LogLevel:Default", "Loud")]
    [InlineData("Logging:LogLevel:RpiGateway", "")]
    [InlineData("logging:console:loglevel:Default", "7")]
    public void LevelOfTheLogThatIsNoneIsRefused(string name, string value)
    {
        string line = Refusal([$"--{name}", value]);

        Assert.StartsWith($"{name} is '{value}': allowed is Trace, Debug", line, StringComparison.OrdinalIgnoreCase);
        Load($"--{name}", "warning");
    }

    [Fact]
    public void FormatOfTheLogThatIsNoneIsRefused()
    {
        Assert.StartsWith("Logging:Console:FormatterName is 'xml': allowed is simple, json, systemd", Refusal(["--Logging:Console:FormatterName", "xml"]));
        Load("--Logging:Console:FormatterName", "JSON");
    }

    [Fact]
    public void VerbThatIsMisspeltIsAnsweredWithThoseThereAre() =>
        Assert.StartsWith("unknown verb or option 'device': allowed are devices, users, tls, --urls,", Refusal(["device", "add", "attic"]));

    public void Dispose() => _directory.Dispose();

    [GeneratedRegex("a whole number from ([0-9]+) to ([0-9]+)$")]
    private static partial Regex Bounds();

    private (string Value, string[] Beside)[] Keys(params string[] beside) => [("", beside), (Missing, beside), (Empty, beside), (OtherKey, beside)];

    private string Refusal(string[] arguments) => Assert.Throws<SettingException>(() => Load(arguments)).Message;

    // Each option once: the data directory is that of the test, unless it is what is tested.
    private GatewaySettings Load(params string[] arguments) => GatewaySettings.Load(
        arguments[0].StartsWith("--DataDirectory", StringComparison.Ordinal) ? arguments : [.. arguments, "--DataDirectory", _directory.Path]);

    // What all settings are, those of rooms included.
    private static IEnumerable<string> Values(object settings, string prefix = "")
    {
        foreach (PropertyInfo property in settings.GetType().GetProperties(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
        {
            object? value = property.GetValue(settings);
            if (value?.GetType() is { Namespace: { } space } && space.StartsWith("RpiGateway.", StringComparison.Ordinal) && space != "RpiGateway.Settings" && value is not Enum)
            {
                foreach (string inner in Values(value, $"{prefix}{property.Name}."))
                {
                    yield return inner;
                }
            }
            else if (value is IFormattable or bool)
            {
                yield return string.Create(CultureInfo.InvariantCulture, $"{prefix}{property.Name}={value}");
            }
        }
    }

    private string Write(string name, string text)
    {
        string path = Path.Join(_directory.Path, name);
        File.WriteAllText(path, text);
        return path;
    }
}
