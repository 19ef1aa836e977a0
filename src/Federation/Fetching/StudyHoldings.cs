using Panal.Archive.Retrieve;
using Panal.Catalogue;
using Panal.Swarm;
using Panal.Swarm.Transfers;
using Panal.Volumes;

namespace Panal.Federation.Fetching;

/// <summary>What this archive holds of a study and a node may fetch. What it may not is answered as what does not exist.</summary>
public sealed class StudyHoldings(CatalogueDatabase catalogue, VolumeStore volumes, IFetchRights rights) : IHeldObjects
{
    /// <inheritdoc/>
    public ValueTask<IHeldScope?> FindAsync(NodeId peer, TransferScope scope, CancellationToken cancellationToken)
    {
        if (rights.FetchableBy(peer) is not { } filter)
        {
            return ValueTask.FromResult<IHeldScope?>(null);
        }

        var told = catalogue.SeriesTold(scope.Name, filter);
        if (told.Count == 0)
        {
            return ValueTask.FromResult<IHeldScope?>(null);
        }

        var copies = new Dictionary<ContentHash, (string Uid, CopyRecord Copy)>();
        foreach (var row in catalogue.Locate(new RetrieveKeys { StudyInstanceUids = [scope.Name] }, cancellationToken))
        {
            foreach (var copy in told.Contains(row.SeriesInstanceUid) ? row.Copies : [])
            {
                if (copy is { State: CopyState.Staged or CopyState.Online, Hash.Length: ContentHash.LengthBytes })
                {
                    copies[new ContentHash(copy.Hash.Span)] = (row.SopInstanceUid, copy);
                }
            }
        }

        return ValueTask.FromResult<IHeldScope?>(new Study(catalogue, volumes, copies));
    }

    private sealed class Study(
        CatalogueDatabase catalogue, VolumeStore volumes, Dictionary<ContentHash, (string Uid, CopyRecord Copy)> copies) : IHeldScope
    {
        public bool Holds(ContentHash hash, long lengthBytes) => copies.TryGetValue(hash, out var held) && held.Copy.LengthBytes == lengthBytes;

        public IHeldObject? Open(ContentHash hash)
        {
            if (!copies.TryGetValue(hash, out var held))
            {
                return null;
            }

            try
            {
                return Open(held.Copy);
            }
            catch (ObjectMissingException)
            {
                // Gone, or a compact form has come to stand for it.
                var now = catalogue.FindInstance(held.Uid)?.Copies.FirstOrDefault(copy => copy.Path != held.Copy.Path && copy.Hash.Span.SequenceEqual(held.Copy.Hash.Span));
                return now is null ? null : Open(now);
            }
        }

        private IHeldObject Open(CopyRecord copy) => copy.Compact is null
            ? new StoredFile(volumes.Open(new VolumeId(copy.VolumeId), copy.Path))
            : new CompactedFile(volumes.OpenReceived(copy));
    }

    /// <summary>What was stored at first, out of its compact form.</summary>
    private sealed class CompactedFile(Stream received) : IHeldObject
    {
        private readonly Lock _lock = new();

        public int ReadAt(Span<byte> buffer, long offset)
        {
            lock (_lock)
            {
                received.Position = offset;
                return received.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            }
        }

        public void Dispose() => received.Dispose();
    }

    private sealed class StoredFile(ObjectReader file) : IHeldObject
    {
        public int ReadAt(Span<byte> buffer, long offset) => file.ReadAt(buffer, offset);

        public void Dispose() => file.Dispose();
    }
}
