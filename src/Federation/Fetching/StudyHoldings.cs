using Panal.Catalogue;
using Panal.Federation.Feed;
using Panal.Federation.Recycling;
using Panal.Swarm;
using Panal.Swarm.Transfers;
using Panal.Volumes;

namespace Panal.Federation.Fetching;

/// <summary>What this archive holds of a study and may show: exactly what the feed tells the same node.</summary>
public sealed class StudyHoldings(CatalogueDatabase catalogue, VolumeStore volumes, IFeedRights rights, UseStatistics? statistics = null) : IHeldObjects
{
    /// <inheritdoc/>
    public ValueTask<IHeldScope?> FindAsync(NodeId peer, TransferScope scope, CancellationToken cancellationToken)
    {
        if (rights.FilterFor(peer) is not { } filter)
        {
            return ValueTask.FromResult<IHeldScope?>(null);
        }

        var told = catalogue.SeriesTold(scope.Name, filter);
        if (told.Count == 0)
        {
            return ValueTask.FromResult<IHeldScope?>(null);
        }

        var copies = new Dictionary<ContentHash, CopyRecord>();
        foreach (var row in catalogue.Locate(new RetrieveKeys { StudyInstanceUids = [scope.Name] }, cancellationToken))
        {
            foreach (var copy in told.Contains(row.SeriesInstanceUid) ? row.Copies : [])
            {
                if (copy is { State: CopyState.Staged or CopyState.Online, Hash.Length: ContentHash.LengthBytes })
                {
                    copies[new ContentHash(copy.Hash.Span)] = copy;
                }
            }
        }

        if (copies.Count > 0)
        {
            statistics?.Touched(scope.Name);
        }

        return ValueTask.FromResult<IHeldScope?>(new Study(volumes, copies));
    }

    private sealed class Study(VolumeStore volumes, Dictionary<ContentHash, CopyRecord> copies) : IHeldScope
    {
        public bool Holds(ContentHash hash, long lengthBytes) => copies.TryGetValue(hash, out var copy) && copy.LengthBytes == lengthBytes;

        public IHeldObject? Open(ContentHash hash)
        {
            try
            {
                return copies.TryGetValue(hash, out var copy) ? new StoredFile(volumes.Open(new VolumeId(copy.VolumeId), copy.Path)) : null;
            }
            catch (ObjectMissingException)
            {
                return null;
            }
        }
    }

    private sealed class StoredFile(ObjectReader file) : IHeldObject
    {
        public int ReadAt(Span<byte> buffer, long offset) => file.ReadAt(buffer, offset);

        public void Dispose() => file.Dispose();
    }
}
