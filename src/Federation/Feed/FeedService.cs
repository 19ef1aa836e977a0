using Microsoft.Extensions.Logging;
using Panal.Catalogue;
using Panal.Swarm;

namespace Panal.Federation.Feed;

/// <summary>Follows the feeds of all the nodes that it is told to, one loop each, and drops old changes of this node's own.</summary>
public sealed class FeedService(CatalogueDatabase catalogue, FeedSubscriber subscriber, FeedOptions options, TimeProvider time, ILogger<FeedService> logger)
    : IAsyncDisposable
{
    private readonly Dictionary<FeedSubscription, (CancellationTokenSource Stop, Task Loop)> _loops = [];
    private readonly SemaphoreSlim _gate = new(1);
    private readonly CancellationTokenSource _stop = new();
    private Task _compaction = Task.CompletedTask;

    /// <summary>Says who this node is, and begins to drop old changes.</summary>
    /// <param name="authority">Weight of this node's own words among those of its publishers.</param>
    public async Task StartAsync(NodeId self, int authority, CancellationToken ct)
    {
        await catalogue.IdentifyAsync(self.Value, authority, ct);
        _compaction = CompactAsync(_stop.Token);
    }

    /// <summary>Follows exactly these from now on; a node that is no longer among them keeps what it said until it is forgotten.</summary>
    public async Task SetAsync(IReadOnlyCollection<FeedSubscription> subscriptions, CancellationToken ct)
    {
        await _gate.WaitAsync(ct);
        try
        {
            foreach (var ended in _loops.Keys.Except(subscriptions).ToArray())
            {
                await EndAsync(ended);
            }

            foreach (var begun in subscriptions.Except(_loops.Keys).ToArray())
            {
                var stop = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
                _loops[begun] = (stop, Task.Run(() => subscriber.FollowAsync(begun, stop.Token), CancellationToken.None));
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Stops following a node and forgets all that only it said or held: it has left the network.</summary>
    public async Task ForgetAsync(NodeId publisher, CancellationToken ct)
    {
        await _gate.WaitAsync(ct);
        try
        {
            foreach (var ended in _loops.Keys.Where(subscription => subscription.Publisher == publisher).ToArray())
            {
                await EndAsync(ended);
            }

            await catalogue.UnsubscribeAsync(publisher.Value, ct);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Ends all loops.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (var subscription in _loops.Keys.ToArray())
        {
            await EndAsync(subscription);
        }

        await _compaction.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
        _gate.Dispose();
    }

    private async Task EndAsync(FeedSubscription subscription)
    {
        var (stop, loop) = _loops[subscription];
        _loops.Remove(subscription);
        await stop.CancelAsync();
        await loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
    }

    private async Task CompactAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(options.CompactionInterval, time);
        do
        {
            try
            {
                int count = await catalogue.CompactChangesAsync(options.KeptChanges, time.GetUtcNow() - options.KeptChangesAge, ct);
                Log.Compacted(logger, count);
            }
            catch (CatalogueException)
            {
                // The disk is full or fails, which others tell louder; the next time may be better.
            }
        }
        while (await timer.WaitForNextTickAsync(ct));
    }
}
