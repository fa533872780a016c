using System;
using System.Globalization;
using System.IO;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using RpiGateway.Access;
using RpiGateway.Monitoring;
using RpiGateway.Settings;

namespace RpiGateway.Readings;

/// <summary>Where the log's file is, if it has one, and what is done with one that is broken. Used by one thread.</summary>
internal sealed class LogFile(string directory, LogDurability durability, ILogger logger)
{
    /// <summary>The file's name in the data directory; SQLite keeps another beside it, with "-wal" behind the name.</summary>
    public const string Name = "readings.db";

    private const string Wal = "-wal";
    private const string New = ".new";

    private const int Busy = 5;
    private const int Corrupt = 11;
    private const int NotADatabase = 26;

    private readonly string _path = Path.Join(directory, Name);

    /// <summary>Whether the file itself is at fault, so that no other try would help.</summary>
    public static bool IsBroken(Exception error) =>
        error is InvalidDataException or SqliteException { SqliteErrorCode: Corrupt or NotADatabase };

    /// <summary>What is wrong. SQLite does not tell the system's reason, such as a disk that has turned read-only: whoever tries to write hears it.</summary>
    public string Describe(Exception error)
    {
        string trouble = error.Message.TrimEnd('.');
        try
        {
            if (durability != LogDurability.None && error is SqliteException)
            {
                GatewaySettings.TryToWrite(directory);
            }
        }
        catch (Exception system) when (system is IOException or UnauthorizedAccessException)
        {
            trouble += $": {system.Message}";
        }

        return trouble;
    }

    /// <summary>What it takes on the disk.</summary>
    public long Bytes => Length(_path) + Length(_path + Wal);

    /// <summary>Opens the log, and sets a broken one aside for a new one.</summary>
    /// <param name="last">The largest number given so far, as far as is known.</param>
    /// <exception cref="SqliteException">The disk cannot be used.</exception>
    /// <exception cref="LogInUseException">Another gateway uses the log.</exception>
    /// <exception cref="IOException">The disk cannot be used.</exception>
    public ReadingStore Open(long last)
    {
        if (durability == LogDurability.None)
        {
            return new MemoryStore(last);
        }

        try
        {
            if (!File.Exists(_path) && File.Exists(_path + New))
            {
                // Stopped in the midst of Replace.
                File.Move(_path + New, _path);
            }

            return SqliteStore.Open(_path, last);
        }
        catch (SqliteException error) when (error.SqliteErrorCode == Busy)
        {
            throw new LogInUseException($"DataDirectory is '{LogText.Printable(directory)}': another gateway uses its log {Name}", error);
        }
        catch (Exception error) when (IsBroken(error))
        {
            return Replace(error, last);
        }
    }

    /// <summary>Gives the broken file another name, and what can still be read of it to a new log. No other may have it open.</summary>
    /// <inheritdoc cref="Open"/>
    public ReadingStore Replace(Exception error, long last)
    {
        File.Delete(_path + New);
        File.Delete(_path + New + Wal);
        SqliteStore.Open(_path + New, last).Dispose();
        long saved = LogSalvage.Copy(_path, _path + New);
        string aside = $"{_path}.corrupt-{DateTime.UtcNow.ToString("yyyyMMdd'T'HHmmss.fff'Z'", CultureInfo.InvariantCulture)}";
        File.Move(_path, aside);
        if (File.Exists(_path + Wal))
        {
            // Under the name by which SQLite finds it, for whoever looks for more.
            File.Move(_path + Wal, aside + Wal);
        }

        DurableFile.Move(_path + New, _path);
        logger.LogError(
            "The log of readings was broken ({Trouble}): it is set aside as {File}, and a new one begun with the {Count} readings that could be read from it",
            LogText.Printable(error.Message),
            aside,
            saved);
        return SqliteStore.Open(_path, last);
    }

    private static long Length(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : 0;
}

/// <summary>Another process uses the log.</summary>
internal sealed class LogInUseException(string message, Exception inner) : IOException(message, inner);
