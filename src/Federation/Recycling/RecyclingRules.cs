namespace Panal.Federation.Recycling;

/// <summary>What is kept and what may go. The defaults are those of a replica.</summary>
public sealed record RecyclingRules
{
    /// <summary>Above this, in bytes, studies go; long.MaxValue for no limit.</summary>
    public long HighMarkBytes { get; init; } = long.MaxValue;

    /// <summary>Until no more than this is left, in bytes; at most the high mark. The distance makes runs few.</summary>
    public long LowMarkBytes { get; init; } = long.MaxValue;

    /// <summary>What was used or received more recently stays however full it is: somebody may be looking at it.</summary>
    public TimeSpan Rest { get; init; } = TimeSpan.FromHours(1);

    /// <summary>What was not used for so long goes even when there is room; null to keep it.</summary>
    public TimeSpan? Idle { get; init; }

    /// <summary>After which a use is worth half: a month, since follow-ups come in weeks and months.</summary>
    public TimeSpan HalfLife { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Studies with a series of one of these modalities stay.</summary>
    public IReadOnlySet<string> KeptModalities { get; init; } = new HashSet<string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Studies with a series of one of these institutions stay.</summary>
    public IReadOnlySet<string> KeptInstitutions { get; init; } = new HashSet<string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Studies whose date is less than so many days ago stay; 0 for no such rule.</summary>
    public int KeptDays { get; init; }

    /// <summary>Nodes that must hold a study, read back when asked and kept for good, before it goes.</summary>
    public int Keepers { get; init; } = 1;

    /// <summary>A study that was not confirmed is not asked about again for so long: each time the holders read it back.</summary>
    public TimeSpan AskAgainAfter { get; init; }
}

/// <summary>A study of which bytes are here.</summary>
/// <param name="StudyInstanceUid">Study Instance UID.</param>
/// <param name="LengthBytes">Bytes that it takes here.</param>
/// <param name="Instances">Instances that are here.</param>
/// <param name="Modalities">Modalities of its series here.</param>
/// <param name="Institutions">Institutions of its series here.</param>
/// <param name="Date">Study Date, if known.</param>
/// <param name="IsPinned">Somebody wants it to stay.</param>
/// <param name="Use">How much it is used.</param>
public sealed record HeldStudy(
    string StudyInstanceUid,
    long LengthBytes,
    long Instances,
    IReadOnlyList<string> Modalities,
    IReadOnlyList<string> Institutions,
    DateOnly? Date,
    bool IsPinned,
    UseRecord Use)
{
    /// <summary>No patient data in logs.</summary>
    public override string ToString() => $"{Instances} instances, {LengthBytes} bytes";
}

/// <summary>Why a study goes. In the history on disk: numbers never change.</summary>
public enum RecyclingReason : byte
{
    /// <summary>The high mark is passed.</summary>
    Capacity = 1,

    /// <summary>Not used for long.</summary>
    Idle = 2,
}

/// <summary>A study that may go.</summary>
public sealed record RecyclingCandidate(HeldStudy Study, RecyclingReason Reason);
