using System.Collections.Generic;
using System.Text;
using RpiGateway.Access;

namespace RpiGateway.Settings;

/// <summary>What <c>--help</c> prints.</summary>
internal static class HelpText
{
    private const int Column = 30;

    /// <summary>All of it.</summary>
    public static string Of(IEnumerable<Setting> settings)
    {
        StringBuilder text = new();
        text.AppendLine("RpiGateway: sensors' readings from WebSocket to MQTT.");
        text.AppendLine();
        foreach (Setting setting in settings)
        {
            text.Append($"  --{setting.Name} {setting.Value} ".PadRight(Column)).Append(setting.Meaning);
            text.AppendLine(setting.Default.Length > 0 ? $" (default {setting.Default})" : "");
        }

        text.AppendLine("  --help".PadRight(Column) + "print this");
        text.AppendLine();
        text.AppendLine(AccessCommands.Help);
        text.AppendLine();
        text.AppendLine("Each setting can also stand in appsettings.json, or in the environment with the prefix RPIGATEWAY_ and '__' for ':', for example");
        text.AppendLine("RPIGATEWAY_Broker. Sensors connect at /sensors/{id}; MQTT clients attach to the embedded broker at /mqtt with the subprotocol mqtt.");
        return text.ToString();
    }
}
