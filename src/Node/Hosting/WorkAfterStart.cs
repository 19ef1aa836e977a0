namespace Panal.Node.Hosting;

/// <summary>
/// Work in the background that nobody waits for. The start is a load like any other: it begins when the doors have been open for a while, for on few cores it would take from the
/// start, and from the first who call, what they need.
/// </summary>
/// <param name="lifetime">Tells when the doors are open.</param>
/// <param name="quiet">So long they are open before.</param>
/// <param name="time">The clock.</param>
internal abstract class WorkAfterStart(IHostApplicationLifetime lifetime, TimeSpan quiet, TimeProvider time) : BackgroundService
{
    /// <summary>Works until cancelled.</summary>
    protected abstract Task WorkAsync(CancellationToken stoppingToken);

    /// <inheritdoc/>
    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (lifetime.ApplicationStarted.Register(open.SetResult).ConfigureAwait(false))
        {
            await open.Task.WaitAsync(stoppingToken).ConfigureAwait(false);
        }

        await Task.Delay(quiet, time, stoppingToken).ConfigureAwait(false);
        await WorkAsync(stoppingToken).ConfigureAwait(false);
    }
}
