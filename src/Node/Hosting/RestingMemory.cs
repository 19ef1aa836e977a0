namespace Panal.Node.Hosting;

/// <summary>
/// Gives memory back to the system when a load is over. The collector keeps what the youngest generation needs under load, some tens of MB, and without
/// new allocations it has no reason to look at it again: a node that rests would hold it for ever.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="allocatedBytes">Bytes allocated since the process began.</param>
/// <param name="giveBack">Collects, and gives back what is free.</param>
internal sealed class RestingMemory(TimeProvider time, Func<long> allocatedBytes, Action giveBack) : BackgroundService
{
    /// <summary>How often it is looked; a load that rests for so long is over.</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>Who allocates no more between two looks rests: what health, metrics and heads of feeds take.</summary>
    internal const long RestBytes = 2 * 1024 * 1024;

    /// <summary>Less than this is not worth a collection.</summary>
    internal const long WorthBytes = 16 * 1024 * 1024;

    /// <summary>Over the memory of this process.</summary>
    public RestingMemory(TimeProvider time)
        : this(time, static () => GC.GetTotalAllocatedBytes(precise: false), static () => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true))
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
                giveBack();
                given = now;
            }

            before = now;
        }
    }
}
