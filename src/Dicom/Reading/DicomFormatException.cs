namespace Panal.Dicom;

/// <summary>Why bytes are no data set; the numbers are persisted in reports and never change.</summary>
public enum DicomFormatReason
{
    /// <summary>The bytes end inside an element, item or sequence.</summary>
    Truncated = 1,

    /// <summary>A length reaches beyond the item, sequence or file that holds it.</summary>
    LengthBeyondEnd = 2,

    /// <summary>An undefined length where only a defined one makes sense.</summary>
    UndefinedLength = 3,

    /// <summary>An item, delimiter or element where it cannot stand.</summary>
    UnexpectedTag = 4,

    /// <summary>Sequences are nested deeper than the limit.</summary>
    NestedTooDeep = 5,

    /// <summary>More elements and items than the limit.</summary>
    TooManyElements = 6,

    /// <summary>A value or a data set that must fit in memory is longer than its limit.</summary>
    TooLong = 7,

    /// <summary>Neither a DICOM file nor a data set.</summary>
    NotDicom = 8,

    /// <summary>The deflated bytes are corrupt.</summary>
    DeflateCorrupt = 9,

    /// <summary>The deflated bytes grow beyond the limit of size or ratio.</summary>
    DeflateLimit = 10,

    /// <summary>The transfer syntaxes cannot be converted into one another.</summary>
    NotConvertible = 11,

    /// <summary>A value does not fit its VR.</summary>
    InvalidValue = 12,
}

/// <summary>Bytes that cannot be read as DICOM; the text never holds values.</summary>
/// <param name="message">What is wrong, without patient data.</param>
/// <param name="offsetBytes">Offset of the offending header from the start of what was read, in bytes (after inflation).</param>
/// <param name="reason">Why.</param>
public sealed class DicomFormatException(string message, long offsetBytes, DicomFormatReason reason)
    : Exception($"{message} (at byte {offsetBytes})")
{
    /// <summary>Offset of the offending header from the start of what was read, in bytes (after inflation).</summary>
    public long OffsetBytes { get; } = offsetBytes;

    public DicomFormatReason Reason { get; } = reason;
}
