using System.Globalization;

namespace Panal.Dicom.Json;

/// <summary>A value that may be left out of the JSON and referred to instead.</summary>
/// <param name="Above">Path of the item that the element is in, with a slash at its end; empty at the top.</param>
/// <param name="Tag">The element.</param>
/// <param name="Vr">VR as written.</param>
/// <param name="LengthBytes">Length of the value; of encapsulated pixel data that of all fragments.</param>
public readonly record struct BulkData(string Above, Tag Tag, Vr Vr, long LengthBytes)
{
    /// <summary>Tags and item numbers that lead to the element, such as <c>00400275/0/00420011</c>; made when it is asked for, which is seldom.</summary>
    public string Path => string.Create(CultureInfo.InvariantCulture, $"{Above}{Tag.Value:X8}");
}

/// <summary>Gives the URI that a value is written as, or null to write the value itself.</summary>
/// <remarks>PS3.18 §F.2.2.</remarks>
public delegate string? BulkDataReference(BulkData value);

/// <summary>Gives the value in little endian that a URI stands for; false leaves the element out.</summary>
/// <exception cref="DicomJsonException">The value is refused.</exception>
public delegate bool BulkDataResolution(string uri, Tag tag, Vr vr, out ReadOnlyMemory<byte> value);
