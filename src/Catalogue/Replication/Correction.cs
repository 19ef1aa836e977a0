namespace Panal.Catalogue.Replication;

/// <summary>What is said of a study and its patient instead of what was said.</summary>
/// <param name="Patient">Attributes of the patient that are replaced.</param>
/// <param name="Study">Attributes of the study that are replaced.</param>
/// <param name="System">Modifying System (0400,0563): who corrects.</param>
/// <param name="At">When.</param>
internal sealed record Correction(ReadOnlyMemory<byte> Patient, ReadOnlyMemory<byte> Study, string System, DateTimeOffset At)
{
    /// <summary>No patient data in logs.</summary>
    public override string ToString() => "[redacted]";
}
