namespace Panal.Catalogue;

/// <summary>Limits of the catalogue; the defaults suit a node with some millions of instances.</summary>
public sealed record CatalogueOptions
{
    /// <summary>Page cache of the writing connection, in KiB: holds the inner pages of the indexes of some million instances.</summary>
    public int WriterCacheKibibytes { get; init; } = 24 * 1024;

    /// <summary>Page cache of each reading connection, in KiB.</summary>
    public int ReaderCacheKibibytes { get; init; } = 2 * 1024;

    /// <summary>Reading connections at most: reads are bound by the processor, never by the caller's speed.</summary>
    public int ReaderLimit { get; init; } = 8;

    /// <summary>Studies that match a condition of a list are counted up to here, which takes some milliseconds: of more it is known that they are many.</summary>
    public int ListCountLimit { get; init; } = 20_000;

    /// <summary>
    /// Steps of SQLite's machine after which walking a list is broken off, in some tens of milliseconds: what matches stands at its far end, and the condition that leads to the fewest
    /// studies is followed instead.
    /// </summary>
    public int ListWalkSteps { get; init; } = 1_000_000;

    /// <summary>Writes that wait at most; more callers wait outside without being queued.</summary>
    public int PendingWriteLimit { get; init; } = 4096;

    /// <summary>Writes in one transaction at most: keeps the wait of the first one short.</summary>
    public int GroupLimit { get; init; } = 512;

    /// <summary>How long a deferred write waits for company; a transaction costs as much for twenty instances as for three.</summary>
    public TimeSpan GatherTime { get; init; } = TimeSpan.FromMilliseconds(25);

    /// <summary>Deferred writes that have company enough.</summary>
    public int GatherLimit { get; init; } = 64;

    /// <summary>Length of the write-ahead log, in bytes, at which it is copied into the database; bounds the start after a crash.</summary>
    public long CheckpointBytes { get; init; } = 32L * 1024 * 1024;

    /// <summary>Differences recorded for one patient, study or series at most: a device that changes a text in each image must not fill the disk.</summary>
    public int DifferenceLimit { get; init; } = 64;
}
