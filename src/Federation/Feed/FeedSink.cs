using System.Buffers;
using Panal.Catalogue;
using Panal.Catalogue.Replication;

namespace Panal.Federation.Feed;

/// <summary>The subscriber's side of one stream: applies what comes, in order. No clock and no pipe of its own.</summary>
internal sealed class FeedSink(CatalogueDatabase catalogue, Guid publisher, FeedMode mode)
{
    private readonly StateMemory _memory = new();
    private FeedCursor _cursor;

    /// <summary>The publisher has answered the hello.</summary>
    internal bool HasBegun { get; private set; }

    /// <summary>The publisher cannot go on from our cursor: a stream for a snapshot comes next.</summary>
    internal bool NeedsSnapshot { get; private set; }

    /// <summary>Instances applied on this stream.</summary>
    internal long Instances { get; private set; }

    /// <summary>Writes the hello.</summary>
    internal void Open(IBufferWriter<byte> output)
    {
        var known = catalogue.Publishers().FirstOrDefault(state => state.Node == publisher)?.Cursor ?? FeedCursor.None;
        FeedMessages.WriteOpening(output, FeedFrameKind.Hello, mode, known);
    }

    /// <summary>Takes one frame.</summary>
    /// <exception cref="FeedProtocolException">It is not what can come now; nothing of it was applied.</exception>
    internal async ValueTask ReceiveAsync(FeedFrameKind kind, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        switch (kind)
        {
            case FeedFrameKind.Begin when !HasBegun:
                (var answered, _cursor) = FeedMessages.ReadOpening(content.Span);
                NeedsSnapshot = answered is FeedMode.SnapshotNeeded;
                HasBegun = answered == mode || NeedsSnapshot ? true : throw new FeedProtocolException("Another mode was answered than was asked for.");
                break;
            case FeedFrameKind.Head when HasBegun:
                await catalogue.HearAsync(publisher, FeedMessages.ReadHead(content.Span), ct);
                break;
            case FeedFrameKind.Step when HasBegun && !NeedsSnapshot:
                await ApplyAsync(FeedMessages.ReadStep(content, _memory), ct);
                break;
            case FeedFrameKind.Next when HasBegun && !NeedsSnapshot && mode is FeedMode.Feed:
                await ApplyAsync(FeedMessages.ReadNext(content, _cursor, _memory), ct);
                break;
            default:
                throw new FeedProtocolException("A frame came out of order.");
        }
    }

    private async ValueTask ApplyAsync(FeedStep step, CancellationToken ct)
    {
        bool isInOrder = step.Cursor.History == _cursor.History && step.Cursor.Filter == _cursor.Filter && (mode is FeedMode.Feed
            ? step.Cursor is { SnapshotAfter: null } && step.Cursor.Sequence > _cursor.Sequence && !step.IsFreshSnapshot
            : step.Cursor.Sequence == _cursor.Sequence && _cursor.SnapshotAfter is { } last && (step.Cursor.SnapshotAfter ?? long.MaxValue) > last);
        if (!isInOrder)
        {
            throw new FeedProtocolException("A step does not follow the one before.");
        }

        try
        {
            await catalogue.ApplyAsync(publisher, step, ct);
        }
        catch (StateFormatException fault)
        {
            throw new FeedProtocolException(fault.Message, fault);
        }

        _cursor = step.Cursor;
        Instances += step.State.InstanceCount;
    }
}
