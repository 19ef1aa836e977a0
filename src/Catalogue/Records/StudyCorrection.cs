using Panal.Dicom;

namespace Panal.Catalogue;

/// <summary>What is to be said of a study in place of what its files say.</summary>
/// <param name="Attributes">All that was ever corrected, with the values of now.</param>
/// <param name="ModifyingSystem">Modifying System (0400,0563) of the newest correction.</param>
/// <param name="At">When that was, to the millisecond: it tells one state of corrections from the next.</param>
public sealed record StudyCorrection(DataSet Attributes, string ModifyingSystem, DateTimeOffset At)
{
    /// <summary>No patient data in logs.</summary>
    public override string ToString() => "[redacted]";
}
