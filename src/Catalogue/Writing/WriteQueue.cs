namespace Panal.Catalogue.Writing;

/// <summary>
/// Puts writes into transactions, one at a time, many writes in each. There is no thread of its own: the first caller that finds the
/// writer idle runs the next transaction itself, and the thread pool goes on while others wait. So a single caller pays no change of
/// threads, and many callers share one commit.
/// </summary>
/// <remarks>
/// A write may be deferred: it waits for company, but no longer than <see cref="CatalogueOptions.GatherTime"/>, and never past the next
/// read, which commits it first (<see cref="CatchUp"/>). So nobody can see that it was late.
/// </remarks>
internal sealed class WriteQueue : IThreadPoolWorkItem, IDisposable
{
    private readonly Writer _writer;
    private readonly CatalogueOptions _options;
    private readonly Action _afterCommit;
    private readonly Lock _gate = new();
    private readonly Lock _turn = new();                // held while a transaction runs
    private readonly SemaphoreSlim _places;
    private readonly ITimer _gathered;
    private readonly List<WriteItem> _group = [];
    private List<WriteItem> _pending = [];
    private long _queued;
    private long _ended;
    private int _deferred;                              // among those that have not ended
    private bool _isBusy;
    private bool _isClosed;
    private TaskCompletionSource? _idle;

    internal WriteQueue(Writer writer, CatalogueOptions options, TimeProvider time, Action afterCommit)
    {
        (_writer, _options, _afterCommit) = (writer, options, afterCommit);
        _places = new SemaphoreSlim(options.PendingWriteLimit);
        _gathered = time.CreateTimer(static queue => ((WriteQueue)queue!).RunIfIdle(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

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

    /// <summary>Runs a deferred write in company of others. Whoever makes the company complete runs the transaction, so the queue stays short.</summary>
    internal void RunSoon(DeferredWrite item)
    {
        if (Enqueue(item))
        {
            RunGroup();
        }
    }

    /// <summary>Commits deferred writes, so that a read that begins when this returns sees all that were queued before it was called.</summary>
    internal void CatchUp()
    {
        if (Volatile.Read(ref _deferred) == 0)
        {
            return;
        }

        long target;
        lock (_gate)
        {
            target = _queued;
        }

        while (Volatile.Read(ref _ended) < target)
        {
            RunOne();
        }
    }

    /// <summary>Runs the writes that are queued and refuses others.</summary>
    internal Task CloseAsync()
    {
        CatchUp();
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
        var isDeferred = item is DeferredWrite;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isClosed, typeof(CatalogueDatabase));
            _pending.Add(item);
            _queued++;
            _deferred += isDeferred ? 1 : 0;
            if (_isBusy)
            {
                return false;
            }

            if (!isDeferred || _pending.Count >= _options.GatherLimit)
            {
                return _isBusy = true;
            }

            if (_pending.Count == 1)
            {
                _gathered.Change(_options.GatherTime, Timeout.InfiniteTimeSpan);
            }

            return false;
        }
    }

    private void RunIfIdle()
    {
        lock (_gate)
        {
            if (_isBusy || _pending.Count == 0)
            {
                return;
            }

            _isBusy = true;
        }

        RunGroup();
    }

    void IThreadPoolWorkItem.Execute() => RunGroup();

    private void RunGroup()
    {
        RunOne();
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

    private void RunOne()
    {
        lock (_turn)
        {
            TakeGroup();
            if (_group.Count == 0)
            {
                return;
            }

            _writer.Commit(_group);
            lock (_gate)
            {
                _ended += _group.Count;
                _deferred -= _group.Count(static item => item is DeferredWrite);
            }

            _group.Clear();
            _afterCommit();
        }
    }

    public void Dispose()
    {
        _gathered.Dispose();
        _places.Dispose();
    }

    private void TakeGroup()
    {
        lock (_gate)
        {
            int count = Math.Min(_pending.Count, _options.GroupLimit);
            _group.AddRange(_pending[..count]);
            _pending.RemoveRange(0, count);
        }
    }
}
