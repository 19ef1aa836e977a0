using Panal.Dicom;

namespace Panal.Catalogue;

/// <summary>What two sources say differently. Stored: numbers never change.</summary>
public enum ConflictKind : byte
{
    /// <summary>Two contents under one SOP Instance UID.</summary>
    OtherContent = 1,

    /// <summary>Attributes of one patient.</summary>
    PatientAttributes = 2,

    /// <summary>Attributes of one study.</summary>
    StudyAttributes = 3,

    /// <summary>Attributes of one series.</summary>
    SeriesAttributes = 4,

    /// <summary>One Study Instance UID under two patients; the study stays with the first.</summary>
    StudyOfOtherPatient = 5,

    /// <summary>One Series Instance UID in two studies; both are kept.</summary>
    SeriesOfOtherStudy = 6,
}

/// <summary>What was done with the later one. Stored: numbers never change.</summary>
public enum ConflictDecision : byte
{
    /// <summary>The first one stays, the later content is not kept.</summary>
    KeptFirst = 1,

    /// <summary>The later content is kept as another version.</summary>
    KeptBoth = 2,

    /// <summary>The sender was refused.</summary>
    Refused = 3,

    /// <summary>Another node holds the other content; each node answers with its own.</summary>
    HeldElsewhere = 4,

    /// <summary>The later attributes are shown: this node's word goes before that of the node that was the first to tell of the study.</summary>
    TookOver = 5,

    /// <summary>An administrator chose the later content: the archive answers with it, and what came first is kept as the version.</summary>
    ChoseLater = 6,

    /// <summary>An administrator wants the other content, which is not kept here: whoever brings it, it is kept as another version.</summary>
    Wanted = 7,
}

/// <summary>What became of the choice of a version.</summary>
public enum VersionChoice
{
    /// <summary>The archive answers with it from now on.</summary>
    Chosen,

    /// <summary>There is no such conflict that is open, or its other content is not kept here.</summary>
    NotKept,

    /// <summary>Its file names another study or series than the instance is in.</summary>
    OfOtherSeries,
}

/// <summary>A difference for the administrator.</summary>
/// <param name="Subject">SOP Instance UID, Study or Series Instance UID, or the key of the patient.</param>
/// <param name="SopInstanceUid">The instance that brought the other content.</param>
/// <param name="Version">Version of the kept copy; null when nothing was kept.</param>
/// <param name="Other">The other attributes, where attributes are disputed.</param>
public sealed record Conflict(
    long Id,
    ConflictKind Kind,
    string Subject,
    string SopInstanceUid,
    string SourceAeTitle,
    DateTimeOffset DetectedAt,
    ConflictDecision Decision,
    int? Version,
    DataSet Other,
    DateTimeOffset? ResolvedAt)
{
    /// <summary>SHA-256 of the other content, where contents are disputed; else empty.</summary>
    public ReadOnlyMemory<byte> ContentHash { get; init; }

    public override string ToString() => "[redacted]";
}
