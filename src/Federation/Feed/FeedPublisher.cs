using System.IO.Pipelines;
using Microsoft.Extensions.Logging;
using Panal.Catalogue;
using Panal.Swarm;
using Panal.Swarm.Links;

namespace Panal.Federation.Feed;

/// <summary>Serves this node's feed, and snapshots of what it holds, to the nodes that may have them; see docs/formats/feed.md.</summary>
/// <param name="catalogue">What is told.</param>
/// <param name="rights">Who may hear what.</param>
/// <param name="options">How often.</param>
/// <param name="meter">Counts it.</param>
/// <param name="isBringing">Whether objects of other nodes are being brought now.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
public sealed class FeedPublisher(
    CatalogueDatabase catalogue, IFeedRights rights, FeedOptions options, FeedMeter meter, Func<bool> isBringing, TimeProvider time, ILogger<FeedPublisher> logger)
    : ILinkService
{
    /// <summary>Name and version of the protocol.</summary>
    public const string ProtocolName = "feed/1";

    /// <summary>A subscriber's frames are short: a hello has some fifty bytes.</summary>
    private const int HelloLimitBytes = 1024;

    /// <inheritdoc/>
    public string Protocol => ProtocolName;

    /// <summary>Serves one stream to its end.</summary>
    /// <exception cref="FeedProtocolException">The subscriber does not keep to the protocol.</exception>
    public ValueTask ServeAsync(ILinkStream stream, CancellationToken cancellationToken) => ServeAsync(stream, stream.Peer, cancellationToken);

    /// <summary>Serves a pipe that leads to a subscriber.</summary>
    internal async ValueTask ServeAsync(IDuplexPipe pipe, NodeId subscriber, CancellationToken ct)
    {
        if (rights.FilterFor(subscriber) is not { } filter)
        {
            Log.FeedRefused(logger, subscriber);
            await pipe.Output.CompleteAsync();
            return;
        }

        var hello = await FeedFrame.ReadAsync(pipe.Input, HelloLimitBytes, ct);
        if (hello is not (FeedFrameKind.Hello, var content))
        {
            throw new FeedProtocolException("The first frame is no hello.");
        }

        var output = new CountingWriter(pipe.Output);
        var source = new FeedSource(catalogue, filter, options.StepChanges, options.StepInstances);
        source.Answer(content.Span, output);
        await FlushAsync(pipe.Output, output, subscriber, ct);
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var leaving = WatchAsync(pipe.Input, gone);
        try
        {
            await FollowAsync(source, filter, pipe.Output, output, subscriber, gone.Token);
        }
        catch (OperationCanceledException) when (gone.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            // The subscriber has left; it comes again when it wants.
        }

        await pipe.Output.CompleteAsync();
        await gone.CancelAsync();
        await leaving;
    }

    private async ValueTask FollowAsync(
        FeedSource source, FeedFilter filter, PipeWriter pipe, CountingWriter output, NodeId subscriber, CancellationToken ct)
    {
        // Commits that are not ours to tell, such as what we hear of others, must not make us talk, or two nodes would talk for ever.
        bool owesHead = true;
        long headAt = time.GetTimestamp();
        while (!source.HasEnded)
        {
            // Asked for before looking, so that what is committed in between is not missed.
            var commit = catalogue.NextCommitAsync();
            if (rights.FilterFor(subscriber)?.Fingerprint != filter.Fingerprint)
            {
                // Between the parts of a snapshot too: what a new roster takes away is not told any more. The subscriber comes again.
                return;
            }

            if (source.TryNext(output))
            {
                await FlushAsync(pipe, output, subscriber, ct);
                // A step says where the feed stands too.
                owesHead = false;
                headAt = time.GetTimestamp();
                continue;
            }

            if (source.HasEnded)
            {
                return;
            }

            if (owesHead || time.GetElapsedTime(headAt) >= options.HeadInterval)
            {
                source.WriteHead(output, time.GetUtcNow());
                await FlushAsync(pipe, output, subscriber, ct);
                owesHead = false;
                headAt = time.GetTimestamp();
            }

            await WaitAsync(source, commit, options.HeadInterval - time.GetElapsedTime(headAt), ct);
        }
    }

    /// <summary>Waits for a commit and what follows it closely, or for the time to say where the feed stands.</summary>
    private async ValueTask WaitAsync(FeedSource source, Task commit, TimeSpan longest, CancellationToken ct)
    {
        try
        {
            await commit.WaitAsync(longest > TimeSpan.Zero ? longest : TimeSpan.Zero, time, ct);
        }
        catch (TimeoutException)
        {
            return;
        }

        var since = time.GetTimestamp();
        do
        {
            await Task.Delay(options.Gathering, time, ct);
        }
        while (isBringing() && time.GetElapsedTime(since) < options.CopyGathering && source.HasOnlyCopies());
    }

    private async ValueTask FlushAsync(PipeWriter pipe, CountingWriter output, NodeId subscriber, CancellationToken ct)
    {
        var flushed = await pipe.FlushAsync(ct);
        meter.Sent(subscriber.Value, output.TakeCount());
        if (flushed.IsCompleted)
        {
            throw new OperationCanceledException("The subscriber has left.", new CancellationToken(canceled: true));
        }
    }

    /// <summary>Notices that the subscriber has ended its direction, which is all that it can say after its hello.</summary>
    private static async Task WatchAsync(PipeReader input, CancellationTokenSource gone)
    {
        try
        {
            var read = await input.ReadAsync(gone.Token);
            input.AdvanceTo(read.Buffer.End);
        }
        catch (Exception fault) when (fault is OperationCanceledException or IOException)
        {
            // Broken is as good as ended.
        }

        await gone.CancelAsync();
    }
}
