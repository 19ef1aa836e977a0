using Microsoft.Win32.SafeHandles;

namespace Panal.Catalogue.Writing;

/// <summary>
/// Makes what was committed survive power loss by syncing the write-ahead log beside the writer, which need not stop for it. What is no
/// longer in the log was synced into the database by SQLite before it let the log start anew (see docs/decisions).
/// </summary>
internal sealed class DurableLog : IDisposable
{
    // SQLite never deletes the log while the database is open, so the handle stays the right one.
    private readonly SafeFileHandle _file;
    private readonly Lock _gate = new();
    private Task? _running;
    private Task? _next;
    private Exception? _failure;
    private long _syncedBytes;

    /// <param name="path">The log of a database that was just opened, which syncs it.</param>
    internal DurableLog(string path)
    {
        _file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        _syncedBytes = RandomAccess.GetLength(_file);
    }

    /// <summary>Length of the log, in bytes, when it was synced last: what power loss leaves of it at least.</summary>
    internal long SyncedBytes => Interlocked.Read(ref _syncedBytes);

    /// <summary>Everything committed before the call is durable when the task ends. Callers at the same time share one sync.</summary>
    internal Task SyncAsync()
    {
        lock (_gate)
        {
            if (_next is not null)
            {
                return _next;
            }

            if (_running is null || _running.IsCompleted)
            {
                return _running = Task.Run(Sync);
            }

            // The one under way may have started before our commit.
            return _next = FollowAsync(_running);
        }
    }

    private async Task FollowAsync(Task previous)
    {
        await previous.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Task mine;
        lock (_gate)
        {
            _next = null;
            _running = mine = Task.Run(Sync);
        }

        await mine;
    }

    private void Sync()
    {
        if (_failure is null)
        {
            try
            {
                long length = RandomAccess.GetLength(_file);
                RandomAccess.FlushToDisk(_file);
                Interlocked.Exchange(ref _syncedBytes, length);
                return;
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                // After a failed sync the system may have dropped the pages: a later success would be a lie.
                _failure = failure;
            }
        }

        throw new CatalogueException(CatalogueFailure.StorageFailed, "Catalogue: the write-ahead log cannot be synced; the node must be restarted.", _failure);
    }

    public void Dispose() => _file.Dispose();
}
