using Panal.Archive.Compaction;
using Panal.Archive.Retrieve;
using Panal.Catalogue;
using Panal.Federation.Recycling;
using Panal.Swarm;
using Panal.Swarm.Transfers;
using Panal.Volumes;

namespace Panal.Federation.Fetching;

/// <summary>What this archive holds of a study and a node may fetch. What it may not is answered as what does not exist.</summary>
public sealed class StudyHoldings(
    CatalogueDatabase catalogue, VolumeStore volumes, IFetchRights rights, TimeProvider time, UseStatistics? statistics = null) : IHeldObjects
{
    private readonly ChangedStudies _changed = new(catalogue);

    /// <inheritdoc/>
    public ValueTask<IHeldScope?> FindAsync(NodeId peer, TransferScope scope, CancellationToken cancellationToken)
    {
        var seen = catalogue.LastSequence();
        if (Find(peer, scope, cancellationToken) is not { } objects)
        {
            return ValueTask.FromResult<IHeldScope?>(null);
        }

        if (objects.Count > 0)
        {
            statistics?.Touched(scope.Name);
        }

        return ValueTask.FromResult<IHeldScope?>(new Study(this, peer, scope, objects, seen));
    }

    private CatalogueDatabase Catalogue => catalogue;

    private VolumeStore Volumes => volumes;

    private TimeProvider Time => time;

    /// <summary>What is here of a scope, by content; null if the node may not see it.</summary>
    private Dictionary<ContentHash, HeldObject>? Find(NodeId peer, TransferScope scope, CancellationToken ct)
    {
        if (Told(peer, scope) is not { } told)
        {
            return null;
        }

        var objects = new Dictionary<ContentHash, HeldObject>();
        foreach (var (uid, copy) in Copies(scope, told, ct))
        {
            objects[new ContentHash(copy.Hash.Span)] = new HeldObject(uid, copy, copy.LengthBytes, HeldForm.Received);
            if (copy.Compact is { Hash.Length: ContentHash.LengthBytes } compact)
            {
                objects[new ContentHash(compact.Hash.Span)] = new HeldObject(uid, copy, compact.LengthBytes, HeldForm.Compact);
                foreach (var (number, stage) in CompactStages.Of(compact).Index())
                {
                    objects[stage.Hash] = new HeldObject(uid, copy, stage.LengthBytes, HeldForm.Stage) { Number = number };
                }
            }
        }

        return objects;
    }

    /// <summary>The contents of a scope that a node may fetch and that are here in fewer bytes.</summary>
    internal IReadOnlyCollection<CompactOffer> CompactForms(NodeId peer, TransferScope scope, CancellationToken ct) => Told(peer, scope) is not { } told ? [] :
    [
        .. Copies(scope, told, ct).Where(static held => held.Copy.Compact is { Hash.Length: ContentHash.LengthBytes }).Take(FormsMessages.FormLimit)
            .Select(static held => new CompactOffer(
                new ContentHash(held.Copy.Hash.Span), new ContentHash(held.Copy.Compact!.Hash.Span), held.Copy.Compact.LengthBytes, CompactStages.Of(held.Copy.Compact))),
    ];

    /// <summary>The series of a scope that a node may fetch; null for none.</summary>
    private IReadOnlySet<string>? Told(NodeId peer, TransferScope scope) =>
        rights.FetchableBy(peer) is { } filter && catalogue.SeriesTold(scope.Name, filter) is { Count: > 0 } told ? told : null;

    private IEnumerable<(string Uid, CopyRecord Copy)> Copies(TransferScope scope, IReadOnlySet<string> told, CancellationToken ct) =>
        from row in catalogue.Locate(new RetrieveKeys { StudyInstanceUids = [scope.Name] }, ct)
        where told.Contains(row.SeriesInstanceUid)
        from copy in row.Copies
        where copy is { State: CopyState.Staged or CopyState.Online, Hash.Length: ContentHash.LengthBytes }
        select (row.SopInstanceUid, copy);

    private enum HeldForm
    {
        /// <summary>As it was stored at first.</summary>
        Received,

        /// <summary>The compact file.</summary>
        Compact,

        /// <summary>One stage of it.</summary>
        Stage,
    }

    /// <summary>One form of a content that is here.</summary>
    private sealed record HeldObject(string Uid, CopyRecord Copy, long LengthBytes, HeldForm Form)
    {
        /// <summary>Of a stage.</summary>
        public int Number { get; init; }
    }

    private sealed class Study(StudyHoldings of, NodeId peer, TransferScope scope, Dictionary<ContentHash, HeldObject> objects, long seen) : IHeldScope
    {
        // A study that is stored has a commit for each few images: looked at together, they cost one reading of it.
        private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(250);

        private volatile Dictionary<ContentHash, HeldObject> _objects = objects;
        private long _seen = seen;

        public bool Holds(ContentHash hash, long lengthBytes) => _objects.TryGetValue(hash, out var held) && held.LengthBytes == lengthBytes;

        public async Task NextChangeAsync(CancellationToken cancellationToken)
        {
            while (true)
            {
                // Asked for before looking, so that what is committed in between is not missed.
                var commit = of.Catalogue.NextCommitAsync();
                if (IsConcerned())
                {
                    _objects = of.Find(peer, scope, cancellationToken) ?? [];
                    return;
                }

                await commit.WaitAsync(cancellationToken);
                await Task.Delay(LookInterval, of.Time, cancellationToken);
            }
        }

        /// <summary>Whether one of the changes since it was asked last is about this study.</summary>
        private bool IsConcerned()
        {
            var newest = of.Catalogue.LastSequence();
            if (of._changed.Since(_seen) is not { } changes)
            {
                // What is not known may have been about it.
                _seen = newest;
                return true;
            }

            _seen += changes.Length;
            return changes.Any(change => change.StudyInstanceUid is { } study ? study == scope.Name : _objects.Values.Any(held => held.Uid == change.Uid));
        }

        public IHeldObject? Open(ContentHash hash)
        {
            if (!_objects.TryGetValue(hash, out var held))
            {
                return null;
            }

            try
            {
                return held.Form == HeldForm.Stage ? OpenStage(held) : Open(held.Copy, held.Form == HeldForm.Compact);
            }
            catch (ObjectMissingException)
            {
                // Gone, or a compact form has come to stand for it.
                var now = of.Catalogue.FindInstance(held.Uid)?.Copies.FirstOrDefault(copy => copy.Path != held.Copy.Path && copy.Hash.Span.SequenceEqual(held.Copy.Hash.Span));
                return now is null || held.Form != HeldForm.Received ? null : Open(now, isCompact: false);
            }
        }

        private StageBytes? OpenStage(HeldObject held)
        {
            using var file = of.Volumes.Open(new VolumeId(held.Copy.VolumeId), held.Copy.Path);
            return CompactStages.Cut(file, held.Number) is { } bytes ? new StageBytes(bytes) : null;
        }

        private IHeldObject Open(CopyRecord copy, bool isCompact) => copy.Compact is null || isCompact
            ? new StoredFile(of.Volumes.Open(new VolumeId(copy.VolumeId), copy.Path))
            : new CompactedFile(of.Volumes.OpenReceived(copy));
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

    private sealed class StageBytes(byte[] bytes) : IHeldObject
    {
        public int ReadAt(Span<byte> buffer, long offset)
        {
            var read = bytes.AsSpan((int)Math.Min(offset, bytes.Length));
            read = read[..Math.Min(read.Length, buffer.Length)];
            read.CopyTo(buffer);
            return read.Length;
        }

        public void Dispose()
        {
        }
    }

    private sealed class StoredFile(ObjectReader file) : IHeldObject
    {
        public int ReadAt(Span<byte> buffer, long offset) => file.ReadAt(buffer, offset);

        public void Dispose() => file.Dispose();
    }
}
