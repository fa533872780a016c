using System.Collections;

namespace Esp32Sensor.Node;

/// <summary>
/// Reads settings from text: a line each, "Name = value"; empty lines and those that begin with '#' are passed over. What is wrong is told
/// and passed over too, so that the setting keeps its default, or what another line says; a value that is or may be the secret is not shown.
/// </summary>
public static class SettingsReader
{
    /// <summary>Puts into <paramref name="settings"/> what the text says. Returns what was wrong, as strings that people can read; empty where nothing was.</summary>
    public static ArrayList Read(string text, NodeSettings settings)
    {
        ArrayList complaints = new();
        string[] lines = text.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            // Some editors put a byte order mark in front.
            string line = lines[i].Trim().TrimStart('\uFEFF');
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            int equals = line.IndexOf('=');
            if (equals < 0)
            {
                complaints.Add("Line " + (i + 1).ToString() + " is not of the form Name = value.");
                continue;
            }

            string name = line.Substring(0, equals).Trim();
            string value = line.Substring(equals + 1).Trim();
            string? allowed = settings.Set(name, value);
            if (allowed != null)
            {
                complaints.Add("Line " + (i + 1).ToString() + ": " + Complain(name, value, allowed));
            }
        }

        Settle(settings, complaints);
        return complaints;
    }

    // Never shows the secret, nor what may be the secret under a misspelled name.
    private static string Complain(string name, string value, string allowed) =>
        allowed == NodeSettings.Names ? "'" + name + "' is no setting; there are " + allowed + "."
        : name + " is " + (name.ToLower() == "secret" ? "wrong" : "'" + value + "'") + "; allowed is " + allowed + ". The line is passed over; without another the default is used.";

    // Values that are good alone may be wrong beside each other.
    private static void Settle(NodeSettings settings, ArrayList complaints)
    {
        NodeSettings defaults = new();
        if (settings.Batch > settings.Readings)
        {
            complaints.Add("Batch is above Readings. The defaults of both are used.");
            settings.Batch = defaults.Batch;
            settings.Readings = defaults.Readings;
        }

        if (settings.MinBackoff > settings.MaxBackoff)
        {
            complaints.Add("MinBackoff is above MaxBackoff. The defaults of both are used.");
            settings.MinBackoff = defaults.MinBackoff;
            settings.MaxBackoff = defaults.MaxBackoff;
        }

        if (settings.Secret.Length > 0 && !settings.Gateway.StartsWith("wss:"))
        {
            complaints.Add("Secret is sent unencrypted, for Gateway is not wss://.");
        }

        if (settings.FindFault() != null)
        {
            complaints.Add(settings.FindFault() + " That is because Sleep is yes. The default of Sleep is used.");
            settings.Sleep = defaults.Sleep;
        }
    }
}
