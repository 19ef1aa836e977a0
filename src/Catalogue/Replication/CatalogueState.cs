namespace Panal.Catalogue;

/// <summary>What a publisher holds at one moment of some subjects: all that changed after a cursor, or one part of everything.</summary>
/// <param name="Studies">Studies that are there, each once.</param>
/// <param name="GoneStudies">Study Instance UIDs of which the publisher holds, or shows, nothing any more.</param>
/// <param name="GoneInstances">SOP Instance UIDs that it does not hold, or show, any more.</param>
public sealed record CatalogueState(IReadOnlyList<StudyState> Studies, IReadOnlyList<string> GoneStudies, IReadOnlyList<string> GoneInstances)
{
    /// <summary>Instances that it describes.</summary>
    public int InstanceCount => Studies.Sum(study => study.Series.Sum(series => series.Instances.Count));

    /// <summary>Nothing.</summary>
    public static CatalogueState Empty { get; } = new([], [], []);

    /// <summary>No patient data in logs.</summary>
    public override string ToString() => $"state of {Studies.Count} studies [redacted]";
}

/// <summary>A study as its publisher says it.</summary>
/// <param name="StudyInstanceUid">Key of the study.</param>
/// <param name="IsWhole">Nothing else of the study is held by the publisher: what is not listed has gone.</param>
/// <param name="Patient">Attributes of the patient, see docs/formats/catalogue.md; null as said before on the same stream.</param>
/// <param name="Attributes">Attributes of the study; null together with <paramref name="Patient"/>.</param>
/// <param name="Series">Series of which something is said.</param>
public sealed record StudyState(
    string StudyInstanceUid, bool IsWhole, ReadOnlyMemory<byte>? Patient, ReadOnlyMemory<byte>? Attributes, IReadOnlyList<SeriesState> Series)
{
    /// <summary>No patient data in logs.</summary>
    public override string ToString() => "[redacted]";
}

/// <summary>A series as its publisher says it.</summary>
/// <param name="SeriesInstanceUid">Key of the series within its study.</param>
/// <param name="Attributes">Attributes of the series; null as said before on the same stream.</param>
/// <param name="Instances">Instances that the publisher holds.</param>
public sealed record SeriesState(string SeriesInstanceUid, ReadOnlyMemory<byte>? Attributes, IReadOnlyList<InstanceState> Instances)
{
    /// <summary>No patient data in logs.</summary>
    public override string ToString() => "[redacted]";
}

/// <summary>An instance that a publisher holds.</summary>
/// <param name="LengthBytes">Length of the stored file, in bytes.</param>
/// <param name="Hash">Its content hash, 32 bytes, see docs/formats/content-hash.md: the root by which its bytes are fetched.</param>
/// <param name="Attributes">Attributes of the instance.</param>
public sealed record InstanceState(
    string SopInstanceUid, string SopClassUid, string TransferSyntaxUid, long LengthBytes, ReadOnlyMemory<byte> Hash, ReadOnlyMemory<byte> Attributes)
{
    /// <summary>Length of a content hash, in bytes.</summary>
    public const int HashLengthBytes = 32;

    /// <summary>The publisher does not hold it but can get it from an archive behind it: length 0, and a hash of zeros that says nothing.</summary>
    public bool IsOffered => LengthBytes == 0;

    /// <summary>No patient data in logs.</summary>
    public override string ToString() => "[redacted]";
}

/// <summary>Bytes or rows from another node are not what docs/formats/feed.md says; the text holds no values.</summary>
public sealed class StateFormatException(string message) : Exception(message);
