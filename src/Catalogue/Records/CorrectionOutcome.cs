using Panal.Dicom;

namespace Panal.Catalogue;

/// <summary>What became of a correction.</summary>
public enum CorrectionResult
{
    /// <summary>It was made, or would be.</summary>
    Corrected,

    /// <summary>All was so already.</summary>
    Unchanged,

    /// <summary>This node holds nothing of the study.</summary>
    NotHeld,

    /// <summary>A study was corrected as often as it may be.</summary>
    TooOften,
}

/// <summary>One attribute that a correction replaces.</summary>
/// <param name="Tag">Which one.</param>
/// <param name="Before">Its value, as shown before; empty where there was none.</param>
/// <param name="After">Its value from now on.</param>
public sealed record AttributeCorrection(Tag Tag, string Before, string After)
{
    /// <summary>No patient data in logs.</summary>
    public override string ToString() => "[redacted]";
}

/// <summary>What a correction does.</summary>
/// <param name="Result">What became of it.</param>
/// <param name="Attributes">What it replaces in the study and its patient.</param>
/// <param name="Studies">Study Instance UIDs of all studies of which something else is said: others of the patient too.</param>
public sealed record CorrectionOutcome(CorrectionResult Result, IReadOnlyList<AttributeCorrection> Attributes, IReadOnlyList<string> Studies)
{
    /// <summary>No patient data in logs.</summary>
    public override string ToString() => $"{Result} [redacted]";
}
