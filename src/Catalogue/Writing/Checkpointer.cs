using Panal.Catalogue.Sqlite;
using SQLitePCL;

namespace Panal.Catalogue.Writing;

/// <summary>
/// Copies the write-ahead log into the database before it grows long. The bulk is copied beside the writer on a connection of its own;
/// only the short rest is copied while the writer stands still, after which SQLite starts the log anew.
/// </summary>
internal sealed class Checkpointer : IDisposable
{
    /// <summary>Pages that may be left for the writer: some milliseconds.</summary>
    private const int RestPages = 256;

    private const int RoundLimit = 4;

    /// <summary>So many times the wanted length the log may have before the writer waits for the copy.</summary>
    private const int OverrunLimit = 4;

    /// <summary>Wait for readers of the old log at most, in milliseconds; when it is not enough, the next checkpoint tries again.</summary>
    private const int ReaderWaitMilliseconds = 100;

    private readonly Connection _connection;
    private readonly Writer _writer;
    private readonly long _limitPages;
    private readonly Lock _gate = new();
    private Task _copying = Task.CompletedTask;
    private volatile bool _isCopied;
    private uint _pagesBefore;

    internal Checkpointer(string path, Writer writer, CatalogueOptions options)
    {
        _connection = Connection.Open(path, readOnly: false, options.ReaderCacheKibibytes);
        _writer = writer;
        _limitPages = options.CheckpointBytes / 4096;
    }

    /// <summary>The failure of the last checkpoint; null when it went well. Writing goes on, the log grows.</summary>
    internal Exception? Failure { get; private set; }

    /// <summary>Called by the writer's thread between transactions.</summary>
    internal void AfterCommit()
    {
        // The counter may wrap; the difference does not mind.
        uint pages = unchecked(PagesWritten() - _pagesBefore);
        Task copying;
        lock (_gate)
        {
            if (_copying.IsCompleted && !_isCopied && pages >= _limitPages)
            {
                // A thread of its own: the pool's may all be waiting for the writer.
                _copying = Task.Factory.StartNew(Copy, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            }

            copying = _copying;
        }

        if (pages >= _limitPages * OverrunLimit)
        {
            copying.Wait();
        }

        if (_isCopied)
        {
            Finish();
        }
    }

    internal Task StopAsync()
    {
        lock (_gate)
        {
            return _copying;
        }
    }

    private void Copy()
    {
        try
        {
            for (int round = 0; round < RoundLimit && Checkpoint(_connection, raw.SQLITE_CHECKPOINT_PASSIVE) > RestPages; round++)
            {
            }

            Failure = null;
        }
        catch (CatalogueException failure)
        {
            Failure = failure;
        }

        _isCopied = true;
    }

    private void Finish()
    {
        _isCopied = false;
        Connection connection = _writer.Connection;
        try
        {
            raw.sqlite3_busy_timeout(connection.Handle, ReaderWaitMilliseconds);
            Checkpoint(connection, raw.SQLITE_CHECKPOINT_RESTART);
        }
        catch (CatalogueException failure)
        {
            Failure = failure;
        }

        raw.sqlite3_busy_timeout(connection.Handle, Connection.BusyMilliseconds);
        _pagesBefore = PagesWritten();
    }

    /// <summary>Pages left in the log after one pass.</summary>
    private static int Checkpoint(Connection connection, int mode)
    {
        int code = raw.sqlite3_wal_checkpoint_v2(connection.Handle, "main", mode, out int logged, out int copied);
        if (code is not raw.SQLITE_BUSY)
        {
            connection.Check(code);
        }

        // Pages that came while it ran are not counted in this pass; the next one sees them.
        return logged - copied;
    }

    private uint PagesWritten()
    {
        raw.sqlite3_db_status(_writer.Connection.Handle, raw.SQLITE_DBSTATUS_CACHE_WRITE, out int current, out _, 0);
        return (uint)current;
    }

    public void Dispose() => _connection.Dispose();
}
