using Panal.Dicom;

namespace Panal.Archive.Ingest;

/// <summary>Why an instance was not taken in. Each door has one table from these to its wire (docs/refusals.tsv).</summary>
public enum IngestRefusal
{
    /// <summary>No volume can take the bytes: full, read-only or failing.</summary>
    OutOfResources,

    /// <summary>The data set is not the SOP Class or SOP Instance that the command announced.</summary>
    DataSetDoesNotMatchSopClass,

    /// <summary>The bytes are not a data set in the announced transfer syntax, or identify no study.</summary>
    CannotUnderstand,

    /// <summary>A UID is not one (PS3.5 §9.1), nor near enough to be kept.</summary>
    InvalidUid,

    /// <summary>The SOP Instance UID is held with other content, and the policy is to refuse.</summary>
    DuplicateSopInstance,

    /// <summary>The caller may not store this.</summary>
    NotAuthorized,

    /// <summary>Our own failure.</summary>
    ProcessingFailure,
}

/// <summary>What became of an instance that was offered.</summary>
public enum IngestResult
{
    /// <summary>New, durable and catalogued.</summary>
    Stored,

    /// <summary>The same bytes were held already; nothing changed.</summary>
    AlreadyThere,

    /// <summary>Other bytes are held under this UID; they stay, the offered ones were dropped, the conflict is recorded.</summary>
    KeptFirst,

    /// <summary>Other bytes are held under this UID; the offered ones are kept beside them as a version.</summary>
    KeptBoth,

    /// <summary>Nothing was kept; <see cref="IngestOutcome.Refusal"/> says why.</summary>
    Refused,
}

/// <summary>The outcome of one ingest.</summary>
/// <param name="Result">What became of the instance.</param>
/// <param name="Refusal">The reason, only with <see cref="IngestResult.Refused"/>.</param>
/// <param name="Explanation">At most 64 characters without patient data: fits Error Comment (0000,0902).</param>
public readonly record struct IngestOutcome(IngestResult Result, IngestRefusal? Refusal = null, string? Explanation = null)
{
    /// <summary>The catalogued attributes of an instance that arrived whole, for the audit trail; null otherwise.</summary>
    public DataSet? Attributes { get; init; }

    /// <summary>True when the sender may forget the instance: it, or another under its UID, is durable here.</summary>
    public bool IsAcknowledged => Result != IngestResult.Refused;

    internal static IngestOutcome Refused(IngestRefusal reason, string explanation) =>
        new(IngestResult.Refused, reason, explanation.Length <= 64 ? explanation : explanation[..64]);
}
