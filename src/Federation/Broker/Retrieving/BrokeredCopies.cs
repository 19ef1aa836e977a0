using Panal.Archive.Retrieve;
using Panal.Catalogue;
using Panal.Federation.Broker.Gathering;
using Panal.Federation.Fetching;
using Panal.Swarm.Links;
using Panal.Swarm.Transfers;

namespace Panal.Federation.Broker.Retrieving;

/// <summary>Brings what is not here: from nodes that hold it, else from foreign archives behind this node, else by the nodes that have one behind them.</summary>
public sealed class BrokeredCopies(RemoteCopies remote, ForeignRetrievals retrievals, StudyFetches fetches, CatalogueDatabase catalogue, ILinks links) : IRemoteCopies
{
    /// <inheritdoc/>
    public async ValueTask<bool> BringAsync(InstanceReference wanted, CancellationToken ct)
    {
        var uid = wanted.SopInstanceUid;
        var isOffered = catalogue.OffersOfInstance(uid).Count > 0;

        // A holder that cannot be reached may come back, but the archive is there.
        if ((IsHeld(uid) || !isOffered) && await remote.BringAsync(wanted, fetches.RoundOf(wanted), ct))
        {
            return true;
        }

        if (!isOffered || await retrievals.BringAsync(uid, ct))
        {
            return retrievals.IsHere(uid);
        }

        if (fetches.Gather(wanted.StudyInstanceUid, TransferPriority.Interactive, ct) is { } gathering)
        {
            gathering.Want(uid);
            await UntilBroughtAsync(gathering, wanted, ct);
        }

        return retrievals.IsHere(uid);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ReadOnlyMemory<byte>>> BringStagesAsync(InstanceReference wanted, CancellationToken ct) =>
        catalogue.HoldersOfInstance(wanted.SopInstanceUid).Count > 0 ? remote.BringStagesAsync(wanted, ct) : ValueTask.FromResult<IReadOnlyList<ReadOnlyMemory<byte>>>([]);

    private async ValueTask UntilBroughtAsync(StudyGathering gathering, InstanceReference wanted, CancellationToken ct)
    {
        var uid = wanted.SopInstanceUid;
        while (true)
        {
            // Asked for before looking, so that what happens in between is not missed.
            var (commit, change) = (catalogue.NextCommitAsync(), gathering.NextChangeAsync());
            if (retrievals.IsHere(uid) || (IsHeld(uid) && await remote.BringAsync(wanted, fetches.RoundOf(wanted), ct)) || gathering.IsInVain(uid))
            {
                return;
            }

            await Task.WhenAny(commit, change).WaitAsync(ct);
        }
    }

    private bool IsHeld(string sopInstanceUid)
    {
        var linked = links.Linked;
        return catalogue.HoldersOfInstance(sopInstanceUid).Any(holder => linked.Contains(new Swarm.NodeId(holder.Node)));
    }
}
