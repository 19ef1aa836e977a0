using System.IO.Pipelines;
using Microsoft.Extensions.Logging;
using Panal.Catalogue;
using Panal.Swarm;
using Panal.Swarm.Links;

namespace Panal.Federation.Feed;

/// <summary>Follows the feed of one other node for ever: snapshot where needed, then the feed, again from the cursor after every failure.</summary>
public sealed class FeedSubscriber(
    CatalogueDatabase catalogue, ILinks links, FeedOptions options, FeedMeter meter, TimeProvider time, ILogger<FeedSubscriber> logger)
{
    /// <summary>Follows until cancelled.</summary>
    public async Task FollowAsync(FeedSubscription subscription, CancellationToken ct)
    {
        await catalogue.SubscribeAsync(subscription.Publisher.Value, subscription.Authority, ct);
        var publisher = subscription.Publisher;
        var wait = options.FirstRetry;
        bool needsSnapshot = false;
        while (!ct.IsCancellationRequested)
        {
            string reason = "the publisher ended the stream";
            long began = time.GetTimestamp();
            try
            {
                bool wasSnapshot = needsSnapshot;
                needsSnapshot = await RunOnceAsync(subscription, needsSnapshot ? FeedMode.Snapshot : FeedMode.Feed, ct);
                if (needsSnapshot || wasSnapshot)
                {
                    wait = options.FirstRetry;
                    continue;
                }
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault) when (fault is IOException or TimeoutException or OperationCanceledException)
            {
                needsSnapshot = false;
                reason = fault is FeedProtocolException ? fault.Message : fault.GetType().Name;
            }
            catch (Exception fault)
            {
                // Our own fault or the disk's: it is told, and tried again, because nothing else will.
                needsSnapshot = false;
                reason = fault.GetType().Name;
                Log.FeedFailed(logger, fault, publisher);
            }

            // A stream that stood for long failed for another reason than the ones before it.
            wait = time.GetElapsedTime(began) >= options.LongestRetry ? options.FirstRetry : wait;
            meter.Failed(publisher.Value);
            Log.FeedInterrupted(logger, publisher, reason, wait);
            await Task.Delay(wait, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            wait = wait * 2 < options.LongestRetry ? wait * 2 : options.LongestRetry;
        }
    }

    /// <summary>Runs one stream to its end.</summary>
    /// <returns>Whether a snapshot is needed next.</returns>
    private async Task<bool> RunOnceAsync(FeedSubscription subscription, FeedMode mode, CancellationToken ct)
    {
        var publisher = subscription.Publisher;
        var priority = mode is FeedMode.Snapshot ? LinkPriority.Bulk : LinkPriority.Interactive;
        await using var stream = await links.OpenAsync(publisher, FeedPublisher.ProtocolName, priority, ct);
        if (mode is FeedMode.Snapshot)
        {
            Log.SnapshotBegins(logger, publisher);
        }

        var sink = new FeedSink(catalogue, publisher.Value, mode);
        await ReceiveAsync(stream, sink, publisher, ct);
        await stream.Output.CompleteAsync();
        if (!sink.HasBegun)
        {
            await WithdrawAsync(subscription, ct);
            return false;
        }

        if (mode is FeedMode.Snapshot)
        {
            Log.SnapshotEnded(logger, publisher, sink.Instances);
        }

        return sink.NeedsSnapshot;
    }

    /// <summary>The publisher says in order that we may see nothing of it: what we were told before goes, as if it had never been.</summary>
    private async Task WithdrawAsync(FeedSubscription subscription, CancellationToken ct)
    {
        if (catalogue.Publishers().All(known => known.Node != subscription.Publisher.Value || known.Cursor == FeedCursor.None))
        {
            return;
        }

        Log.FeedWithdrawn(logger, subscription.Publisher);
        await catalogue.UnsubscribeAsync(subscription.Publisher.Value, ct);
        await catalogue.SubscribeAsync(subscription.Publisher.Value, subscription.Authority, ct);
    }

    /// <summary>Says hello on a pipe that leads to a publisher and applies what comes, until it ends.</summary>
    internal async Task ReceiveAsync(IDuplexPipe pipe, FeedSink sink, NodeId publisher, CancellationToken ct)
    {
        sink.Open(pipe.Output);
        await pipe.Output.FlushAsync(ct);
        while (true)
        {
            using var silence = CancellationTokenSource.CreateLinkedTokenSource(ct);
            using var timer = time.CreateTimer(static source => ((CancellationTokenSource)source!).Cancel(), silence, options.Silence, Timeout.InfiniteTimeSpan);
            var frame = await FeedFrame.ReadAsync(pipe.Input, FeedFrame.LimitBytes, silence.Token);
            if (frame is not (var kind, var content))
            {
                return;
            }

            // What has come whole is applied whole.
            long before = sink.Instances;
            await sink.ReceiveAsync(kind, content, ct);
            meter.Received(publisher.Value, content.Length + FeedFrame.HeaderBytes);
            if (kind is FeedFrameKind.Step or FeedFrameKind.Next)
            {
                meter.Applied(publisher.Value, sink.Instances - before);
            }
        }
    }
}
