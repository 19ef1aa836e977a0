namespace Panal.Dicom.Json;

/// <summary>Why text is no DICOM JSON; the numbers are persisted in reports and never change.</summary>
public enum DicomJsonReason
{
    /// <summary>Not JSON, or a value of the wrong JSON type.</summary>
    Malformed = 1,

    /// <summary>A name that is no tag of eight hexadecimal digits, or one that stands twice.</summary>
    InvalidTag = 2,

    /// <summary>A VR that the standard does not have, or that the value cannot be of.</summary>
    InvalidVr = 3,

    /// <summary>A value that does not fit its VR.</summary>
    InvalidValue = 4,

    /// <summary>Sequences are nested deeper than the limit.</summary>
    NestedTooDeep = 5,

    /// <summary>More elements, items and values, or more bytes, than the limit.</summary>
    TooLarge = 6,
}

/// <summary>JSON that is no data set; the text never holds values.</summary>
/// <param name="message">What is wrong, without patient data.</param>
/// <param name="path">Tags and item numbers that lead to the place, such as <c>00400275/0/00080060</c>.</param>
/// <param name="reason">Why.</param>
public sealed class DicomJsonException(string message, string path, DicomJsonReason reason) : Exception(path.Length > 0 ? $"{message} (at {path})" : message)
{
    public string Path { get; } = path;

    public DicomJsonReason Reason { get; } = reason;
}
