using System.IO.Pipelines;
using Microsoft.Extensions.Logging;
using Panal.Catalogue;
using Panal.Federation.Fetching;
using Panal.Swarm;
using Panal.Swarm.Links;

namespace Panal.Federation.Broker.Retrieving;

/// <summary>
/// Speaks bring/1 on both sides: asks a node to get instances from the archive behind it, and does so for others; see
/// docs/formats/bring.md. The bytes come by the swarm, when the feed has told their hash.
/// </summary>
public sealed class BringExchange(
    ForeignRetrievals retrievals, CatalogueDatabase catalogue, IFetchRights rights, ILinks links, TimeProvider time, ILogger<BringExchange> logger) : ILinkService
{
    /// <summary>Name and version of the protocol.</summary>
    public const string ProtocolName = "bring/1";

    /// <summary>How often it is said that something is still on its way.</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    /// <summary>Whoever hears nothing for so long gives up.</summary>
    internal static readonly TimeSpan Silence = TimeSpan.FromSeconds(35);

    /// <summary>A link that is being made is waited for so long: others can be asked meanwhile.</summary>
    private static readonly TimeSpan Opening = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public string Protocol => ProtocolName;

    /// <inheritdoc/>
    public ValueTask ServeAsync(ILinkStream stream, CancellationToken cancellationToken) => ServeAsync(stream, stream.Peer, cancellationToken);

    /// <summary>Asks a node to get instances from the archive behind it.</summary>
    /// <param name="node">Whom.</param>
    /// <param name="sopInstanceUids">Which, 1 to <see cref="BringFrame.ShareLimit"/>.</param>
    /// <param name="came">Hears of each that the node has now.</param>
    /// <param name="ct">Breaks off.</param>
    /// <returns>True when the node has done what it can; false when it cannot be reached or has fallen silent.</returns>
    internal async Task<bool> AskAsync(NodeId node, IReadOnlyList<string> sopInstanceUids, Action<string> came, CancellationToken ct)
    {
        using var opening = CancellationTokenSource.CreateLinkedTokenSource(ct);
        using var timer = time.CreateTimer(static source => ((CancellationTokenSource)source!).Cancel(), opening, Opening, Timeout.InfiniteTimeSpan);
        try
        {
            await using var stream = await links.OpenAsync(node, ProtocolName, LinkPriority.Interactive, opening.Token);
            return await AskAsync(stream, sopInstanceUids, came, ct);
        }
        catch (Exception fault) when (fault is IOException || (fault is OperationCanceledException && !ct.IsCancellationRequested))
        {
            Log.NotBrought(logger, node, fault.GetType().Name);
            return false;
        }
    }

    /// <summary>Asks on a pipe that leads to a node; false when it ends before its answer.</summary>
    internal async Task<bool> AskAsync(IDuplexPipe pipe, IReadOnlyList<string> sopInstanceUids, Action<string> came, CancellationToken ct)
    {
        foreach (var uid in sopInstanceUids)
        {
            BringFrame.Write(pipe.Output, BringFrameKind.Share, uid);
        }

        await pipe.Output.FlushAsync(ct);
        await pipe.Output.CompleteAsync();
        while (true)
        {
            using var silence = CancellationTokenSource.CreateLinkedTokenSource(ct);
            using var timer = time.CreateTimer(static source => ((CancellationTokenSource)source!).Cancel(), silence, Silence, Timeout.InfiniteTimeSpan);
            switch (await BringFrame.ReadAsync(pipe.Input, silence.Token))
            {
                case (BringFrameKind.UnderWay, _):
                    continue;
                case (BringFrameKind.Came, var content):
                    came(BringFrame.UidOf(content));
                    continue;
                case (BringFrameKind.Here or BringFrameKind.NotGiven, _):
                    return true;
                default:
                    return false;
            }
        }
    }

    /// <summary>Serves a pipe that leads to a node.</summary>
    /// <exception cref="BringProtocolException">It does not keep to the protocol.</exception>
    internal async ValueTask ServeAsync(IDuplexPipe pipe, NodeId peer, CancellationToken ct)
    {
        var asked = await ReadShareAsync(pipe.Input, ct);
        var open = asked.Where(uid => MayHave(peer, uid)).ToHashSet(StringComparer.Ordinal);
        var isAll = open.Count == asked.Count;
        var sharing = retrievals.ShareAsync([.. open], ct);
        while (true)
        {
            // Asked for before looking, so that what is committed in between is not missed.
            var commit = catalogue.NextCommitAsync();
            var hasEnded = sharing.IsCompleted;
            foreach (var uid in open.Where(retrievals.IsHere).ToList())
            {
                open.Remove(uid);
                BringFrame.Write(pipe.Output, BringFrameKind.Came, uid);
            }

            if (hasEnded || open.Count == 0)
            {
                break;
            }

            await pipe.Output.FlushAsync(ct);
            await WaitAsync(pipe.Output, [commit, sharing], ct);
        }

        BringFrame.Write(pipe.Output, isAll && open.Count == 0 ? BringFrameKind.Here : BringFrameKind.NotGiven, "");
        await pipe.Output.FlushAsync(ct);
        await pipe.Output.CompleteAsync();
    }

    private static async ValueTask<HashSet<string>> ReadShareAsync(PipeReader input, CancellationToken ct)
    {
        var asked = new HashSet<string>(StringComparer.Ordinal);
        for (var count = 0; await BringFrame.ReadAsync(input, ct) is { } frame; count++)
        {
            if (frame.Kind != BringFrameKind.Share || count == BringFrame.ShareLimit)
            {
                throw new BringProtocolException("Something else than a share comes, or too many.");
            }

            asked.Add(BringFrame.UidOf(frame.Content));
        }

        return asked;
    }

    /// <summary>Waits until one of some tasks ends, and says when that takes long.</summary>
    private async ValueTask WaitAsync(PipeWriter output, Task[] tasks, CancellationToken ct)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var interval = Task.Delay(Interval, time, enough.Token);
        var ended = await Task.WhenAny([.. tasks, interval]);
        await enough.CancelAsync();
        ct.ThrowIfCancellationRequested();
        if (ended == interval)
        {
            BringFrame.Write(output, BringFrameKind.UnderWay, "");
            await output.FlushAsync(ct);
        }
    }

    /// <summary>Exactly what the node may fetch it may ask for.</summary>
    private bool MayHave(NodeId peer, string sopInstanceUid) =>
        rights.FetchableBy(peer) is { } filter
        && catalogue.FindInstance(sopInstanceUid) is { } row
        && catalogue.SeriesTold(row.StudyInstanceUid, filter).Contains(row.SeriesInstanceUid);
}
