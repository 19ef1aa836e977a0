namespace Panal.Catalogue;

/// <summary>What became of compacting a copy. Stored: numbers never change.</summary>
public enum CompactionOutcome : byte
{
    /// <summary>Nobody has decided yet.</summary>
    Undecided = 0,

    /// <summary>The file at its path is the compact form.</summary>
    Compact = 1,

    /// <summary>It is compressed already, or no image.</summary>
    NotApplicable = 2,

    /// <summary>It is an image that has no compact form: of unusual samples, signed, damaged, or beyond a limit.</summary>
    NotPossible = 3,

    /// <summary>The compact form would not be much shorter.</summary>
    NotShorter = 4,

    /// <summary>What was made did not give the stored file back; it was thrown away.</summary>
    NotReversible = 5,
}

/// <summary>The file at the path of a copy, where it is a compact form (docs/formats/compact-form.md).</summary>
/// <param name="LengthBytes">Its length.</param>
/// <param name="Hash">Its content hash.</param>
/// <param name="DataSetOffsetBytes">Where its data set starts.</param>
/// <param name="TransferSyntaxUid">How its data set is encoded.</param>
public sealed record CompactFile(long LengthBytes, ReadOnlyMemory<byte> Hash, long DataSetOffsetBytes, string TransferSyntaxUid)
{
    /// <summary>Its stages, as docs/formats/catalogue.md says; empty when it has none. They follow from its bytes and are no part of what it is.</summary>
    public ReadOnlyMemory<byte> Stages { get; init; }

    public bool Equals(CompactFile? other) =>
        other is not null && LengthBytes == other.LengthBytes && Hash.Span.SequenceEqual(other.Hash.Span)
        && DataSetOffsetBytes == other.DataSetOffsetBytes && TransferSyntaxUid == other.TransferSyntaxUid;

    public override int GetHashCode() => HashCode.Combine(LengthBytes, DataSetOffsetBytes, TransferSyntaxUid);
}

/// <summary>A copy that nobody has decided upon.</summary>
/// <param name="Id">Of its instance in the catalogue, ascending with the time when the instance was first heard of.</param>
/// <param name="Modality">Of its series.</param>
/// <param name="SourceAeTitle">Who sent it; empty for what another node brought.</param>
/// <param name="ReceivedAt">When it came.</param>
/// <param name="Copy">The copy of version 0.</param>
public sealed record CompactionCandidate(
    long Id, string SopInstanceUid, string TransferSyntaxUid, string Modality, string SourceAeTitle, DateTimeOffset ReceivedAt, CopyRecord Copy)
{
    public override string ToString() => SopInstanceUid;
}

/// <summary>A decision upon one copy.</summary>
/// <param name="SopInstanceUid">Its instance.</param>
/// <param name="Before">The copy as it was; if it is no longer so, nothing is changed.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="Path">Where the compact form is, on the same volume or another; as before where there is none.</param>
/// <param name="VolumeId">The volume of the path.</param>
/// <param name="File">The compact form; null where there is none.</param>
public sealed record CompactionDecision(string SopInstanceUid, CopyRecord Before, CompactionOutcome Outcome, string Path, int VolumeId, CompactFile? File)
{
    /// <summary>A path may hold a patient identifier.</summary>
    public override string ToString() => $"{SopInstanceUid} {Outcome}";
}

/// <summary>How far compaction is, of first versions.</summary>
/// <param name="Undecided">Copies that nobody has decided upon.</param>
/// <param name="Compact">Copies that are compact.</param>
/// <param name="LeftAlone">Copies that stay as they are.</param>
/// <param name="ReceivedBytes">Length of the compact ones as they were received.</param>
/// <param name="CompactBytes">Their length now.</param>
public sealed record CompactionCounts(long Undecided, long Compact, long LeftAlone, long ReceivedBytes, long CompactBytes);
