using Panal.Catalogue;
using Panal.Federation.Recycling;

namespace Panal.Node.Network.Placement;

/// <summary>Ends what an earlier run began, looks at the marks from time to time, and writes the statistics of use.</summary>
internal sealed class RecyclingWork(
    Recycler recycler, RecyclingTerms terms, RecyclingOptions options, UseStatistics statistics, TimeProvider time, ILogger<RecyclingWork> logger)
    : BackgroundService
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromHours(1);

    /// <summary>Why the last run failed; null when nothing is wrong.</summary>
    public string? Problem { get; private set; }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.WhenAll(
            RepeatAsync(options.Interval, token => recycler.RunAsync(terms.Rules is { } rules ? rules with { AskAgainAfter = AskAgain } : null, isDryRun: false, static _ => { }, token), stoppingToken),
            RepeatAsync(options.SaveInterval, _ => SaveAsync(), stoppingToken)).ConfigureAwait(false);
        await TryAsync(_ => SaveAsync(), CancellationToken.None).ConfigureAwait(false);
    }

    private Task SaveAsync()
    {
        statistics.Save();
        return Task.CompletedTask;
    }

    private async Task RepeatAsync(TimeSpan interval, Func<CancellationToken, Task> work, CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(interval, time);
        try
        {
            do
            {
                await TryAsync(work, stoppingToken).ConfigureAwait(false);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Told to stop.
        }
    }

    private async Task TryAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        try
        {
            await work(cancellationToken).ConfigureAwait(false);
            Problem = null;
        }
        catch (Exception e) when (e is IOException or CatalogueException or UnauthorizedAccessException or InvalidDataException)
        {
            // The disk is full or fails; the next time may be better.
            Problem = e.Message;
            Log.RecyclingFailed(logger, e.Message);
        }
    }
}
