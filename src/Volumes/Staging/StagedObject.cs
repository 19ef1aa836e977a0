namespace Panal.Volumes.Staging;

/// <summary>
/// One object that the log holds: first a reservation of its path, then committed, then placed on its volume, and
/// forgotten when its segment is released. Its own lock orders placing against deleting.
/// </summary>
internal sealed class StagedObject(string path)
{
    private volatile bool _isCommitted;

    public string Path => path;

    public required Volume Volume { get; set; }

    public FrameKind Kind { get; init; }

    public Segment? Segment { get; private set; }

    /// <summary>The segment's generation at commit; readers use it to see whether the bytes are still there.</summary>
    public ulong Generation { get; private set; }

    public long FrameOffset { get; private set; }

    public long DataOffset => FrameOffset + SegmentFormat.PageBytes;

    public long LengthBytes { get; private set; }

    public ContentHash Hash { get; private set; }

    /// <summary>Number of the file of a large object among the parts of its volume; 0 for others.</summary>
    public ulong Part { get; init; }

    /// <summary>Visible to readers.</summary>
    public bool IsCommitted => _isCommitted;

    /// <summary>Guarded by the lock on this object.</summary>
    public bool IsDeleted { get; set; }

    /// <summary>The final file is complete, though perhaps not durable yet; guarded by the lock on this object.</summary>
    public bool IsPlaced { get; set; }

    public void Commit(Segment segment, long frameOffset, long lengthBytes, ContentHash hash)
    {
        (Segment, Generation, FrameOffset, LengthBytes, Hash) = (segment, segment.Generation, frameOffset, lengthBytes, hash);
        _isCommitted = true;
    }
}
