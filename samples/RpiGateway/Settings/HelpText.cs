using System.Collections.Generic;
using System.Linq;
using System.Text;
using RpiGateway.Access;

namespace RpiGateway.Settings;

/// <summary>What <c>--help</c> prints.</summary>
internal static class HelpText
{
    /// <summary>All of it.</summary>
    public static string Of(IReadOnlyCollection<Setting> settings)
    {
        int column = settings.Max(static setting => Name(setting).Length);
        StringBuilder text = new();
        text.AppendLine("RpiGateway: sensors' readings from WebSocket to MQTT.");
        text.AppendLine();
        foreach (Setting setting in settings)
        {
            text.Append(Name(setting).PadRight(column)).Append(setting.Meaning);
            text.AppendLine(setting.Default.Length > 0 ? $" (default {setting.Default})" : "");
        }

        text.AppendLine("  --help".PadRight(column) + "print this");
        text.AppendLine();
        text.AppendLine(AccessCommands.Help);
        text.AppendLine();
        text.AppendLine("Each setting can also stand in appsettings.json, or in the environment with the prefix RPIGATEWAY_ and '__' for ':', for example");
        text.AppendLine("RPIGATEWAY_Broker. Sensors connect at /sensors/{id}; MQTT clients attach to the embedded broker at /mqtt with the subprotocol mqtt.");
        return text.ToString();
    }

    private static string Name(Setting setting) => $"  --{setting.Name} {setting.Value}  ";
}
