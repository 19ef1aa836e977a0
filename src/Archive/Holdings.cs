using Microsoft.Extensions.Logging;
using Panal.Archive.Ingest;
using Panal.Catalogue;
using Panal.Volumes;

namespace Panal.Archive;

/// <summary>Where an archive keeps what it holds.</summary>
public sealed record HoldingsOptions
{
    /// <summary>The file of the catalogue.</summary>
    public required string CataloguePath { get; init; }

    /// <summary>Limits of the catalogue.</summary>
    public CatalogueOptions Catalogue { get; init; } = new();

    /// <summary>Staging log and volumes.</summary>
    public required VolumeStoreOptions Volumes { get; init; }
}

/// <summary>The rows and bytes of an archive, opened together because each repairs the other after a crash.</summary>
public sealed class Holdings : IAsyncDisposable
{
    private Holdings(CatalogueDatabase catalogue, VolumeStore volumes, PendingRows rows)
    {
        Catalogue = catalogue;
        Volumes = volumes;
        Rows = rows;
    }

    /// <summary>The rows.</summary>
    public CatalogueDatabase Catalogue { get; }

    /// <summary>The bytes.</summary>
    public VolumeStore Volumes { get; }

    /// <summary>The rows that were answered and are not committed yet.</summary>
    public PendingRows Rows { get; }

    /// <summary>Opens both; rows that a crash lost are written again from the staging log.</summary>
    /// <exception cref="DataInUseException">Another process has the data directory.</exception>
    /// <exception cref="CatalogueException">The catalogue cannot serve.</exception>
    /// <exception cref="IOException">The directories cannot be read or written.</exception>
    public static async Task<Holdings> OpenAsync(HoldingsOptions options, TimeProvider time, ILoggerFactory loggers, CancellationToken ct)
    {
        var catalogue = await CatalogueDatabase.OpenAsync(options.CataloguePath, options.Catalogue, time, ct);
        try
        {
            var volumes = await VolumeStore.OpenAsync(
                options.Volumes, new Replay(catalogue).Run, time, loggers.CreateLogger<VolumeStore>(), ct);

            // A segment of the staging log is reused only when the rows of its objects survive power loss.
            volumes.Barrier = catalogue.SyncAsync;
            return new Holdings(catalogue, volumes, new PendingRows(catalogue, time, loggers.CreateLogger<PendingRows>()));
        }
        catch
        {
            await catalogue.DisposeAsync();
            throw;
        }
    }

    /// <summary>Commits the rows that were answered and moves what is staged to its volumes.</summary>
    public Task SettleAsync(CancellationToken ct)
    {
        Catalogue.CatchUp();
        return Volumes.SettleAsync(ct);
    }

    /// <summary>Settles what is staged and closes both; the catalogue last, because settling needs it.</summary>
    public async ValueTask DisposeAsync()
    {
        Rows.Dispose();
        Catalogue.CatchUp();
        await Volumes.DisposeAsync();
        await Catalogue.DisposeAsync();
    }
}
