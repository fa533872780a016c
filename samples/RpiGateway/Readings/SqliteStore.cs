using System;
using System.Collections.Generic;
using System.IO;
using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using RpiGateway.Access;
using SQLitePCL;

namespace RpiGateway.Readings;

/// <summary>
/// The log's file: a SQLite database with the readings that are not delivered yet, and up to which number each sensor's came. What
/// <see cref="Write"/> has written is on disk when it returns (WAL, synchronous=FULL). Used by one thread, and by one process at a time.
/// </summary>
internal sealed class SqliteStore : ReadingStore
{
    /// <summary>The layout of this version (user_version).</summary>
    public const int SchemaVersion = 1;

    // A run is a boot of a sensor with the largest number of it that came; heard is the log's number then, which no clock puts back. The log's
    // own numbers are a run too, of a sensor without a name.
    private const string Schema = """
        CREATE TABLE readings (
            id INTEGER PRIMARY KEY, sensor TEXT NOT NULL, boot INTEGER NOT NULL, seq INTEGER NOT NULL, arrived INTEGER NOT NULL, payload BLOB NOT NULL);
        CREATE TABLE runs (
            sensor TEXT NOT NULL, boot INTEGER NOT NULL, seq INTEGER NOT NULL, heard INTEGER NOT NULL, PRIMARY KEY (sensor, boot)) WITHOUT ROWID;
        """;

    private readonly SqliteConnection _connection;
    private readonly List<SqlStatement> _statements = [];
    private readonly Dictionary<(string Sensor, long Boot), BootRun> _runs = [];
    private readonly SqlStatement _begin;
    private readonly SqlStatement _commit;
    private readonly SqlStatement _insert;
    private readonly SqlStatement _findRun;
    private readonly SqlStatement _putRun;
    private readonly SqlStatement _forgetBoots;
    private readonly SqlStatement _forgetRuns;
    private readonly SqlStatement _page;
    private readonly SqlStatement _delete;
    private readonly SqlStatement _oldest;
    private readonly SqlStatement _arrival;
    private readonly SqlStatement _older;
    private readonly SqlStatement _pageCount;
    private readonly SqlStatement _freeCount;
    private readonly long _pageSize;
    private long _runCount;

    private SqliteStore(SqliteConnection connection)
    {
        _connection = connection;
        _begin = Prepare("BEGIN IMMEDIATE");
        _commit = Prepare("COMMIT");
        _insert = Prepare("INSERT INTO readings (id, sensor, boot, seq, arrived, payload) VALUES ($1, $2, $3, $4, $5, $6)");
        _findRun = Prepare("SELECT seq FROM runs WHERE sensor = $1 AND boot = $2");
        _putRun = Prepare(
            "INSERT INTO runs (sensor, boot, seq, heard) VALUES ($1, $2, $3, $4) ON CONFLICT DO UPDATE SET seq = excluded.seq, heard = excluded.heard");
        _forgetBoots = Prepare(
            "DELETE FROM runs WHERE sensor = $1 AND boot NOT IN (SELECT boot FROM runs WHERE sensor = $1 ORDER BY heard DESC LIMIT $2)");
        _forgetRuns = Prepare(
            "DELETE FROM runs WHERE (sensor, boot) IN (SELECT sensor, boot FROM runs WHERE sensor <> '' ORDER BY heard LIMIT $1)");
        _page = Prepare($"SELECT id, sensor, boot, seq, arrived, payload FROM readings WHERE id >= $1 ORDER BY id LIMIT {MaxPageReadings}");
        _delete = Prepare("DELETE FROM readings WHERE id <= $1");
        _oldest = Prepare("SELECT id, arrived FROM readings ORDER BY id LIMIT 1");
        _arrival = Prepare("SELECT arrived FROM readings WHERE id >= $1 ORDER BY id LIMIT 1");
        _older = Prepare("SELECT id FROM readings WHERE arrived > 0 AND arrived < $1 AND id <= $2 ORDER BY id DESC LIMIT 1");
        _pageCount = Prepare("PRAGMA page_count");
        _freeCount = Prepare("PRAGMA freelist_count");
        _pageSize = (long)Scalar(connection, "PRAGMA page_size")!;
        _runCount = (long)Scalar(connection, "SELECT count(*) FROM runs")!;
        using (SqlStatement own = new(connection, "SELECT boot, seq FROM runs WHERE sensor = ''"))
        {
            if (!own.Step())
            {
                throw new InvalidDataException("it does not say which log it is");
            }

            LogId = own.Long(0);
            Last = own.Long(1);
        }

        First = Oldest()?.Id ?? Last + 1;
    }

    /// <inheritdoc/>
    public override long UsedBytes => (_pageCount.Number()!.Value - _freeCount.Number()!.Value) * _pageSize;

    /// <inheritdoc/>
    public override long SpareBytes => _freeCount.Number()!.Value * _pageSize;

    protected override long LogId { get; }

    /// <summary>Opens the file and checks it whole; makes it where it is missing.</summary>
    /// <param name="path">The file's path.</param>
    /// <param name="last">A new file's numbers go on after this one.</param>
    /// <exception cref="SqliteException">The file cannot be used, is in use (SQLITE_BUSY), or is broken (SQLITE_CORRUPT, SQLITE_NOTADB).</exception>
    /// <exception cref="InvalidDataException">The file is broken, or of another version.</exception>
    public static SqliteStore Open(string path, long last)
    {
        if (new FileInfo(path) is { Exists: true, Length: 0 })
        {
            throw new InvalidDataException("it is empty");
        }

        SqliteConnection connection = new(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = 1 }.ToString());
        try
        {
            connection.Open();

            // The lock keeps a second gateway out, and spares the shared memory file. auto_vacuum holds for a file that is made here.
            Execute(connection, "PRAGMA locking_mode = EXCLUSIVE");
            Execute(connection, "PRAGMA auto_vacuum = INCREMENTAL");
            Execute(connection, "PRAGMA journal_mode = WAL");
            Execute(connection, "PRAGMA synchronous = FULL");
            Execute(connection, "PRAGMA journal_size_limit = 4194304");
            if (Scalar(connection, "SELECT count(*) FROM sqlite_schema") is 0L)
            {
                Create(connection, last);
            }

            if (Scalar(connection, "PRAGMA user_version") is not (long)SchemaVersion)
            {
                throw new InvalidDataException($"it is not of version {SchemaVersion}, or not RpiGateway's");
            }

            if (Scalar(connection, "PRAGMA quick_check(1)") is not "ok" and var trouble)
            {
                throw new InvalidDataException($"{trouble}".ReplaceLineEndings(" "));
            }

            // Whatever a failed fsync has left is written anew, so that what is read here is on disk.
            Execute(connection, "PRAGMA wal_checkpoint(TRUNCATE)");
            return new SqliteStore(connection);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override long LastOf(string sensor, long boot) => FindRun(sensor, boot) ?? 0;

    /// <inheritdoc/>
    public override void Write(List<Reading> readings)
    {
        _runs.Clear();
        long last = Last;
        _begin.Run();
        try
        {
            foreach (Reading reading in readings)
            {
                if (TryNumber(reading, ref last))
                {
                    Insert(reading);
                }
            }

            PutRuns(last);
            PutRun("", LogId, last, last);
            _commit.Run();
        }
        catch
        {
            RollBack();
            throw;
        }

        Last = last;
    }

    /// <inheritdoc/>
    public override List<Reading> Page(long from)
    {
        List<Reading> page = [];
        int bytes = 0;
        _page.Bind(1, from);
        try
        {
            while (bytes < MaxPageBytes && _page.Step())
            {
                Reading reading = new()
                {
                    Id = _page.Long(0),
                    Sensor = _page.Text(1),
                    Boot = _page.Long(2),
                    Sequence = _page.Long(3),
                    Arrived = _page.Long(4),
                    Payload = _page.Blob(5),
                };
                if (!SensorId.IsValid(reading.Sensor))
                {
                    // No broker takes a topic with it, and it would hold up all behind it for ever.
                    throw new InvalidDataException($"reading {reading.Id} is of no sensor");
                }

                bytes += reading.Size;
                page.Add(reading);
            }
        }
        finally
        {
            _page.Reset();
        }

        return page;
    }

    /// <inheritdoc/>
    public override void DeleteThrough(long id)
    {
        if (id >= First)
        {
            _delete.Bind(1, id);
            _delete.Run();
            First = Oldest()?.Id ?? Last + 1;
        }
    }

    /// <inheritdoc/>
    public override (long Id, long Arrived)? Oldest()
    {
        try
        {
            return _oldest.Step() ? (_oldest.Long(0), _oldest.Long(1)) : null;
        }
        finally
        {
            _oldest.Reset();
        }
    }

    /// <inheritdoc/>
    public override long ArrivalFrom(long id)
    {
        _arrival.Bind(1, id);
        return _arrival.Number() ?? 0;
    }

    /// <inheritdoc/>
    public override long? LastOlderThan(long arrived, long through)
    {
        _older.Bind(1, arrived);
        _older.Bind(2, through);
        return _older.Number();
    }

    /// <inheritdoc/>
    public override void Shrink(long bytes)
    {
        // It frees one page each step, which ExecuteNonQuery does not take. The checkpoint is what makes the file shorter.
        string statement = $"PRAGMA incremental_vacuum({bytes / _pageSize}); PRAGMA wal_checkpoint(TRUNCATE)";
        SqliteException.ThrowExceptionForRC(raw.sqlite3_exec(_connection.Handle, statement), _connection.Handle);
    }

    public override void Dispose()
    {
        _statements.ForEach(static statement => statement.Dispose());
        _connection.Dispose();
    }

    private static void Create(SqliteConnection connection, long last)
    {
        long id = (BitConverter.ToInt64(RandomNumberGenerator.GetBytes(8)) & MaxBoot) | 1;
        Execute(connection, "BEGIN");
        Execute(connection, Schema);
        Execute(connection, $"INSERT INTO runs (sensor, boot, seq, heard) VALUES ('', {id}, {last}, {last})");
        Execute(connection, $"PRAGMA user_version = {SchemaVersion}");
        Execute(connection, "COMMIT");
    }

    private static void Execute(SqliteConnection connection, string statement) => Scalar(connection, statement);

    private static object? Scalar(SqliteConnection connection, string statement)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = statement;
        return command.ExecuteScalar();
    }

    private SqlStatement Prepare(string text)
    {
        SqlStatement statement = new(_connection, text);
        _statements.Add(statement);
        return statement;
    }

    private void Insert(Reading reading)
    {
        _insert.Bind(1, reading.Id);
        _insert.Bind(2, reading.Sensor);
        _insert.Bind(3, reading.Boot);
        _insert.Bind(4, reading.Sequence);
        _insert.Bind(5, reading.Arrived);
        _insert.Bind(6, reading.Payload);
        _insert.Run();
    }

    private void PutRun(string sensor, long boot, long last, long heard)
    {
        _putRun.Bind(1, sensor);
        _putRun.Bind(2, boot);
        _putRun.Bind(3, last);
        _putRun.Bind(4, heard);
        _putRun.Run();
    }

    protected override bool TakeNumber(Reading reading)
    {
        if (!_runs.TryGetValue((reading.Sensor, reading.Boot), out BootRun? run))
        {
            long? known = FindRun(reading.Sensor, reading.Boot);
            run = new BootRun { Last = known ?? 0, IsNew = known is null };
            _runs.Add((reading.Sensor, reading.Boot), run);
        }

        bool isNext = reading.Sequence > run.Last;
        run.Last = Math.Max(run.Last, reading.Sequence);
        return isNext;
    }

    private void PutRuns(long heard)
    {
        foreach (((string sensor, long boot), BootRun run) in _runs)
        {
            PutRun(sensor, boot, run.Last, heard);
            if (run.IsNew)
            {
                _forgetBoots.Bind(1, sensor);
                _forgetBoots.Bind(2, MaxBoots);
                _runCount += 1 - _forgetBoots.Run();
                if (_runCount > MaxRuns)
                {
                    _forgetRuns.Bind(1, RunsForgotten);
                    _runCount -= _forgetRuns.Run();
                }
            }
        }
    }

    private long? FindRun(string sensor, long boot)
    {
        _findRun.Bind(1, sensor);
        _findRun.Bind(2, boot);
        return _findRun.Number();
    }

    private void RollBack()
    {
        // Some errors have rolled back already.
        if (raw.sqlite3_get_autocommit(_connection.Handle) == 0)
        {
            raw.sqlite3_exec(_connection.Handle, "ROLLBACK");
        }
    }

    private sealed class BootRun
    {
        public long Last { get; set; }

        public bool IsNew { get; init; }
    }
}
