namespace Panal.Catalogue;

/// <summary>How far the bytes of a copy can be trusted. Stored: numbers never change.</summary>
public enum CopyState : byte
{
    /// <summary>Durable in the staging log; not yet in its final file.</summary>
    Staged = 1,

    /// <summary>In its final file.</summary>
    Online = 2,

    /// <summary>On a medium that must be fetched first.</summary>
    Nearline = 3,

    /// <summary>On a medium that somebody must insert.</summary>
    Offline = 4,

    /// <summary>Read back with another hash than the catalogued one.</summary>
    Damaged = 5,

    /// <summary>Not where it should be.</summary>
    Missing = 6,
}

/// <summary>Where the bytes of an instance are.</summary>
/// <param name="VolumeId">Number of the volume.</param>
/// <param name="Path">Path inside the volume.</param>
/// <param name="LengthBytes">Length of the whole file as it was stored at first, in bytes.</param>
/// <param name="Hash">Content hash of that file; it names the content for ever, in whatever form it is kept.</param>
/// <param name="DataSetOffsetBytes">Where its data set starts, in bytes from the start of the file.</param>
/// <param name="State">How far the bytes can be trusted.</param>
public sealed record CopyRecord(int VolumeId, string Path, long LengthBytes, ReadOnlyMemory<byte> Hash, long DataSetOffsetBytes, CopyState State)
{
    /// <summary>Longest hash accepted, in bytes.</summary>
    public const int HashLimitBytes = 64;

    /// <summary>0 for what the archive answers with; higher for other contents kept under the same UID.</summary>
    public int Version { get; init; }

    /// <summary>The file at the path where that is a compact form, which gives the first file back; null where it is the first file itself.</summary>
    public CompactFile? Compact { get; init; }

    /// <summary>When the bytes were last read back and found right.</summary>
    public DateTimeOffset? VerifiedAt { get; init; }

    public bool Equals(CopyRecord? other) =>
        other is not null && VolumeId == other.VolumeId && Path == other.Path && LengthBytes == other.LengthBytes
        && Hash.Span.SequenceEqual(other.Hash.Span) && DataSetOffsetBytes == other.DataSetOffsetBytes && State == other.State
        && Version == other.Version && VerifiedAt == other.VerifiedAt && Equals(Compact, other.Compact);

    public override int GetHashCode() => HashCode.Combine(VolumeId, Path, LengthBytes, Version);

    /// <summary>A path may hold a patient identifier.</summary>
    public override string ToString() => "[redacted]";
}

/// <summary>A new state of one copy.</summary>
/// <param name="VerifiedAt">When the bytes were read back and found right; null leaves the time as it was.</param>
public sealed record CopyStateChange(string SopInstanceUid, int VolumeId, CopyState State, DateTimeOffset? VerifiedAt)
{
    public int Version { get; init; }
}
