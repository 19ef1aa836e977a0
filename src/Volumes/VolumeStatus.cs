namespace Panal.Volumes;

/// <summary>What may be done with a volume.</summary>
public enum VolumeState
{
    /// <summary>Objects are stored and read.</summary>
    Writable,

    /// <summary>Objects are only read, by configuration.</summary>
    ReadOnly,

    /// <summary>The reserve is reached; objects are only read.</summary>
    Full,

    /// <summary>Writing failed, or the directory is not the volume that it should be; reading is tried.</summary>
    Failed,
}

/// <summary>State of one volume; <paramref name="Reason"/> is empty while it is writable.</summary>
public sealed record VolumeStatus(
    VolumeId Id, string Group, string RootPath, VolumeState State, string Reason, long FreeBytes, long ReserveBytes);

/// <summary>State of the staging log.</summary>
/// <param name="Segments">Segments on disk.</param>
/// <param name="BusySegments">Segments that hold objects or are being written to.</param>
/// <param name="WaitingSegments">Segments that wait for the settler.</param>
/// <param name="StagedObjects">Objects that are durable in the log and not yet on their volume.</param>
/// <param name="StagedBytes">Their bytes.</param>
/// <param name="Trouble">Why objects cannot leave the log or enter it; null if all is well.</param>
public sealed record StagingStatus(
    int Segments, int BusySegments, int WaitingSegments, int StagedObjects, long StagedBytes, string? Trouble);

/// <summary>An object that is durable.</summary>
public readonly record struct StoredObject(VolumeId Volume, string Path, long LengthBytes, ContentHash Hash);

/// <summary>An object whose note may not have reached the catalogue before the last stop; in order of commit.</summary>
public readonly record struct RecoveredObject(VolumeId Volume, string Path, long LengthBytes, ContentHash Hash, ReadOnlyMemory<byte> Note);

/// <summary>What a verification found.</summary>
public enum VerifyOutcome
{
    /// <summary>The bytes on disk are the expected ones.</summary>
    Verified,

    /// <summary>There is no such object.</summary>
    Missing,

    /// <summary>Other bytes, or another length.</summary>
    Damaged,

    /// <summary>The disk gives an error.</summary>
    Unreadable,
}
