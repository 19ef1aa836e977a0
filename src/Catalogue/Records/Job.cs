namespace Panal.Catalogue;

/// <summary>Where a job stands. Stored: numbers never change.</summary>
public enum JobState : byte
{
    /// <summary>Waits for its time.</summary>
    Waiting = 1,

    /// <summary>Given up; kept for the administrator.</summary>
    Failed = 2,
}

/// <summary>Something that must be done even when the node stops in between.</summary>
/// <param name="Kind">Who does it, for example "storage-commitment".</param>
/// <param name="Key">Unique within the kind.</param>
/// <param name="Payload">What the doer needs; opaque here.</param>
/// <param name="DueAt">Not before this time.</param>
/// <param name="Attempts">How often it was tried.</param>
public sealed record Job(long Id, string Kind, string Key, ReadOnlyMemory<byte> Payload, DateTimeOffset DueAt, int Attempts, JobState State)
{
    /// <summary>Longest payload accepted, in bytes.</summary>
    public const int PayloadLimitBytes = 16 * 1024 * 1024;

    public override string ToString() => $"{Kind} job {Id}";
}
