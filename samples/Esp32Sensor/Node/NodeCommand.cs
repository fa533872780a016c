namespace Esp32Sensor.Node;

/// <summary>What a command asks for.</summary>
public enum CommandKind
{
    /// <summary>Nothing that a node can do: see <see cref="NodeCommand.Error"/>.</summary>
    None,

    /// <summary>Measure at another interval from now on, also after a restart; 0 stands for that of the settings.</summary>
    Interval,

    /// <summary>Show a person which board this is.</summary>
    Identify,

    /// <summary>Start anew; no reading is lost by it.</summary>
    Reboot,
}

/// <summary>A command of the gateway: "interval" and milliseconds, "identify", "reboot".</summary>
public sealed class NodeCommand
{
    /// <summary>Reads a command.</summary>
    public NodeCommand(string text)
    {
        string[] words = text.Split(' ');
        if (words[0] == "interval" && words.Length == 2)
        {
            Interval = NodeSettings.ParseNumber(words[1]);
            bool fits = Interval == 0 || (Interval >= NodeSettings.MinInterval && Interval <= NodeSettings.MaxTime);
            Kind = fits ? CommandKind.Interval : CommandKind.None;
            Error = fits ? "" : "the interval must be 0 or " + NodeSettings.MinInterval.ToString() + " to " + NodeSettings.MaxTime.ToString() + " milliseconds";
        }
        else if (text == "identify")
        {
            Kind = CommandKind.Identify;
        }
        else if (text == "reboot")
        {
            Kind = CommandKind.Reboot;
        }
        else
        {
            Error = "known are: interval MILLISECONDS, identify, reboot";
        }
    }

    /// <summary>What it asks for.</summary>
    public CommandKind Kind { get; }

    /// <summary>The interval asked for, in milliseconds.</summary>
    public int Interval { get; }

    /// <summary>Why it cannot be done.</summary>
    public string Error { get; } = "";
}
