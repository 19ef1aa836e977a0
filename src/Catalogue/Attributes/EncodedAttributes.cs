using System.Buffers.Binary;
using System.Security.Cryptography;
using Panal.Dicom;

namespace Panal.Catalogue.Attributes;

/// <summary>The catalogued attributes of one instance, split by level and encoded; made once, used for the note and for the rows.</summary>
internal sealed class EncodedAttributes
{
    /// <summary>Longest attributes of one level, in bytes; a note holds four of them.</summary>
    internal const int LevelLimitBytes = 1024 * 1024;

    private readonly ReadOnlyMemory<byte>[] _levels;

    internal EncodedAttributes(ReadOnlyMemory<byte>[] levels, string studyInstanceUid, string seriesInstanceUid)
    {
        _levels = levels;
        StudyInstanceUid = studyInstanceUid;
        SeriesInstanceUid = seriesInstanceUid;
        PatientFingerprint = Fingerprint(this[QueryLevel.Patient].Span);
        StudyFingerprint = Fingerprint(this[QueryLevel.Study].Span);
        SeriesFingerprint = Fingerprint(this[QueryLevel.Series].Span);
        PatientKey = KeyOf(this[QueryLevel.Patient].Span, studyInstanceUid);
    }

    internal ReadOnlyMemory<byte> this[QueryLevel level] => _levels[(int)level];

    internal string StudyInstanceUid { get; }

    internal string SeriesInstanceUid { get; }

    /// <summary>Patient ID and issuer; without a Patient ID nobody knows whether two studies are of one person, so each stands alone.</summary>
    internal string PatientKey { get; }

    internal long PatientFingerprint { get; }

    internal long StudyFingerprint { get; }

    internal long SeriesFingerprint { get; }

    /// <summary>Eight bytes of SHA-256: enough to tell two descriptions of one patient apart.</summary>
    internal static long Fingerprint(ReadOnlySpan<byte> attributes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(attributes, hash);
        return BinaryPrimitives.ReadInt64LittleEndian(hash);
    }

    private static string KeyOf(ReadOnlySpan<byte> patient, string studyInstanceUid)
    {
        string id = AttributeBlob.FirstText(patient, Tags.PatientID);
        return id.Length == 0 ? "\\" + studyInstanceUid : id + "\\" + AttributeBlob.FirstText(patient, Tags.IssuerOfPatientID);
    }
}
