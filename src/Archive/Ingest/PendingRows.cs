using Microsoft.Extensions.Logging;
using Panal.Catalogue;
using Panal.Volumes;

namespace Panal.Archive.Ingest;

/// <summary>
/// The rows of instances that are durable with their notes and answered, but not committed yet. Until a row is, its note stays in the
/// staging log and nobody else decides about its UID. A commit that fails is tried again; meanwhile whoever comes waits for its own commit.
/// </summary>
public sealed class PendingRows : IDisposable
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    private readonly CatalogueDatabase _catalogue;
    private readonly ILogger<PendingRows> _logger;
    private readonly ITimer _retry;
    private readonly Lock _gate = new();
    private readonly List<Row> _failed = [];

    public PendingRows(CatalogueDatabase catalogue, TimeProvider time, ILogger<PendingRows> logger)
    {
        (_catalogue, _logger) = (catalogue, logger);
        _retry = time.CreateTimer(static rows => ((PendingRows)rows!).Retry(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>True while rows that were answered cannot be committed.</summary>
    public bool IsFailing
    {
        get
        {
            lock (_gate)
            {
                return _failed.Count > 0;
            }
        }
    }

    /// <summary>Sees the row of a durable object to its commit, then lets go of its note and its UID. Readers see the row at once.</summary>
    internal void Add(InstanceRecord record, StagedNote note, InstanceLocks.Holder alone) => _catalogue.AddSoon(record, new Row(this, record, note, alone));

    /// <summary>Commits what waits for company.</summary>
    /// <exception cref="CatalogueException">Rows that were answered cannot be committed.</exception>
    internal void CatchUp()
    {
        _catalogue.CatchUp();
        if (IsFailing)
        {
            throw new CatalogueException(CatalogueFailure.StorageFailed, "The catalogue cannot be written.");
        }
    }

    private void Failed(Row row, Exception failure)
    {
        lock (_gate)
        {
            if (_failed.Count == 0)
            {
                Log.RowsNotCommitted(_logger, failure);
                _retry.Change(RetryInterval, Timeout.InfiniteTimeSpan);
            }

            _failed.Add(row);
        }
    }

    private void Retry()
    {
        Row[] rows;
        lock (_gate)
        {
            rows = [.. _failed];
            _failed.Clear();
        }

        try
        {
            foreach (var row in rows)
            {
                _catalogue.AddSoon(row.Record, row);
            }
        }
        catch (ObjectDisposedException)
        {
            // The notes are replayed at the next start.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _retry.Dispose();

    private sealed class Row(PendingRows rows, InstanceRecord record, StagedNote note, InstanceLocks.Holder alone) : ICommitWitness
    {
        public InstanceRecord Record => record;

        public void Committed()
        {
            note.Applied();
            alone.Dispose();
        }

        public void Failed(Exception failure) => rows.Failed(this, failure);
    }
}
