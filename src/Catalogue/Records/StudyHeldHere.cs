namespace Panal.Catalogue;

/// <summary>A study of which bytes are here.</summary>
/// <param name="StudyInstanceUid">Study Instance UID.</param>
/// <param name="Date">Study Date; null when unknown.</param>
/// <param name="Instances">Instances that are here.</param>
/// <param name="LengthBytes">Their bytes.</param>
/// <param name="Modalities">Modalities of the series that are here, each once.</param>
/// <param name="Institutions">Institutions of the series that are here, each once.</param>
/// <param name="ReceivedAt">When the newest of them came, about: one instance of each series is asked.</param>
public sealed record StudyHeldHere(
    string StudyInstanceUid,
    DateOnly? Date,
    long Instances,
    long LengthBytes,
    IReadOnlyList<string> Modalities,
    IReadOnlyList<string> Institutions,
    DateTimeOffset ReceivedAt)
{
    /// <summary>No patient data in logs.</summary>
    public override string ToString() => "[redacted]";
}

/// <summary>How many nodes hold a study.</summary>
/// <param name="StudyInstanceUid">Study Instance UID.</param>
/// <param name="Date">Study Date; null when unknown.</param>
/// <param name="Instances">Instances that are known of.</param>
/// <param name="HeldHere">Of them here.</param>
/// <param name="FewestHolders">Nodes that hold the instance with the fewest of them, this node too; the same content counts only.</param>
/// <param name="Whole">Nodes besides this one that hold all of it.</param>
/// <param name="Modalities">Modalities of its series, each once.</param>
public sealed record StudyCoverage(
    string StudyInstanceUid, DateOnly? Date, long Instances, long HeldHere, int FewestHolders, IReadOnlyList<Guid> Whole, IReadOnlyList<string> Modalities)
{
    /// <summary>No patient data in logs.</summary>
    public override string ToString() => $"{Instances} instances, {FewestHolders} holders";
}
