namespace Panal.Catalogue;

/// <summary>One catalogued instance with its copies.</summary>
public sealed record InstanceRow(
    string SopInstanceUid,
    string SopClassUid,
    string TransferSyntaxUid,
    string SeriesInstanceUid,
    string StudyInstanceUid,
    string PatientId,
    int? InstanceNumber,
    string SourceAeTitle,
    DateTimeOffset ReceivedAt,
    IReadOnlyList<CopyRecord> Copies)
{
    /// <summary>The copy that the archive answers with; null when only other nodes hold the instance.</summary>
    public CopyRecord? Copy => Copies.Count > 0 ? Copies[0] : null;

    public override string ToString() => "[redacted]";
}

/// <summary>Names what a C-MOVE or C-GET wants; empty lists and nulls do not restrict, but at least one key must be given.</summary>
public sealed record RetrieveKeys
{
    public string? PatientId { get; init; }

    /// <summary>Restricts Patient ID to one issuer.</summary>
    public string? IssuerOfPatientId { get; init; }

    public IReadOnlyList<string> StudyInstanceUids { get; init; } = [];

    public IReadOnlyList<string> SeriesInstanceUids { get; init; } = [];

    public IReadOnlyList<string> SopInstanceUids { get; init; } = [];

    public override string ToString() => "[redacted]";
}

/// <summary>How much the catalogue knows, wherever it is held; exact.</summary>
/// <param name="Bytes">Stored bytes of the first versions here.</param>
public sealed record CatalogueCounts(long Patients, long Studies, long Series, long Instances, long Bytes);
