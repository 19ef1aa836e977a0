namespace Panal.ServiceClasses.Tables;

/// <summary>What a status means for the operation. PS3.7 Annex C.</summary>
public enum StatusKind
{
    Success,
    Pending,
    Cancel,
    Warning,
    Failure,
}

/// <summary>One row of a service class's status table.</summary>
/// <param name="Code">The value of Status (0000,0900).</param>
/// <param name="Kind">The class of the status.</param>
/// <param name="Meaning">The standard's name of it.</param>
/// <param name="When">When Panal answers it.</param>
/// <param name="Source">The table or section of the standard that defines it.</param>
public sealed record ServiceStatus(ushort Code, StatusKind Kind, string Meaning, string When, string Source)
{
    /// <summary>Returns what kind of status a code is. PS3.7 Annex C: 0001, 0107, 0116 and Bxxx are warnings.</summary>
    public static StatusKind KindOf(ushort code) => code switch
    {
        0x0000 => StatusKind.Success,
        0xFF00 or 0xFF01 => StatusKind.Pending,
        0xFE00 => StatusKind.Cancel,
        0x0001 or 0x0107 or 0x0116 or (>= 0xB000 and <= 0xBFFF) => StatusKind.Warning,
        _ => StatusKind.Failure,
    };

    public static implicit operator ushort(ServiceStatus status) => status.Code;

    public ushort ToUInt16() => Code;

    public override string ToString() => $"{Code:X4} {Meaning}";
}
