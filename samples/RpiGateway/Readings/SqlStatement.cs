using System;
using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace RpiGateway.Readings;

/// <summary>
/// A prepared statement, used again and again: what a <see cref="SqliteCommand"/> does for each use takes longer than most of them. Parameters are
/// numbered from 1, columns from 0; both are bound and read as what they are. For one thread at a time.
/// </summary>
internal sealed class SqlStatement : IDisposable
{
    private const int MaxText = 256;

    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;

    /// <summary>Prepares it.</summary>
    /// <exception cref="SqliteException">It is not SQL, or the file is broken.</exception>
    public SqlStatement(SqliteConnection connection, string text)
    {
        _database = connection.Handle!;
        Check(raw.sqlite3_prepare_v2(_database, text, out _statement));
    }

    /// <summary>Gives a parameter a number.</summary>
    public void Bind(int parameter, long value) => Check(raw.sqlite3_bind_int64(_statement, parameter, value));

    /// <summary>Gives a parameter a text, in ASCII of at most 256 characters.</summary>
    public void Bind(int parameter, string value)
    {
        // An empty span would be NULL.
        Span<byte> text = stackalloc byte[MaxText];
        Check(value.Length == 0
            ? raw.sqlite3_bind_text(_statement, parameter, "")
            : raw.sqlite3_bind_text(_statement, parameter, text[..Encoding.ASCII.GetBytes(value, text)]));
    }

    /// <summary>Gives a parameter bytes.</summary>
    public void Bind(int parameter, ReadOnlySpan<byte> value) => Check(value.IsEmpty
        ? raw.sqlite3_bind_zeroblob(_statement, parameter, 0)
        : raw.sqlite3_bind_blob(_statement, parameter, value));

    /// <summary>Goes on to the next row; false where there is none, and the statement has begun anew.</summary>
    /// <exception cref="SqliteException">It failed, and has begun anew.</exception>
    public bool Step()
    {
        int code = raw.sqlite3_step(_statement);
        if (code == raw.SQLITE_ROW)
        {
            return true;
        }

        // Where the step failed, this gives its code once more.
        int ended = raw.sqlite3_reset(_statement);
        Check(code == raw.SQLITE_DONE ? ended : code);
        return false;
    }

    /// <summary>Runs it to its end.</summary>
    /// <returns>How many rows it has changed, where it changes any.</returns>
    public int Run()
    {
        while (Step())
        {
        }

        return raw.sqlite3_changes(_database);
    }

    /// <summary>The number in the first row's first column; null where there is no row.</summary>
    public long? Number()
    {
        try
        {
            return Step() ? Long(0) : null;
        }
        finally
        {
            Reset();
        }
    }

    /// <summary>A column of this row.</summary>
    public long Long(int column) => raw.sqlite3_column_int64(_statement, column);

    /// <inheritdoc cref="Long"/>
    public string Text(int column) => raw.sqlite3_column_text(_statement, column).utf8_to_string();

    /// <inheritdoc cref="Long"/>
    public byte[] Blob(int column) => raw.sqlite3_column_blob(_statement, column).ToArray();

    /// <summary>Begins anew before the end.</summary>
    public void Reset() => raw.sqlite3_reset(_statement);

    public void Dispose() => _statement.Dispose();

    private void Check(int code) => SqliteException.ThrowExceptionForRC(code, _database);
}
