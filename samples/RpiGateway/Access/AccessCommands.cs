using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography.X509Certificates;
using RpiGateway.Monitoring;
using RpiGateway.Settings;

namespace RpiGateway.Access;

/// <summary>
/// The verbs of the command line, as <see cref="Help"/> has them. What a script can use goes to the
/// output, all else to the errors. Exit codes: 0, 1 when it cannot be done, 2 when it is not understood.
/// </summary>
internal sealed class AccessCommands(string dataDirectory, TextWriter output, TextWriter errors)
{
    /// <summary>What <c>--help</c> says.</summary>
    public const string Help =
        """
        Who may come in, with --DataDirectory where that is not the default; a running gateway takes it in within a second:
          devices add ID              make a device, and print its secret, once
          devices list                print each device's id and when it was added
          devices revoke ID           it may come in no more, and is disconnected
          devices certificate ID      issue a certificate to a device, and print it and its private key in PEM, once
          users add|list|revoke NAME  the same for MQTT clients that are not devices
          tls root                    print the root of the gateway's own certificates in PEM; made if there is none
        """;

    /// <summary>What a verb may begin with.</summary>
    public static readonly string[] Nouns = ["devices", "users", "tls"];

    private readonly CredentialFile _file = new(dataDirectory);

    /// <summary>Whether the arguments are a verb with its name, options put aside.</summary>
    public static bool TryParse(string[] args, out string[] words, out string[] options)
    {
        List<string> verb = [];
        List<string> rest = [];
        for (int i = 0; i < args.Length; i++)
        {
            // An id may begin with '-', so what follows a verb is a name.
            if (!args[i].StartsWith('-') || (verb.Count == 2 && !args[i].StartsWith("--", StringComparison.Ordinal)))
            {
                verb.Add(args[i]);
                continue;
            }

            rest.Add(args[i]);
            if (!args[i].Contains('=') && i + 1 < args.Length)
            {
                rest.Add(args[++i]);
            }
        }

        words = [.. verb];
        options = [.. rest];
        return words.Length > 0 && Nouns.Contains(words[0]);
    }

    /// <summary>Does it, and gives the exit code.</summary>
    public int Run(string[] words)
    {
        bool isDevice = words[0] == "devices";
        string kind = isDevice ? "device" : "user";
        try
        {
            switch (words)
            {
                case ["tls", "root"]:
                    output.WriteLine(OwnAuthority.Open(dataDirectory).Root.ExportCertificatePem());
                    return 0;
                case ["tls", ..]:
                    return Fail(2, $"'{LogText.Printable(string.Join(' ', words))}' is not understood: allowed is tls root");
                case [_, "add" or "revoke" or "certificate", var name] when !SensorId.IsValid(name):
                    return Fail(2, $"'{LogText.Printable(name)}' is no name of a {kind}: allowed is {SensorId.Rule}");
                case [_, "add", var name]:
                    return Add(name, isDevice);
                case [_, "list"]:
                    foreach (Credential one in _file.Read().Where(one => one.IsDevice == isDevice).OrderBy(static one => one.Name, StringComparer.Ordinal))
                    {
                        output.WriteLine($"{one.Name}\t{one.Added.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}");
                    }

                    return 0;
                case [_, "revoke", var name]:
                    return _file.Change(all => all.RemoveAll(one => one.Name == name && one.IsDevice == isDevice) > 0) ? 0 : Fail(1, $"there is no {kind} '{name}'");
                case ["devices", "certificate", var name]:
                    return IssueCertificate(name);
                default:
                    return Fail(2, $"'{LogText.Printable(string.Join(' ', words))}' is not understood: allowed are {words[0]} add NAME, {words[0]} list, {words[0]} revoke NAME");
            }
        }
        catch (IOException error)
        {
            return Fail(1, error.Message);
        }
    }

    private int Add(string name, bool isDevice)
    {
        Credential credential = Credential.Create(name, out string secret) with { IsDevice = isDevice };
        bool added = _file.Change(all =>
        {
            if (all.Exists(one => one.Name == name))
            {
                return false;
            }

            all.Add(credential);
            return true;
        });
        if (!added)
        {
            return Fail(1, $"there is a device or user '{name}' already: revoke it first");
        }

        output.WriteLine(secret);
        return 0;
    }

    private int IssueCertificate(string name)
    {
        if (_file.Read().Find(one => one.IsDevice && one.Name == name) is not { } device)
        {
            return Fail(1, $"there is no device '{name}': add it first");
        }

        DateTimeOffset now = DateTimeOffset.UtcNow;
        using X509Certificate2 certificate = OwnAuthority.Open(dataDirectory).IssueDevice(name, now > device.Added ? now : device.Added);
        output.WriteLine(certificate.ExportCertificatePem());
        output.WriteLine(certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        return 0;
    }

    private int Fail(int code, string message)
    {
        errors.WriteLine(message);
        return code;
    }
}
