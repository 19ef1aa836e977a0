using System.Collections.Concurrent;
using System.IO.Pipelines;
using Microsoft.Extensions.Logging;
using Panal.Archive.Fixity;
using Panal.Catalogue;
using Panal.Federation.Administration;
using Panal.Federation.Feed;
using Panal.Federation.Fetching;
using Panal.Federation.Recycling;
using Panal.Swarm;
using Panal.Swarm.Links;
using Panal.Swarm.Transfers;
using Panal.Volumes;

namespace Panal.Federation.Placement;

/// <summary>What a node says of itself to those who would rely on it, and from whom it takes wishes.</summary>
public interface IPlacementRights
{
    /// <summary>True while this node does not recycle: what it holds, it keeps.</summary>
    bool Keeps { get; }

    /// <summary>Who we are; null while this node is no member.</summary>
    NodeId? Self { get; }

    /// <summary>The other members, as the roster says.</summary>
    IReadOnlyList<NodeId> Others { get; }

    /// <summary>The studies that a node may have this one keep; null for none at all.</summary>
    FeedFilter? PlaceableBy(NodeId node);

    /// <summary>The studies of which a node may have copies of this one, to keep them; null for none at all.</summary>
    FeedFilter? ReplicableBy(NodeId node);
}

/// <summary>Answers placement/1 (docs/formats/placement.md): what is here is read back before it is confirmed; what is wished for is fetched.</summary>
public sealed class PlacementService(
    CatalogueDatabase catalogue,
    VolumeStore volumes,
    RemoteCopies remote,
    PinnedStudies pins,
    IFeedRights rights,
    IPlacementRights placement,
    IAdministrationWitness witness,
    TimeProvider time,
    ILogger<PlacementService> logger) : ILinkService
{
    private readonly ConcurrentDictionary<NodeId, bool> _replicating = new();

    /// <summary>Name and version of the protocol.</summary>
    public const string ProtocolName = "placement/1";

    /// <inheritdoc/>
    public string Protocol => ProtocolName;

    /// <summary>Serves one stream to its end.</summary>
    /// <exception cref="PlacementProtocolException">The peer does not keep to the protocol.</exception>
    public ValueTask ServeAsync(ILinkStream stream, CancellationToken cancellationToken) => ServeAsync(stream, stream.Peer, cancellationToken);

    internal async ValueTask ServeAsync(IDuplexPipe pipe, NodeId peer, CancellationToken ct)
    {
        while (await PlacementMessages.ReadAsync(pipe.Input, ct) is (var kind, var content))
        {
            switch (kind)
            {
                case PlacementFrameKind.Confirm:
                    var (study, asked) = PlacementMessages.ReadConfirm(content.Span);
                    // Asked before and after: whoever begins to recycle meanwhile has not kept.
                    var keeps = placement.Keeps;
                    var isHere = await ConfirmAsync(peer, study, asked, ct);
                    PlacementMessages.WriteConfirmed(pipe.Output, keeps && placement.Keeps, isHere);
                    break;
                case PlacementFrameKind.Fetch:
                    var (wanted, isPinned) = PlacementMessages.ReadFetch(content.Span);
                    PlacementMessages.WriteAccepted(pipe.Output, await FetchAsync(peer, wanted, isPinned, ct));
                    break;
                case PlacementFrameKind.Replicate:
                    PlacementMessages.WriteAccepted(pipe.Output, await ReplicateAsync(peer, PlacementMessages.ReadReplicate(content.Span), ct));
                    break;
                default:
                    throw new PlacementProtocolException("A frame came out of turn.");
            }

            await pipe.Output.FlushAsync(ct);
        }

        await pipe.Output.CompleteAsync();
    }

    private async Task<bool[]> ConfirmAsync(NodeId peer, string study, AskedContent[] asked, CancellationToken ct)
    {
        var isHere = new bool[asked.Length];
        if (rights.FilterFor(peer) is not { } filter || catalogue.SeriesTold(study, filter) is not { Count: > 0 } told)
        {
            return isHere;
        }

        var held = new Dictionary<AskedContent, (InstanceRow Row, CopyRecord Copy)>();
        foreach (var row in catalogue.Locate(new RetrieveKeys { StudyInstanceUids = [study] }, ct).Where(row => told.Contains(row.SeriesInstanceUid)))
        {
            foreach (var copy in row.Copies.Where(static copy => copy.Hash.Length == ContentHash.LengthBytes))
            {
                held[new AskedContent(new ContentHash(copy.Hash.Span), copy.LengthBytes)] = (row, copy);
            }
        }

        var found = new List<CopyStateChange>();
        for (var i = 0; i < asked.Length; i++)
        {
            isHere[i] = held.TryGetValue(asked[i], out var one) && await IsRightAsync(one.Row, one.Copy, found, ct);
        }

        await catalogue.SetCopyStatesAsync(found, isDurable: false, ct);
        return isHere;
    }

    private async Task<bool> IsRightAsync(InstanceRow row, CopyRecord copy, List<CopyStateChange> found, CancellationToken ct)
    {
        if (copy.State is not (CopyState.Staged or CopyState.Online))
        {
            return false;
        }

        var outcome = await volumes.VerifyAsync(catalogue, row.SopInstanceUid, copy, ct);
        if (outcome != VerifyOutcome.Verified)
        {
            Log.CopyNotConfirmed(logger, row.SopInstanceUid, outcome);
        }

        found.Add(CopyFixity.ChangeOf(row.SopInstanceUid, copy, outcome, time.GetUtcNow()));
        return outcome == VerifyOutcome.Verified;
    }

    private async Task<PlacementAnswer> FetchAsync(NodeId peer, string study, bool isPinned, CancellationToken ct)
    {
        var isGranted = IsWhollyIn(study, placement.PlaceableBy(peer));
        await witness.AskedAsync(peer, isGranted ? $"have this node keep study {study}" : $"have this node keep study {study}: It may not store that here.", isGranted, ct);
        if (!isGranted)
        {
            return PlacementAnswer.Refused;
        }

        var before = catalogue.CoverageOf(study);
        if (before is null)
        {
            return PlacementAnswer.Unknown;
        }

        if (isPinned)
        {
            pins.Add(study, peer.ToString());
        }

        if (before.HeldHere == before.Instances)
        {
            return PlacementAnswer.Held;
        }

        Log.PlacedHere(logger, peer, before.Instances);
        return await remote.FetchStudyAsync(study, TransferPriority.Bulk, ct) is not null ? PlacementAnswer.Begun
            : catalogue.CoverageOf(study) is { } after && after.HeldHere == after.Instances ? PlacementAnswer.Held
            : catalogue.HoldersOfStudies([study], null).Count > 0 ? PlacementAnswer.Full : PlacementAnswer.Unknown;
    }

    private async Task<PlacementAnswer> ReplicateAsync(NodeId peer, string study, CancellationToken ct)
    {
        var filter = placement.ReplicableBy(peer);
        var isGranted = IsWhollyIn(study, filter);
        // Asked of every study of an archive: the trail is told when that begins, and when the answer changes.
        if (!_replicating.TryGetValue(peer, out var before) || before != isGranted)
        {
            _replicating[peer] = isGranted;
            await witness.AskedAsync(peer, isGranted ? "have copies of studies, to keep them" : $"have copies of study {study}, to keep them: It may not replicate that.", isGranted, ct);
        }

        return isGranted ? PlacementAnswer.Held : PlacementAnswer.Refused;
    }

    /// <summary>Whether a filter lets a node have to do with all of a study; what is not known here is nobody's.</summary>
    private bool IsWhollyIn(string study, FeedFilter? filter) =>
        filter is not null && catalogue.SeriesTold(study, FeedFilter.All) is var all && (all.Count > 0 ? catalogue.SeriesTold(study, filter).Count == all.Count : filter.Fingerprint == 0);
}
