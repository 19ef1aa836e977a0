using System.Globalization;
using System.Text;
using System.Text.Json;
using Panal.Dicom.Text;

namespace Panal.Dicom.Json;

/// <summary>Reads the DICOM JSON Model; one object for one data set.</summary>
/// <remarks>PS3.18 §F.2. Lenient where nothing is lost: numbers as strings and strings as numbers, names as plain strings, a VR that is missing.</remarks>
internal sealed class DicomJsonReader(DecodeLimits limits, BulkDataResolution? bulkData)
{
    private readonly List<string> _path = [];
    private long _count;
    private long _lengthBytes;
    private bool _hasMoreThanAscii;

    /// <summary>Whether an item that encloses the place has a Specific Character Set of its own.</summary>
    private bool _isInsideDeclared;

    public DataSet Read(JsonElement root)
    {
        var dataSet = new DataSet();
        try
        {
            ReadInto(dataSet, root);
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair, escaped, or bytes that are not UTF-8, in a name or string.
            throw Violation("A string is no Unicode text", DicomJsonReason.Malformed);
        }

        if (!_hasMoreThanAscii && !Declares(root))
        {
            dataSet.Remove(Tags.SpecificCharacterSet);
        }

        return dataSet;
    }

    /// <summary>Whether the object itself has a Specific Character Set; its text is UTF-8 whatever the terms are.</summary>
    private static bool Declares(JsonElement root) => root.TryGetProperty("00080005"u8, out _);

    private void ReadInto(DataSet dataSet, JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw Violation("A data set is no object", DicomJsonReason.Malformed);
        }

        var isInsideDeclared = _isInsideDeclared;
        if (_path.Count == 0 || Declares(element))
        {
            dataSet.Set(Tags.SpecificCharacterSet, "ISO_IR 192");
            _isInsideDeclared = _path.Count > 0;
        }

        foreach (var property in element.EnumerateObject())
        {
            Count();
            if (property.Name.Length != 8 || !uint.TryParse(property.Name, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number))
            {
                throw Violation("A name is no tag", DicomJsonReason.InvalidTag);
            }

            var tag = new Tag(number);
            if (tag.IsGroupLength || tag == Tags.SpecificCharacterSet)
            {
                continue;
            }

            _path.Add(property.Name);
            if (dataSet.Contains(tag))
            {
                throw Violation("A tag stands twice", DicomJsonReason.InvalidTag);
            }

            ReadElement(dataSet, tag, property.Value);
            _path.RemoveAt(_path.Count - 1);
        }

        _isInsideDeclared = isInsideDeclared;
    }

    private void ReadElement(DataSet dataSet, Tag tag, JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw Violation("An element is no object", DicomJsonReason.Malformed);
        }

        var vr = ReadVr(tag, element);
        if (element.TryGetProperty("InlineBinary"u8, out var inline))
        {
            ReadInlineBinary(dataSet, tag, vr, inline);
        }
        else if (element.TryGetProperty("BulkDataURI"u8, out var reference))
        {
            var uri = reference.ValueKind == JsonValueKind.String ? Text(reference) : throw Violation("A URI is no string", DicomJsonReason.Malformed);
            if (bulkData is not null && bulkData(uri, tag, vr, out var value))
            {
                Account(value.Length);
                SetBytes(dataSet, tag, vr, value);
            }
        }
        else if (!element.TryGetProperty("Value"u8, out var values) || values.ValueKind == JsonValueKind.Null)
        {
            dataSet.Set(vr == Vr.SQ ? new Element(tag, []) : new Element(tag, vr, ReadOnlyMemory<byte>.Empty));
        }
        else if (values.ValueKind != JsonValueKind.Array)
        {
            throw Violation("Values are no array", DicomJsonReason.Malformed);
        }
        else if (vr == Vr.SQ)
        {
            ReadItems(dataSet, tag, values);
        }
        else
        {
            ReadValues(dataSet, tag, vr, values);
        }
    }

    private Vr ReadVr(Tag tag, JsonElement element)
    {
        if (!element.TryGetProperty("vr"u8, out var code))
        {
            return DataDictionary.VrOf(tag);
        }

        var text = code.ValueKind == JsonValueKind.String ? Text(code) : "";
        var vr = text.Length == 2 && text[0] < 0x80 && text[1] < 0x80 ? (Vr)((text[0] << 8) | text[1]) : Vr.None;
        return vr.IsKnown() ? vr : throw Violation("A VR is not one of the standard", DicomJsonReason.InvalidVr);
    }

    private void ReadInlineBinary(DataSet dataSet, Tag tag, Vr vr, JsonElement inline)
    {
        if (vr == Vr.SQ || inline.ValueKind != JsonValueKind.String || !inline.TryGetBytesFromBase64(out var bytes))
        {
            throw Violation("Inline binary is no text in base 64", DicomJsonReason.Malformed);
        }

        Account(bytes.Length);
        SetBytes(dataSet, tag, vr, bytes);
    }

    private static void SetBytes(DataSet dataSet, Tag tag, Vr vr, ReadOnlyMemory<byte> value)
    {
        if ((value.Length & 1) != 0)
        {
            var even = new byte[value.Length + 1];
            value.CopyTo(even);
            even[^1] = vr.PaddingByte();
            value = even;
        }

        dataSet.SetBytes(tag, vr, value);
    }

    private void ReadItems(DataSet dataSet, Tag tag, JsonElement values)
    {
        if (_path.Count > limits.MaximumDepth * 2)
        {
            throw Violation("Sequences are nested too deeply", DicomJsonReason.NestedTooDeep);
        }

        var items = new List<DataSet>(Math.Min(values.GetArrayLength(), 1024));
        foreach (var value in values.EnumerateArray())
        {
            Count();
            var item = new DataSet();
            item.Inherit(dataSet);
            if (value.ValueKind != JsonValueKind.Null)
            {
                _path.Add(items.Count.ToString(CultureInfo.InvariantCulture));
                ReadInto(item, value);
                _path.RemoveAt(_path.Count - 1);
            }

            items.Add(item);
        }

        dataSet.SetSequence(tag, items);
    }

    private void ReadValues(DataSet dataSet, Tag tag, Vr vr, JsonElement values)
    {
        var texts = new List<string>(Math.Min(values.GetArrayLength(), 1024));
        foreach (var value in values.EnumerateArray())
        {
            Count();
            var text = vr == Vr.PN && value.ValueKind == JsonValueKind.Object ? ReadPersonName(value) : ReadText(vr, value);
            if (vr.IsString() && vr.IsMultiValued() && text.Contains('\\', StringComparison.Ordinal))
            {
                throw Violation("A value holds the separator of values", DicomJsonReason.InvalidValue);
            }

            Account(text.Length);
            texts.Add(text);
        }

        if (vr.IsString() && !vr.IsMultiValued() && texts.Count > 1)
        {
            throw Violation("There is more than one value in a VR that has one", DicomJsonReason.InvalidValue);
        }

        if (vr is Vr.OB or Vr.OW or Vr.OD or Vr.OF or Vr.OL or Vr.OV or Vr.UN)
        {
            throw Violation("A VR of bytes has no plain values", DicomJsonReason.InvalidVr);
        }

        try
        {
            dataSet.Set(tag, vr, [.. texts]);
        }
        catch (Exception exception) when (exception is FormatException or OverflowException)
        {
            // The text of the cause holds the value.
            throw Violation("A value is no number of its VR", DicomJsonReason.InvalidValue);
        }
    }

    private string ReadPersonName(JsonElement value) =>
        new PersonName(ReadGroup(value, "Alphabetic"u8), ReadGroup(value, "Ideographic"u8), ReadGroup(value, "Phonetic"u8)).ToValue();

    private string ReadGroup(JsonElement value, ReadOnlySpan<byte> name)
    {
        if (!value.TryGetProperty(name, out var group) || group.ValueKind == JsonValueKind.Null)
        {
            return "";
        }

        var text = group.ValueKind == JsonValueKind.String ? Text(group) : throw Violation("A part of a name is no string", DicomJsonReason.Malformed);
        return text.Contains('=', StringComparison.Ordinal)
            ? throw Violation("A part of a name holds the separator of parts", DicomJsonReason.InvalidValue)
            : text;
    }

    private string ReadText(Vr vr, JsonElement value)
    {
        var text = value.ValueKind switch
        {
            JsonValueKind.String => Text(value),
            JsonValueKind.Null when vr.IsString() => "",
            JsonValueKind.Number when vr == Vr.DS => JsonNumbers.ToDecimalString(value.GetRawText()),
            JsonValueKind.Number when vr == Vr.IS => JsonNumbers.ToIntegerString(value.GetRawText()),
            JsonValueKind.Number when vr is Vr.FL or Vr.FD => ReadFloat(vr, value),
            JsonValueKind.Number when vr.IsBinary() && vr != Vr.AT => JsonNumbers.ToIntegerString(value.GetRawText()) ?? value.GetRawText(),
            JsonValueKind.Number when vr.IsString() => value.GetRawText(),
            _ => throw Violation("A value has the wrong type", DicomJsonReason.Malformed),
        };
        return text ?? throw Violation("A number does not fit its VR", DicomJsonReason.InvalidValue);
    }

    private static string? ReadFloat(Vr vr, JsonElement value)
    {
        var isFinite = vr == Vr.FL ? value.TryGetSingle(out var single) && float.IsFinite(single) : value.TryGetDouble(out var number) && double.IsFinite(number);
        return isFinite ? value.GetRawText() : null;
    }

    private string Text(JsonElement value)
    {
        var text = value.GetString()!;
        _hasMoreThanAscii |= !_isInsideDeclared && !Ascii.IsValid(text);
        return text;
    }

    private void Count()
    {
        if (++_count > limits.MaximumElements)
        {
            throw Violation("There are too many elements and values", DicomJsonReason.TooLarge);
        }
    }

    private void Account(long lengthBytes)
    {
        _lengthBytes += lengthBytes;
        if (_lengthBytes > limits.MaximumDataSetLengthBytes)
        {
            throw Violation("The values are too long", DicomJsonReason.TooLarge);
        }
    }

    private DicomJsonException Violation(string message, DicomJsonReason reason) => new(message, string.Join('/', _path), reason);
}
