namespace Panal.Catalogue;

/// <summary>What a change did. Stored: numbers never change.</summary>
public enum ChangeKind : byte
{
    /// <summary>An instance was added.</summary>
    InstanceAdded = 1,

    /// <summary>An instance was deleted with all its copies, or all its copies were let go; the row stays while others hold it.</summary>
    InstanceDeleted = 2,

    /// <summary>A copy was added, moved, removed, or changed its state.</summary>
    CopiesChanged = 3,

    /// <summary>Other content for the instance was recorded.</summary>
    ConflictRecorded = 4,

    /// <summary>Attributes of a study or of its patient were corrected; the subject is the Study Instance UID.</summary>
    StudyCorrected = 5,

    /// <summary>A foreign archive behind this node offers an instance, in other words than before, or offers it no more.</summary>
    InstanceOffered = 6,
}

/// <summary>One entry of the change feed, written in the transaction of what it tells.</summary>
/// <param name="Sequence">From 1, without gaps, in the order of commits.</param>
/// <param name="SopInstanceUid">The instance, or the study that was corrected; FindInstance and Query tell what it is now.</param>
public sealed record Change(long Sequence, ChangeKind Kind, DateTimeOffset At, string SopInstanceUid);
