using System.Runtime.InteropServices;
using Panal.Catalogue;

namespace Panal.Node.Hosting;

/// <summary>
/// Gives memory back to the system when a load is over. The collector keeps what the youngest generation needs under load, some tens of MB, and without
/// new allocations it has no reason to look at it again: a node that rests would hold it for ever. SQLite keeps pages, and malloc what is free between others.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="allocatedBytes">Bytes allocated since the process began.</param>
/// <param name="giveBack">Collects, and gives back what is free.</param>
internal sealed partial class RestingMemory(TimeProvider time, Func<long> allocatedBytes, Func<CancellationToken, ValueTask> giveBack) : BackgroundService
{
    /// <summary>How often it is looked; a load that rests for so long is over.</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>Who allocates no more between two looks rests: what health, metrics and heads of feeds take.</summary>
    internal const long RestBytes = 2 * 1024 * 1024;

    /// <summary>Less than this is not worth a collection. The start of a node allocates somewhat more.</summary>
    internal const long WorthBytes = 8 * 1024 * 1024;

    /// <summary>Over the memory of this process.</summary>
    public RestingMemory(TimeProvider time, CatalogueDatabase catalogue)
        : this(time, static () => GC.GetTotalAllocatedBytes(precise: false), token => GiveBackAsync(catalogue, token))
    {
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        long given = 0, before = allocatedBytes();
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            long now = allocatedBytes();
            if (now - before <= RestBytes && now - given >= WorthBytes)
            {
                await giveBack(stoppingToken).ConfigureAwait(false);
                given = now;
            }

            before = now;
        }
    }

    private static async ValueTask GiveBackAsync(CatalogueDatabase catalogue, CancellationToken stoppingToken)
    {
        try
        {
            await catalogue.GiveBackAsync(stoppingToken).ConfigureAwait(false);
        }
        catch (CatalogueException)
        {
            // Who writes next hears of it.
        }

        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        try
        {
            _ = Trim(0);
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException)
        {
            // Only the C library of GNU keeps so much that it has a call for it.
        }
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int Trim(nuint padBytes);
}
