using Panal.Catalogue;
using Panal.Federation.Placement;

namespace Panal.Node.Network.Placement;

/// <summary>Has copies made where there are too few, fetches ahead of demand, and rebuilds when told to.</summary>
internal sealed class PlacementWork(
    CoverageSurvey survey, Warmer warmer, Rebuilder rebuilder, PlacementOptions options, TimeProvider time, ILogger<PlacementWork> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.WhenAll(RepairAsync(stoppingToken), warmer.RunAsync(stoppingToken), RebuildAsync(stoppingToken)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Told to stop.
        }
    }

    private async Task RepairAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.RepairInterval, time);
        while (options.MinimumHolders > 0 && await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            try
            {
                await survey.RepairAsync(options.MinimumHolders, stoppingToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or CatalogueException)
            {
                Log.PlacementFailed(logger, e.Message);
            }
        }
    }

    private async Task RebuildAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                await rebuilder.RunAsync(stoppingToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or CatalogueException)
            {
                Log.PlacementFailed(logger, e.Message);
                await Task.Delay(options.RepairInterval, time, stoppingToken).ConfigureAwait(false);
            }
        }
    }
}
