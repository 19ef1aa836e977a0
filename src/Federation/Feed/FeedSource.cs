using System.Buffers;
using Panal.Catalogue;
using Panal.Catalogue.Replication;

namespace Panal.Federation.Feed;

/// <summary>The publisher's side of one stream: what to write next, given what was written. No clock and no pipe of its own.</summary>
/// <param name="stepChanges">Changes in one step at most.</param>
/// <param name="stepInstances">Instances in one part of a snapshot, about.</param>
internal sealed class FeedSource(
    CatalogueDatabase catalogue, FeedFilter filter, int stepChanges = CatalogueDatabase.StepChanges, int stepInstances = CatalogueDatabase.StepInstances)
{
    private readonly StateEncoder _encoder = new();
    private FeedMode _mode;
    private FeedCursor _cursor;
    private long _told;
    private bool _isFresh;
    private long _lookedAt;

    /// <summary>Nothing more will be written.</summary>
    internal bool HasEnded { get; private set; }

    /// <summary>What the subscriber was told of so far.</summary>
    internal FeedCursor Cursor => _cursor;

    /// <summary>Answers a hello.</summary>
    /// <exception cref="FeedProtocolException">The content is no hello.</exception>
    internal void Answer(ReadOnlySpan<byte> hello, IBufferWriter<byte> output)
    {
        var (mode, cursor) = FeedMessages.ReadOpening(hello);
        bool canResume = catalogue.CanResume(cursor, filter);
        switch (mode)
        {
            case FeedMode.Feed when canResume && cursor.SnapshotAfter is null:
                _told = cursor.Filter;
                _cursor = _told == filter.Fingerprint ? cursor : Renewed(cursor);
                break;
            case FeedMode.Feed:
                mode = FeedMode.SnapshotNeeded;
                _cursor = catalogue.OwnHead(filter);
                HasEnded = true;
                break;
            case FeedMode.Snapshot:
                _isFresh = !canResume || cursor.SnapshotAfter is null;
                _cursor = _isFresh ? catalogue.OwnHead(filter) with { SnapshotAfter = 0 } : cursor;
                break;
            default:
                throw new FeedProtocolException("A hello asks for nothing.");
        }

        _mode = mode;
        FeedMessages.WriteOpening(output, FeedFrameKind.Begin, mode, _cursor);
    }

    /// <summary>Writes the next step; false when there is nothing new.</summary>
    /// <exception cref="InvalidDataException">One single study, or change, is more than a step can say.</exception>
    internal bool TryNext(IBufferWriter<byte> output)
    {
        if (HasEnded)
        {
            return false;
        }

        for (int limit = _mode == FeedMode.Feed ? stepChanges : stepInstances; limit > 0; limit /= 2)
        {
            var step = _mode == FeedMode.Feed
                ? catalogue.OwnChanges(_cursor.Sequence, limit, filter, _told)
                : catalogue.OwnSnapshot(_cursor, _isFresh, limit, filter);
            if (step is null)
            {
                // Compacted past the cursor while the stream stood: the subscriber comes again and is given a snapshot.
                HasEnded = true;
                return false;
            }

            if (_mode == FeedMode.Feed && step.Cursor.Sequence == _cursor.Sequence)
            {
                return false;
            }

            if (step.State.InstanceCount <= StateDecoder.InstanceLimit && Write(output, step) > 0)
            {
                _cursor = step.Cursor;
                _told = _cursor.Filter;
                _isFresh = false;
                HasEnded = _mode == FeedMode.Snapshot && _cursor.SnapshotAfter is null;
                return true;
            }
        }

        throw new InvalidDataException("A study is more than a step of the feed can say.");
    }

    /// <summary>True if all that is new are copies here of what other nodes are known to hold: whoever hears of them later misses nothing.</summary>
    internal bool HasOnlyCopies()
    {
        _lookedAt = Math.Max(_lookedAt, _cursor.Sequence);
        IReadOnlyList<Change> changes;
        while ((changes = catalogue.Changes(_lookedAt, stepChanges)).Count > 0 && changes.All(IsCopy))
        {
            _lookedAt = changes[^1].Sequence;
        }

        return _mode == FeedMode.Feed && changes.Count == 0;
    }

    private bool IsCopy(Change change) =>
        change.Kind is ChangeKind.InstanceAdded or ChangeKind.CopiesChanged && catalogue.HoldersOfInstance(change.SopInstanceUid).Count > 0;

    /// <summary>
    /// The cursor of another day's filter, under today's. Each step must go beyond the cursor before it, and there is one to come: it tells what has become too
    /// old. So without other news the newest change is told again.
    /// </summary>
    private FeedCursor Renewed(FeedCursor cursor) => cursor with
    {
        Filter = filter.Fingerprint,
        Sequence = cursor.Sequence < catalogue.LastSequence() ? cursor.Sequence : Math.Max(0, cursor.Sequence - 1),
    };

    private int Write(IBufferWriter<byte> output, FeedStep step) =>
        _mode == FeedMode.Feed && step.Cursor.History == _cursor.History && step.Cursor.Filter == _cursor.Filter && step.Head.At.ToUnixTimeMilliseconds() >= 0
            ? FeedMessages.WriteNext(output, step, _cursor, _encoder)
            : FeedMessages.WriteStep(output, step, _encoder);

    /// <summary>Writes where the feed stands.</summary>
    internal void WriteHead(IBufferWriter<byte> output, DateTimeOffset now) => FeedMessages.WriteHead(output, new FeedHead(catalogue.LastSequence(), now));
}
