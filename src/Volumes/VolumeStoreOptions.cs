namespace Panal.Volumes;

/// <summary>A number that names a volume in the catalogue; given once, never reused.</summary>
public readonly record struct VolumeId(int Value)
{
    /// <inheritdoc/>
    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>One directory that holds objects.</summary>
public sealed record VolumeOptions
{
    /// <summary>Number of the volume, from 1; it is written into the directory and must stay with it.</summary>
    public required int Id { get; init; }

    /// <summary>The directory.</summary>
    public required string RootPath { get; init; }

    /// <summary>
    /// Bytes left free, beside room for what is staged; below this the volume is full and the next one of the group is used.
    /// </summary>
    public long ReserveBytes { get; init; } = 2L << 30;

    /// <summary>Never write to it; objects on it are read and verified only.</summary>
    public bool IsReadOnly { get; init; }
}

/// <summary>Volumes that stand in for one another; the first writable one takes what comes.</summary>
public sealed record VolumeGroupOptions
{
    /// <summary>Name of the group.</summary>
    public string Name { get; init; } = "online";

    /// <summary>The volumes in the order in which they are filled.</summary>
    public required IReadOnlyList<VolumeOptions> Volumes { get; init; }
}

/// <summary>How objects are staged and where they go.</summary>
public sealed record VolumeStoreOptions
{
    /// <summary>The directory of the node: staging log, lock, known volumes. One process at a time.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>At least one group; the first is the default.</summary>
    public required IReadOnlyList<VolumeGroupOptions> Groups { get; init; }

    /// <summary>Length of a segment of the staging log unless told otherwise, in bytes; 64 MiB hold about 120 CT slices.</summary>
    public const long DefaultSegmentBytes = 64L << 20;

    /// <summary>Length of a segment of the staging log, in bytes.</summary>
    public long SegmentBytes { get; init; } = DefaultSegmentBytes;

    /// <summary>Segments made ready beforehand; they stay. After a load that fills more, twice as many as it filled are.</summary>
    public int MinSegments { get; init; } = 4;

    /// <summary>
    /// Most segments: 64 of 64 MiB bound the disk space of the log to 4 GiB, some twenty seconds of a fast sender. While objects come in
    /// they stay in the log, because settling takes disk and processor from those who store.
    /// </summary>
    public int MaxSegments { get; init; } = 64;

    /// <summary>Segments that the log may have however full its disk is; beyond these it takes a sixteenth of the room that is free without it.</summary>
    public int SmallDiskSegments { get; init; } = 16;

    /// <summary>
    /// Staged objects that are settled even while others come in: their notes are read and replayed at a start after a crash. The lanes together
    /// hold as many again at most.
    /// </summary>
    public int DeferredObjects { get; init; } = 4_096;

    /// <summary>Most segments that are written to at once; more writers take turns.</summary>
    public int MaxLanes { get; init; } = 8;

    /// <summary>Objects longer than this, in bytes, get a file of their own at once and are never copied.</summary>
    public long LargeObjectBytes { get; init; } = 16L << 20;

    /// <summary>Segments settled together at most: one sync then serves all of them.</summary>
    public int SettleBatchSegments { get; init; } = 4;

    /// <summary>When nothing was committed for this long, everything staged is settled.</summary>
    public TimeSpan IdleBeforeSettling { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Nothing stays staged longer than about this, however busy the node is.</summary>
    public TimeSpan LongestStaging { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a writer waits for a free lane before it takes a file of its own.</summary>
    public TimeSpan LaneWait { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How long a failed or full volume is left alone before it is tried again.</summary>
    public TimeSpan RetryInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>False leaves settling to calls of <see cref="VolumeStore.SettleAsync"/> (tests).</summary>
    internal bool SettlesInBackground { get; init; } = true;

    /// <summary>Every reason why these options cannot be used; empty if they can.</summary>
    public IReadOnlyList<string> Validate()
    {
        var reasons = new List<string>();
        var volumes = Groups.SelectMany(group => group.Volumes).ToList();
        Check(!string.IsNullOrWhiteSpace(DataDirectory), "The data directory is missing.");
        Check(volumes.Count > 0 && Groups.All(group => group.Volumes.Count > 0), "Every group needs at least one volume.");
        Check(volumes.TrueForAll(volume => volume.Id > 0), "Numbers of volumes begin at 1.");
        Check(volumes.DistinctBy(volume => volume.Id).Count() == volumes.Count, "Two volumes have the same number.");
        Check(
            volumes.DistinctBy(volume => Path.GetFullPath(volume.RootPath)).Count() == volumes.Count,
            "Two volumes have the same directory.");
        Check(Groups.DistinctBy(group => group.Name).Count() == Groups.Count, "Two groups have the same name.");
        Check(SegmentBytes % Staging.SegmentFormat.PageBytes == 0, "A segment is a multiple of 4096 bytes.");
        Check(
            SegmentBytes >= LargeObjectBytes + Staging.SegmentFormat.NoteLimitBytes + 16 * Staging.SegmentFormat.PageBytes,
            "A segment must hold the longest staged object with its note.");
        Check(LargeObjectBytes >= Staging.SegmentFormat.PageBytes, "Objects of one page are never large.");
        Check(MinSegments >= 0 && MaxSegments >= Math.Max(MinSegments, 2), "At least two segments, and no fewer than the fewest.");
        Check(MaxLanes >= 1 && MaxLanes < MaxSegments, "Fewer lanes than segments, and at least one.");
        Check(SettleBatchSegments >= 1, "A batch has at least one segment.");
        return reasons;

        void Check(bool condition, string reason)
        {
            if (!condition)
            {
                reasons.Add(reason);
            }
        }
    }
}
