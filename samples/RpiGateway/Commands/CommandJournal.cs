using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using Microsoft.Extensions.Logging;
using RpiGateway.Access;
using RpiGateway.Monitoring;

namespace RpiGateway.Commands;

/// <summary>
/// Commands on disk, so that those which wait outlive the gateway: a text file that grows by one line for each change of a command, and is written
/// anew at the start and when most of it is past. One that cannot be read as a whole is set aside. Where the disk fails commands go on in memory, and
/// the log says so. For any thread.
/// </summary>
internal sealed class CommandJournal : IDisposable
{
    /// <summary>The file's name in the data directory.</summary>
    public const string Name = "commands.journal";

    // Written anew once it has this many lines, and most are past.
    private const int MinLines = 1000;

    private const string NoData = "-";

    private readonly string _path;
    private readonly GatewayMetrics _metrics;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly SortedDictionary<long, Command> _commands = [];
    private FileStream? _file;
    private long _last;
    private int _lines;
    private bool _failed;

    // What is wrong with the file that is there; null for nothing, or once it is set aside.
    private string? _trouble;

    public CommandJournal(string directory, GatewayMetrics metrics, ILogger logger)
    {
        _path = Path.Join(directory, Name);
        _metrics = metrics;
        _logger = logger;
        Guard(() =>
        {
            try
            {
                Read();
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                _trouble = error.Message;
            }

            Rewrite();
        });
    }

    /// <summary>All that are not done.</summary>
    public List<Command> ToList()
    {
        lock (_lock)
        {
            return [.. _commands.Values];
        }
    }

    /// <summary>Numbers and keeps a command that has come; on disk when this returns.</summary>
    public void Add(Command command)
    {
        lock (_lock)
        {
            command.Number = ++_last;
            _commands.Add(command.Number, command);
            Append([Line(command)]);
        }
    }

    /// <summary>The command is about to be sent, or was not after all; on disk when this returns.</summary>
    public void SetSent(Command command, bool isSent)
    {
        lock (_lock)
        {
            command.IsSent = isSent;
            Append([isSent ? $"sent {command.Number}" : Line(command)]);
        }
    }

    /// <summary>The command has its result; on disk when this returns.</summary>
    public void SetResult(Command command, string result)
    {
        lock (_lock)
        {
            command.Result = result;
            Append([$"result {command.Number} {result}"]);
        }
    }

    /// <summary>Its result is published.</summary>
    public void Remove(Command command)
    {
        lock (_lock)
        {
            _commands.Remove(command.Number);
            Append([$"done {command.Number}"]);
        }
    }

    public void Dispose() => _file?.Dispose();

    private static string Line(Command command)
    {
        string correlation = command.CorrelationData is { } data ? "=" + Convert.ToBase64String(data) : NoData;
        string tag = command.Tag.Length > 0 ? command.Tag : NoData;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"put {command.Number} {command.Arrived.ToUnixTimeMilliseconds()} {(long)command.TimeToLive.TotalMilliseconds} {command.Sensor} {tag} {correlation} {command.Text}");
    }

    private static IEnumerable<string> Lines(Command command)
    {
        yield return Line(command);
        if (command.IsSent)
        {
            yield return $"sent {command.Number}";
        }

        if (command.Result is not null)
        {
            yield return $"result {command.Number} {command.Result}";
        }
    }

    private void Append(IEnumerable<string> lines) => Guard(() =>
    {
        if (_file is null || (_lines > MinLines && _lines > 8 * _commands.Count))
        {
            Rewrite();
        }
        else
        {
            Write(_file, lines);
        }
    });

    // Writes all that there is to a file beside, and gives it the name.
    private void Rewrite()
    {
        _file?.Dispose();
        _file = null;
        _lines = 0;
        string temporary = _path + ".new";

        // Without a buffer: what a full disk has not taken would be written once more when the file is closed, and throw there.
        FileStream file = new(temporary, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
        try
        {
            Write(file, _commands.Values.SelectMany(Lines));
            if (_trouble is not null)
            {
                string aside = DurableFile.SetAside(_path);
                _logger.LogError(
                    "The commands that wait could not all be read ({Trouble}): their file is set aside as {File}, and a new one begun with the {Count} that could",
                    LogText.Printable(_trouble), aside, _commands.Count);
                _trouble = null;
            }

            DurableFile.Move(temporary, _path);
            _file = file;
        }
        finally
        {
            if (_file is null)
            {
                file.Dispose();
            }
        }
    }

    private void Write(FileStream file, IEnumerable<string> lines)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(string.Concat(lines.Select(static line => line + "\n")));
        file.Write(bytes);
        file.Flush(flushToDisk: true);
        _metrics.DiskWritten(bytes.Length);
        _lines += bytes.Count((byte)'\n');
    }

    private void Read()
    {
        string text;
        try
        {
            text = File.ReadAllText(_path);
        }
        catch (FileNotFoundException)
        {
            return;
        }

        // What stands behind the last line feed was being written when the power went: nobody was told of it.
        string[] lines = text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries);
        int wrong = lines.Count(line => !Take(line.Split(' ', 8)));
        if (wrong > 0)
        {
            _trouble = $"{wrong} of {lines.Length} lines are not a command's";
        }
    }

    private bool Take(string[] words)
    {
        if (words.Length < 2 || !long.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out long number))
        {
            return false;
        }

        _last = Math.Max(_last, number);
        switch (words[0])
        {
            case "put" when words.Length == 8 && TakeCommand(words) is { } command:
                command.Number = number;
                _commands[number] = command;
                return true;
            case "sent" when _commands.TryGetValue(number, out Command? sent):
                sent.IsSent = true;
                return true;
            case "result" when words.Length > 2 && _commands.TryGetValue(number, out Command? answered):
                answered.Result = string.Join(' ', words[2..]);
                return true;
            case "done":
                _commands.Remove(number);
                return true;
            default:
                return false;
        }
    }

    private static Command? TakeCommand(string[] words)
    {
        if (!long.TryParse(words[2], NumberStyles.None, CultureInfo.InvariantCulture, out long arrived)
            || !long.TryParse(words[3], NumberStyles.None, CultureInfo.InvariantCulture, out long timeToLive)
            || arrived > DateTimeOffset.MaxValue.ToUnixTimeMilliseconds() || timeToLive > 1000L * uint.MaxValue
            || !SensorId.IsValid(words[4]) || words[7].AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            return null;
        }

        byte[]? correlation = null;
        if (words[6] != NoData)
        {
            correlation = new byte[words[6].Length];
            if (!Convert.TryFromBase64String(words[6].TrimStart('='), correlation, out int count))
            {
                return null;
            }

            Array.Resize(ref correlation, count);
        }

        // The clock may have been set meanwhile, either way; nothing waits longer than it was to.
        DateTimeOffset then = DateTimeOffset.FromUnixTimeMilliseconds(arrived);
        double left = Math.Clamp(timeToLive - (DateTimeOffset.UtcNow - then).TotalMilliseconds, 0, timeToLive);
        return new Command
        {
            Sensor = words[4],
            Tag = words[5] == NoData ? "" : words[5],
            Text = words[7],
            CorrelationData = correlation,
            TimeToLive = TimeSpan.FromMilliseconds(timeToLive),
            Arrived = then,
            Expiry = Environment.TickCount64 + (long)left,
        };
    }

    private void Guard(Action write)
    {
        try
        {
            write();
            _failed = false;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The next change writes all anew.
            _file?.Dispose();
            _file = null;
            if (!_failed)
            {
                _failed = true;
                _logger.LogError("Commands that wait are in memory only: {File} cannot be written: {Trouble}", _path, LogText.Printable(error.Message));
            }
        }
    }
}
