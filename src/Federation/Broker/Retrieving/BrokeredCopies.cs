using Panal.Archive.Retrieve;
using Panal.Catalogue;
using Panal.Federation.Fetching;
using Panal.Swarm;

namespace Panal.Federation.Broker.Retrieving;

/// <summary>Brings what is not here: from nodes that hold it, else from foreign archives behind this node, else by a node that has one behind it.</summary>
public sealed class BrokeredCopies(
    RemoteCopies remote, ForeignRetrievals retrievals, BringExchange exchange, CatalogueDatabase catalogue, FetchOptions options, TimeProvider time) : IRemoteCopies
{
    /// <inheritdoc/>
    public async ValueTask<bool> BringAsync(InstanceReference wanted, CancellationToken ct)
    {
        var uid = wanted.SopInstanceUid;
        if (catalogue.HoldersOfInstance(uid).Count > 0 && await remote.BringAsync(wanted, ct))
        {
            return true;
        }

        if (await retrievals.BringAsync(uid, ct))
        {
            return true;
        }

        foreach (var offer in catalogue.OffersOfInstance(uid))
        {
            if (!offer.IsForeign && await exchange.AskAsync(new NodeId(offer.Source), uid, ct) && await IsToldAsync(uid, ct) && await remote.BringAsync(wanted, ct))
            {
                return true;
            }
        }

        return catalogue.FindInstance(uid) is { Copy: not null };
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ReadOnlyMemory<byte>>> BringStagesAsync(InstanceReference wanted, CancellationToken ct) =>
        catalogue.HoldersOfInstance(wanted.SopInstanceUid).Count > 0 ? remote.BringStagesAsync(wanted, ct) : ValueTask.FromResult<IReadOnlyList<ReadOnlyMemory<byte>>>([]);

    /// <summary>Waits until the feed tells who holds the instance now.</summary>
    private async Task<bool> IsToldAsync(string sopInstanceUid, CancellationToken ct)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var patience = Task.Delay(options.StallTimeout, time, enough.Token);
        try
        {
            while (true)
            {
                var commit = catalogue.NextCommitAsync();
                if (catalogue.HoldersOfInstance(sopInstanceUid).Count > 0)
                {
                    return true;
                }

                if (await Task.WhenAny(commit, patience) == patience)
                {
                    ct.ThrowIfCancellationRequested();
                    return false;
                }
            }
        }
        finally
        {
            await enough.CancelAsync();
        }
    }
}
