using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using Microsoft.Data.Sqlite;
using RpiGateway.Access;

namespace RpiGateway.Readings;

/// <summary>
/// Copies out of a broken log what can still be read: from its beginning up to what is broken, from its end back to what is broken, and up to
/// which number each sensor's readings came.
/// </summary>
internal static class LogSalvage
{
    // A header that is broken itself could say anything.
    private const long MaxSize = 1L << 40;

    private const string Columns = "id, sensor, boot, seq, arrived, payload";

    /// <summary>Copies it, keeping the numbers.</summary>
    /// <param name="from">The broken file.</param>
    /// <param name="to">A log without readings.</param>
    /// <returns>How many readings were copied.</returns>
    /// <exception cref="SqliteException">The new log cannot be written.</exception>
    public static long Copy(string from, string to)
    {
        using SqliteConnection target = new(Source(to));
        target.Open();
        using SqliteTransaction transaction = target.BeginTransaction();
        Pad(from);
        CopyRuns(from, target);
        long copied = 0;
        long last = 0;
        foreach (object[] row in Rows(from, $"SELECT {Columns} FROM readings ORDER BY id"))
        {
            copied += Put(target, row);
            last = Math.Max(last, row[0] as long? ?? 0);
        }

        foreach (object[] row in Rows(from, $"SELECT {Columns} FROM readings ORDER BY id DESC"))
        {
            if (row[0] is long id && id <= last)
            {
                break;
            }

            copied += Put(target, row);
        }

        transaction.Commit();
        return copied;
    }

    // SQLite reads nothing of a file that is shorter than its header says. What is missing is filled with zeros, which it takes for a broken page.
    private static void Pad(string path)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite);
        byte[] header = new byte[32];
        if (file.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) == header.Length)
        {
            long size = (long)BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(16)) * BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(28));
            if (size > file.Length && size <= MaxSize)
            {
                file.SetLength(size);
            }
        }
    }

    private static string Source(string path) =>
        new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadWrite, Pooling = false }.ToString();

    // Row after row, up to what is broken.
    private static IEnumerable<object[]> Rows(string path, string query)
    {
        using SqliteConnection source = new(Source(path));
        using SqliteCommand command = source.CreateCommand();
        command.CommandText = query;
        SqliteDataReader? reader = null;
        while (true)
        {
            object[] row;
            try
            {
                reader ??= Begin(command);
                if (!reader.Read())
                {
                    break;
                }

                row = new object[reader.FieldCount];
                reader.GetValues(row);
            }
            catch (SqliteException)
            {
                break;
            }

            yield return row;
        }

        reader?.Dispose();
    }

    private static SqliteDataReader Begin(SqliteCommand query)
    {
        query.Connection!.Open();
        return query.ExecuteReader();
    }

    private static void CopyRuns(string from, SqliteConnection target)
    {
        foreach (object[] row in Rows(from, "SELECT sensor, boot, seq, heard FROM runs"))
        {
            if (row is [string sensor, long boot, long seq, long heard])
            {
                if (sensor.Length == 0)
                {
                    // The log goes on as the log that it was.
                    Execute(target, "UPDATE runs SET boot = $1, seq = max(seq, $2) WHERE sensor = ''", boot, seq);
                }
                else
                {
                    PutRun(target, sensor, boot, seq, heard);
                }
            }
        }
    }

    // Gives how many rows were added. What is broken may also read as something else.
    private static long Put(SqliteConnection target, object[] row)
    {
        if (row is not [long and > 0 and var id, string sensor, long boot, long seq, long, byte[]] || !SensorId.IsValid(sensor))
        {
            return 0;
        }

        long added = Execute(target, $"INSERT OR IGNORE INTO readings ({Columns}) VALUES ($1, $2, $3, $4, $5, $6)", row);
        PutRun(target, sensor, boot, seq, id);
        Execute(target, "UPDATE runs SET seq = max(seq, $1) WHERE sensor = ''", id);
        return added;
    }

    private static void PutRun(SqliteConnection target, string sensor, long boot, long seq, long heard) => Execute(
        target,
        "INSERT INTO runs (sensor, boot, seq, heard) VALUES ($1, $2, $3, $4) ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)",
        sensor,
        boot,
        seq,
        heard);

    private static int Execute(SqliteConnection target, string statement, params ReadOnlySpan<object> values)
    {
        using SqliteCommand command = target.CreateCommand();
        command.CommandText = statement;
        for (int i = 0; i < values.Length; i++)
        {
            command.Parameters.AddWithValue($"${i + 1}", values[i]);
        }

        return command.ExecuteNonQuery();
    }
}
