using Panal.Dicom;

namespace Panal.Catalogue.Attributes;

/// <summary>The catalogued attributes of one instance, split by level and encoded; made once, used for the note and for the rows.</summary>
internal sealed class EncodedAttributes
{
    /// <summary>Longest attributes of one level, in bytes; a note holds four of them.</summary>
    internal const int LevelLimitBytes = 1024 * 1024;

    private readonly ReadOnlyMemory<byte>[] _levels;

    internal EncodedAttributes(ReadOnlyMemory<byte>[] levels, string studyInstanceUid, string seriesInstanceUid)
        : this(levels, studyInstanceUid, seriesInstanceUid, KeyOf(levels[0].Span, studyInstanceUid))
    {
    }

    internal EncodedAttributes(ReadOnlyMemory<byte>[] levels, string studyInstanceUid, string seriesInstanceUid, string patientKey)
    {
        _levels = levels;
        StudyInstanceUid = studyInstanceUid;
        SeriesInstanceUid = seriesInstanceUid;
        PatientKey = patientKey;
    }

    internal ReadOnlyMemory<byte> this[QueryLevel level] => _levels[(int)level];

    internal string StudyInstanceUid { get; }

    internal string SeriesInstanceUid { get; }

    /// <summary>Patient ID and issuer; without a Patient ID nobody knows whether two studies are of one person, so each stands alone.</summary>
    internal string PatientKey { get; }

    /// <summary>Whether both say the same of patient, study and series.</summary>
    internal bool HasSameParents(EncodedAttributes other) =>
        PatientKey == other.PatientKey
        && _levels[0].Span.SequenceEqual(other._levels[0].Span)
        && _levels[1].Span.SequenceEqual(other._levels[1].Span)
        && _levels[2].Span.SequenceEqual(other._levels[2].Span);

    private static string KeyOf(ReadOnlySpan<byte> patient, string studyInstanceUid)
    {
        string id = AttributeBlob.FirstText(patient, Tags.PatientID);
        return id.Length == 0 ? "\\" + studyInstanceUid : id + "\\" + AttributeBlob.FirstText(patient, Tags.IssuerOfPatientID);
    }
}
