using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Panal.Dicom.Text;

namespace Panal.Dicom.Json;

/// <summary>Writes data sets as the DICOM JSON Model.</summary>
/// <remarks>PS3.18 §F.2; JSON types by VR, Table F.2.3-1.</remarks>
internal sealed class DicomJsonWriter(Utf8JsonWriter writer, BulkDataReference? bulkData)
{
    /// <summary>The largest integer that every reader of JSON keeps exactly (RFC 8259 §6).</summary>
    private const long LargestExactInteger = (1L << 53) - 1;

    private static readonly JsonEncodedText VrName = JsonEncodedText.Encode("vr");
    private static readonly JsonEncodedText ValueName = JsonEncodedText.Encode("Value");
    private static readonly JsonEncodedText InlineBinaryName = JsonEncodedText.Encode("InlineBinary");
    private static readonly JsonEncodedText BulkDataName = JsonEncodedText.Encode("BulkDataURI");

    private string _path = "";

    public void Write(DataSet dataSet)
    {
        var characterSet = CharacterSets.ForTerms(dataSet.CharacterSets);
        writer.WriteStartObject();
        foreach (var element in dataSet.Elements)
        {
            if (!element.Tag.IsGroupLength)
            {
                WriteElement(element, characterSet);
            }
        }

        writer.WriteEndObject();
    }

    private void WriteElement(in Element element, SpecificCharacterSet characterSet)
    {
        var reference = Reference(element);
        if (element.IsEncapsulated && reference is null)
        {
            return;
        }

        var vr = element.Vr.IsKnown() ? element.Vr : Vr.UN;
        Span<byte> name = stackalloc byte[8];
        Utf8Formatter.TryFormat(element.Tag.Value, name, out _, new System.Buffers.StandardFormat('X', 8));
        writer.WriteStartObject(name);
        writer.WriteString(VrName, [(byte)((ushort)vr >> 8), (byte)vr]);
        if (reference is not null)
        {
            writer.WriteString(BulkDataName, reference);
        }
        else if (element.IsSequence)
        {
            WriteItems(element);
        }
        else if (element.Tag == Tags.SpecificCharacterSet)
        {
            // JSON is UTF-8 whatever the data set was.
            writer.WriteStartArray(ValueName);
            writer.WriteStringValue("ISO_IR 192");
            writer.WriteEndArray();
        }
        else if (!element.Value.IsEmpty)
        {
            WriteValue(vr, element.Value.Span, characterSet);
        }

        writer.WriteEndObject();
    }

    private string? Reference(in Element element)
    {
        if (bulkData is null || element.IsSequence || element.Tag == Tags.SpecificCharacterSet)
        {
            return null;
        }

        var length = element.IsEncapsulated ? element.Fragments.Sum(fragment => (long)fragment.Length) : element.Value.Length;
        return length == 0 ? null : bulkData(new BulkData(_path, element.Tag, element.Vr, length));
    }

    private void WriteItems(in Element element)
    {
        if (element.Items.Count == 0)
        {
            return;
        }

        writer.WriteStartArray(ValueName);
        var above = _path;
        for (var index = 0; index < element.Items.Count; index++)
        {
            if (bulkData is not null)
            {
                _path = string.Create(CultureInfo.InvariantCulture, $"{above}{element.Tag.Value:X8}/{index}/");
            }

            Write(element.Items[index]);
        }

        _path = above;

        writer.WriteEndArray();
    }

    private void WriteValue(Vr vr, ReadOnlySpan<byte> value, SpecificCharacterSet characterSet)
    {
        if (vr is Vr.OB or Vr.OD or Vr.OF or Vr.OL or Vr.OV or Vr.OW or Vr.UN)
        {
            writer.WriteBase64String(InlineBinaryName, value);
            return;
        }

        if (vr.IsBinary())
        {
            WriteNumbers(vr, value);
            return;
        }

        var utf8 = DataSetText.Trim(characterSet.IsAscii(value, vr) ? value : Encoding.UTF8.GetBytes(characterSet.Decode(value, vr)), vr);
        if (utf8.IsEmpty)
        {
            return;
        }

        writer.WriteStartArray(ValueName);
        if (!vr.IsMultiValued())
        {
            writer.WriteStringValue(utf8);
        }
        else
        {
            foreach (var part in utf8.Split((byte)'\\'))
            {
                WriteText(vr, DataSetText.Trim(utf8[part], vr));
            }
        }

        writer.WriteEndArray();
    }

    private void WriteText(Vr vr, ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty)
        {
            writer.WriteNullValue();
        }
        else if (vr == Vr.PN)
        {
            WritePersonName(utf8);
        }
        else if (vr is not (Vr.DS or Vr.IS) || !TryWriteDecimal(utf8, vr == Vr.IS))
        {
            writer.WriteStringValue(utf8);
        }
    }

    /// <summary>Writes the component groups of a name; those beyond the third, which the standard does not have, are left out (PS3.5 §6.2.1).</summary>
    private void WritePersonName(ReadOnlySpan<byte> utf8)
    {
        var alphabetic = PersonName.TakeGroup(ref utf8, (byte)'=', (byte)' ');
        var ideographic = PersonName.TakeGroup(ref utf8, (byte)'=', (byte)' ');
        var phonetic = PersonName.TakeGroup(ref utf8, (byte)'=', (byte)' ');
        if (alphabetic.IsEmpty && ideographic.IsEmpty && phonetic.IsEmpty)
        {
            writer.WriteNullValue();
            return;
        }

        writer.WriteStartObject();
        WriteGroup("Alphabetic"u8, alphabetic);
        WriteGroup("Ideographic"u8, ideographic);
        WriteGroup("Phonetic"u8, phonetic);
        writer.WriteEndObject();
    }

    private void WriteGroup(ReadOnlySpan<byte> name, ReadOnlySpan<byte> group)
    {
        if (!group.IsEmpty)
        {
            writer.WriteString(name, group);
        }
    }

    /// <summary>Writes DS and IS as numbers, digit by digit where they are numbers of JSON already, so that reading gives the same text.</summary>
    private bool TryWriteDecimal(ReadOnlySpan<byte> text, bool isInteger)
    {
        if (isInteger)
        {
            if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer))
            {
                return false;
            }

            writer.WriteNumberValue(integer);
            return true;
        }

        const NumberStyles style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        var isNumber = JsonNumbers.IsNumber(text);
        if (isNumber && text.Length <= JsonNumbers.LongestDecimalString && text.IndexOfAny((byte)'e', (byte)'E') < 0)
        {
            // So few digits are finite; parsing would take longer than writing them.
            writer.WriteRawValue(text, skipInputValidation: true);
            return true;
        }

        if (!double.TryParse(text, style, CultureInfo.InvariantCulture, out var number) || !double.IsFinite(number))
        {
            return false;
        }

        if (isNumber)
        {
            writer.WriteRawValue(text, skipInputValidation: true);
        }
        else
        {
            writer.WriteNumberValue(number);
        }

        return true;
    }

    private void WriteNumbers(Vr vr, ReadOnlySpan<byte> value)
    {
        var count = ElementNumbers.Count(vr, value.Length);
        if (count == 0)
        {
            return;
        }

        writer.WriteStartArray(ValueName);
        for (var index = 0; index < count; index++)
        {
            switch (vr)
            {
                case Vr.AT:
                    writer.WriteStringValue(ElementNumbers.Text(value, vr, index));
                    break;
                case Vr.FL:
                    WriteFloat(BinaryPrimitives.ReadSingleLittleEndian(value[(4 * index)..]));
                    break;
                case Vr.FD:
                    WriteDouble(BinaryPrimitives.ReadDoubleLittleEndian(value[(8 * index)..]));
                    break;
                default:
                    WriteInteger(ElementNumbers.Integer(value, vr, index));
                    break;
            }
        }

        writer.WriteEndArray();
    }

    // JSON has no numbers for these; what stands in the string is what JavaScript calls them.
    private void WriteFloat(float number)
    {
        if (float.IsFinite(number))
        {
            writer.WriteNumberValue(number);
        }
        else
        {
            writer.WriteStringValue(number.ToString(CultureInfo.InvariantCulture));
        }
    }

    private void WriteDouble(double number)
    {
        if (double.IsFinite(number))
        {
            writer.WriteNumberValue(number);
        }
        else
        {
            writer.WriteStringValue(number.ToString(CultureInfo.InvariantCulture));
        }
    }

    private void WriteInteger(Int128 number)
    {
        if (Int128.Abs(number) <= LargestExactInteger)
        {
            writer.WriteNumberValue((long)number);
        }
        else
        {
            writer.WriteStringValue(number.ToString(CultureInfo.InvariantCulture));
        }
    }
}
