namespace Panal.Catalogue.Writing;

/// <summary>
/// Puts writes into transactions, one at a time, many writes in each. There is no thread of its own: the first caller that finds the
/// writer idle runs the next transaction itself, and the thread pool goes on while others wait. So a single caller pays no change of
/// threads, and many callers share one commit.
/// </summary>
internal sealed class WriteQueue(Writer writer, CatalogueOptions options, Action afterCommit) : IThreadPoolWorkItem, IDisposable
{
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _places = new(options.PendingWriteLimit);
    private readonly List<WriteItem> _group = [];
    private List<WriteItem> _pending = [];
    private bool _isBusy;
    private bool _isClosed;
    private TaskCompletionSource? _idle;

    /// <summary>Writes that wait for a transaction.</summary>
    internal int PendingCount
    {
        get
        {
            lock (_gate)
            {
                return _pending.Count;
            }
        }
    }

    /// <summary>Runs the work in a transaction and returns after its commit. Once queued it is not cancelled any more.</summary>
    internal async ValueTask<TResult> RunAsync<TArgument, TResult>(TArgument argument, Func<Writer, TArgument, TResult> work, CancellationToken ct)
    {
        await _places.WaitAsync(ct);
        try
        {
            var item = new WriteItem<TArgument, TResult>(argument, work);
            if (Enqueue(item))
            {
                RunGroup();
            }

            return await item.Task;
        }
        finally
        {
            _places.Release();
        }
    }

    /// <summary>Waits for the writes under way and refuses others.</summary>
    internal Task CloseAsync()
    {
        lock (_gate)
        {
            _isClosed = true;
            if (!_isBusy)
            {
                return Task.CompletedTask;
            }

            _idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _idle.Task;
        }
    }

    /// <summary>Whether the caller must run the next transaction.</summary>
    private bool Enqueue(WriteItem item)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isClosed, typeof(CatalogueDatabase));
            _pending.Add(item);
            bool mustRun = !_isBusy;
            _isBusy = true;
            return mustRun;
        }
    }

    void IThreadPoolWorkItem.Execute() => RunGroup();

    private void RunGroup()
    {
        TakeGroup();
        writer.Commit(_group);
        _group.Clear();
        afterCommit();
        lock (_gate)
        {
            if (_pending.Count == 0)
            {
                _isBusy = false;
                _idle?.SetResult();
                return;
            }
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    public void Dispose() => _places.Dispose();

    private void TakeGroup()
    {
        lock (_gate)
        {
            int count = Math.Min(_pending.Count, options.GroupLimit);
            _group.AddRange(_pending[..count]);
            _pending.RemoveRange(0, count);
        }
    }
}
