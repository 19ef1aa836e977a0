namespace Panal.Node.Hosting;

/// <summary>
/// Work in the background that nobody waits for. It begins when the doors have been open for a moment: on few cores it would take from the start, and from the first who call, what
/// they need.
/// </summary>
internal abstract class WorkAfterStart(IHostApplicationLifetime lifetime, TimeProvider time) : BackgroundService
{
    /// <summary>So long the doors are open before.</summary>
    internal static readonly TimeSpan Moment = TimeSpan.FromSeconds(2);

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

        await Task.Delay(Moment, time, stoppingToken).ConfigureAwait(false);
        await WorkAsync(stoppingToken).ConfigureAwait(false);
    }
}
