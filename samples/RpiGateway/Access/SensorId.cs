using System.Text.RegularExpressions;

namespace RpiGateway.Access;

/// <summary>What names of devices and users look like: they are levels of MQTT topics.</summary>
internal static partial class SensorId
{
    /// <summary>In words.</summary>
    public const string Rule = "1 to 64 of A-Z, a-z, 0-9, '_' and '-'";

    /// <summary>Whether it is one.</summary>
    public static bool IsValid(string name) => Pattern().IsMatch(name);

    [GeneratedRegex(@"\A[A-Za-z0-9_-]{1,64}\z")]
    private static partial Regex Pattern();
}
