namespace Panal.Catalogue;

/// <summary>Which changes of a publisher are known, and how to recognise that it is still the same catalogue.</summary>
/// <param name="History">Random identity of the publisher's catalogue.</param>
/// <param name="Sequence">Its changes up to here are known.</param>
/// <param name="Seen">Its newest change when it read what it last told; beyond the sequence while something long is being caught up.</param>
/// <param name="Mark">Of its change there: a catalogue that was restored since has another one, or none.</param>
/// <param name="Filter">Fingerprint of what the publisher lets be seen.</param>
/// <param name="SnapshotAfter">While a snapshot is taken over, the last of its studies that is known, 0 for none; else null.</param>
/// <remarks>docs/formats/feed.md, "Cursor".</remarks>
public readonly record struct FeedCursor(Guid History, long Sequence, long Seen, long Mark, long Filter, long? SnapshotAfter)
{
    /// <summary>Nothing is known.</summary>
    public static FeedCursor None => default;
}

/// <summary>Where a publisher's feed stands, as far as was heard.</summary>
/// <param name="Sequence">Its newest change.</param>
/// <param name="At">When that was so, by the publisher's clock.</param>
public readonly record struct FeedHead(long Sequence, DateTimeOffset At);

/// <summary>What is known of another node's feed.</summary>
/// <param name="Node">The publisher's identity.</param>
/// <param name="Authority">What a publisher with a higher one says of patients, studies and series wins.</param>
/// <param name="Cursor">What was applied.</param>
/// <param name="Head">Its own head as last heard; null before.</param>
/// <param name="AppliedAt">When something of it was last written here; null before.</param>
/// <param name="IsComplete">False while a snapshot or a long absence is being caught up: then its studies are whole, each by itself.</param>
public sealed record PublisherState(Guid Node, int Authority, FeedCursor Cursor, FeedHead? Head, DateTimeOffset? AppliedAt, bool IsComplete)
{
    /// <summary>Changes of the publisher that are not known here, as far as was heard.</summary>
    public long LagChanges => Math.Max(0, (Head?.Sequence ?? 0) - Cursor.Sequence);
}

/// <summary>One step of a feed: whole transactions of the publisher, or one part of its snapshot.</summary>
/// <param name="State">What it says.</param>
/// <param name="Cursor">What is known when it is applied.</param>
/// <param name="Head">Where the publisher's feed stands.</param>
/// <param name="IsFreshSnapshot">The first part of a new snapshot: what it does not say has gone when it ends.</param>
public sealed record FeedStep(CatalogueState State, FeedCursor Cursor, FeedHead Head, bool IsFreshSnapshot)
{
    /// <summary>Whether all is known then.</summary>
    public bool IsComplete => Cursor.SnapshotAfter is null && Cursor.Sequence >= Head.Sequence;
}

/// <summary>A node that holds something.</summary>
/// <param name="Node">Its identity.</param>
/// <param name="Instances">How many of the instances asked for it holds.</param>
public readonly record struct Holder(Guid Node, long Instances);

/// <summary>Who can get an instance from an archive that is no node of the network.</summary>
/// <param name="Source">The foreign archive behind this node, or the node that has one behind it.</param>
/// <param name="IsForeign">Whether it is a foreign archive behind this node.</param>
public readonly record struct Offerer(Guid Source, bool IsForeign);

/// <summary>A node that holds one instance.</summary>
/// <param name="Node">Its identity.</param>
/// <param name="LengthBytes">Length of what it holds, in bytes.</param>
/// <param name="Hash">Content hash of what it holds: the root to fetch it by.</param>
/// <param name="IsShown">Whether it is the content that the catalogue describes; others are conflicts.</param>
public sealed record InstanceHolder(Guid Node, long LengthBytes, ReadOnlyMemory<byte> Hash, bool IsShown);
