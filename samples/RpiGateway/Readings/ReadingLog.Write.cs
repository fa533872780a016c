using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using RpiGateway.Monitoring;

namespace RpiGateway.Readings;

// Writing: by the log's thread, or by whoever appends; one at a time.
internal sealed partial class ReadingLog
{
    // Under the lock: whether there is something to write, and whoever asks can.
    private bool TryTake()
    {
        if (_isTaken || _stopping || _store is null || _batch.Count > 0 || _incoming.Count == 0)
        {
            return false;
        }

        _isTaken = true;
        FillBatch();
        return true;
    }

    // What comes meanwhile, by those who go on here too, is written in the next round.
    private void WriteHere()
    {
        bool goesOn;
        do
        {
            try
            {
                WriteBatch();
            }
            catch (Exception error) when (IsTrouble(error))
            {
                Fail(error);
            }
            catch (Exception error)
            {
                // As on the log's own thread. Whoever appends would go on, and the log would not.
                Environment.FailFast("The log of readings cannot go on", error);
            }

            lock (_lock)
            {
                _isTaken = false;
                goesOn = TryTake();
                if (!goesOn && (_stopping || _questions.Count > 0 || _batch.Count > 0 || _incoming.Count > 0))
                {
                    Monitor.Pulse(_lock);
                }
            }
        }
        while (goesOn);
    }

    private void Work()
    {
        bool stopping;
        do
        {
            stopping = WaitForWork();
            using Liveness.Work.Scope? work = _liveness?.Begin();
            try
            {
                if (stopping || Environment.TickCount64 >= _retryAt)
                {
                    Write();
                }

                Answer();
            }
            catch (Exception error) when (IsTrouble(error))
            {
                Fail(error);
            }
        }
        while (GoOn(stopping));

        _store?.Dispose();
    }

    // Lets go of the store, but for ever keeps it when all is done.
    private bool GoOn(bool stopping)
    {
        lock (_lock)
        {
            _isTaken = stopping && (_batch.Count > 0 || _incoming.Count == 0);
            return !_isTaken;
        }
    }

    // Waits until there is something to do, and takes the next batch unless one is left over. Returns whether the log is to stop.
    private bool WaitForWork()
    {
        lock (_lock)
        {
            while (!_stopping || _isTaken)
            {
                long now = Environment.TickCount64;
                bool canWrite = now >= _retryAt;
                if (!_isTaken && ((canWrite && (_batch.Count > 0 || _incoming.Count > 0 || now >= _upkeepAt)) || (_store is not null && _questions.Count > 0)))
                {
                    break;
                }

                Monitor.Wait(_lock, (int)Math.Max(1, canWrite ? _upkeepAt - now : _retryAt - now));
            }

            _isTaken = true;
            if (_batch.Count == 0)
            {
                FillBatch();
            }

            return _stopping;
        }
    }

    // Under the lock.
    private void FillBatch()
    {
        while (_batch.Count < MaxBatch && _incoming.TryDequeue(out Reading? reading))
        {
            _batch.Add(reading);
            _incomingBytes -= reading.Size;
        }

        if (_incomingBytes < MaxIncomingBytes)
        {
            _room.TrySetResult();
            _room = NewSource();
        }
    }

    private void Write()
    {
        if (_store is null)
        {
            Adopt(_file.Open(_last));
        }

        // Before the batch: on a full disk, what is deleted makes room for it.
        if (Environment.TickCount64 >= _upkeepAt)
        {
            Keep(_store!);
        }

        if (_batch.Count > 0)
        {
            WriteBatch();
        }

        if (_trouble is not null)
        {
            _trouble = null;
            _reportAt = 0;
            _logger.LogInformation("The log of readings can be written again");
        }
    }

    private void WriteBatch()
    {
        long before = _store!.Last;
        _store.Write(_batch);
        _metrics.ReadingsStored(_store.Last - before);
        lock (_lock)
        {
            _last = _store.Last;
            _first = Math.Min(_store.First, _last + 1);
            foreach (Reading reading in _batch)
            {
                if (reading.Id > 0)
                {
                    _recent.Add(reading);
                }
                else
                {
                    _metrics.ReadingDuplicate();
                }
            }
        }

        Tell();
    }

    private void Keep(ReadingStore store)
    {
        long acknowledged;
        long settled;
        lock (_lock)
        {
            (acknowledged, settled) = (_acknowledged, _settled);
        }

        bool isDone = _upkeep.Run(store, acknowledged, settled);
        _upkeepAt = isDone ? Environment.TickCount64 + UpkeepInterval : 0;
        Interlocked.Exchange(ref _oldestArrived, store.ArrivalFrom(acknowledged + 1));
        _metrics.DiskWritten(_wear.BytesSinceLast());
        lock (_lock)
        {
            _first = store.First;
        }
    }

    // Takes a file that was opened. Where the last try to write failed and yet was written, it must not be written again.
    private void Adopt(ReadingStore store)
    {
        _store = store;
        bool isWritten = _batch.Count > 0 && store.Last > _last;
        lock (_lock)
        {
            _first = store.First;
            _last = store.Last;
            _recent.Close();
        }

        if (isWritten)
        {
            Tell();
        }
    }

    // The batch is on disk.
    private void Tell()
    {
        foreach (Reading reading in _batch)
        {
            if (reading.Owner is { } owner && owner.OnStored(reading))
            {
                _owners.Add(owner);
            }

            reading.Owner = null;
        }

        _batch.Clear();
        foreach (IReadingOwner owner in _owners)
        {
            owner.TellStored();
        }

        _owners.Clear();
        _more.Give();
    }

    private void Answer()
    {
        while (_store is not null)
        {
            LinkedListNode<Action<ReadingStore>>? question;
            lock (_lock)
            {
                question = _questions.First;
            }

            if (question is null)
            {
                return;
            }

            question.Value(_store);
            lock (_lock)
            {
                question.List?.Remove(question);
            }
        }
    }

    private void Fail(Exception error)
    {
        // A full disk can still be read, and what is in the log delivered; after anything else the file is opened anew.
        bool isBroken = LogFile.IsBroken(error);
        if (isBroken || error is not SqliteException { SqliteErrorCode: DiskFull })
        {
            _store?.Dispose();
            _store = null;
        }

        if (isBroken)
        {
            try
            {
                Adopt(_file.Replace(error, _last));
                return;
            }
            catch (Exception other) when (IsTrouble(other))
            {
                error = other;
            }
        }

        _trouble = LogText.Printable(_file.Describe(error));
        _retryAt = Environment.TickCount64 + RetryInterval;
        if (Environment.TickCount64 >= _reportAt)
        {
            _reportAt = Environment.TickCount64 + ReportInterval;
            _logger.LogError(
                "The log of readings cannot be written: {Trouble}. Readings are not acknowledged, their sensors keep them; tried again each second", _trouble);
        }
    }
}
