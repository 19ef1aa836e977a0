using System.Collections.Concurrent;

namespace Panal.Catalogue.Sqlite;

/// <summary>Read-only connections, lent to one thread at a time.</summary>
/// <param name="catchUp">Commits deferred writes: a read sees everything that was answered before it began. Otherwise it waits for no writer.</param>
internal sealed class ReaderPool(string path, CatalogueOptions options, Action catchUp) : IDisposable
{
    private readonly ConcurrentBag<Reader> _idle = [];
    private readonly SemaphoreSlim _places = new(options.ReaderLimit);
    private volatile bool _isClosed;

    /// <summary>Runs a read in one snapshot.</summary>
    internal TResult Read<TState, TResult>(TState state, Func<Reader, TState, TResult> read, CancellationToken ct)
    {
        catchUp();
        return ReadCommitted(state, read, ct);
    }

    /// <summary>The same, without the writes that are deferred.</summary>
    internal TResult ReadCommitted<TState, TResult>(TState state, Func<Reader, TState, TResult> read, CancellationToken ct)
    {
        Reader reader = Rent(ct);
        bool isWhole = false;
        try
        {
            reader.Prepare("BEGIN").Run();
            TResult result = read(reader, state);
            reader.Prepare("COMMIT").Run();
            isWhole = true;
            return result;
        }
        catch (CatalogueException) when (ct.IsCancellationRequested)
        {
            throw new OperationCanceledException(ct);
        }
        finally
        {
            Return(reader, isWhole);
        }
    }

    /// <summary>Closes idle readers but one, and lets that one go of its pages.</summary>
    internal void GiveBack()
    {
        if (!_idle.TryTake(out Reader? kept))
        {
            return;
        }

        while (_idle.TryTake(out Reader? other))
        {
            other.Dispose();
        }

        bool isWhole = false;
        try
        {
            kept.Connection.GiveBack();
            isWhole = true;
        }
        finally
        {
            TakeBack(kept, isWhole);
        }
    }

    /// <summary>Lends a reader; waits when all are at work, which lasts as long as a query on the processor.</summary>
    private Reader Rent(CancellationToken ct)
    {
        _places.Wait(ct);
        try
        {
            ObjectDisposedException.ThrowIf(_isClosed, typeof(CatalogueDatabase));
            Reader reader = _idle.TryTake(out Reader? known) ? known : new Reader(Connection.Open(path, readOnly: true, options.ReaderCacheKibibytes));
            reader.Cancellation = ct;
            return reader;
        }
        catch
        {
            _places.Release();
            throw;
        }
    }

    /// <summary>Takes a reader back; one that failed may still hold its snapshot and is closed.</summary>
    private void Return(Reader reader, bool isWhole)
    {
        reader.Cancellation = default;
        reader.Conditions = [];
        reader.Patterns = [];
        reader.Words = null;
        reader.Looks = null;
        reader.Trim();
        TakeBack(reader, isWhole);
        _places.Release();
    }

    private void TakeBack(Reader reader, bool isWhole)
    {
        if (_isClosed || !isWhole)
        {
            reader.Dispose();
        }
        else
        {
            _idle.Add(reader);
        }
    }

    public void Dispose()
    {
        _isClosed = true;
        while (_idle.TryTake(out Reader? reader))
        {
            reader.Dispose();
        }
    }
}
