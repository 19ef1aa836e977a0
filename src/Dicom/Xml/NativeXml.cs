using System.Globalization;
using System.Text;
using System.Xml;
using Panal.Dicom.Json;
using Panal.Dicom.Text;

namespace Panal.Dicom.Xml;

/// <summary>The Native DICOM Model, both ways (PS3.19 Annex A).</summary>
public static class NativeXml
{
    private const string Namespace = "http://dicom.nema.org/PS3.19/models/NativeDICOM";

    /// <summary>UTF-8 without byte order mark; characters that XML has no place for are replaced before they reach the writer.</summary>
    public static XmlWriterSettings Settings { get; } = new() { Encoding = new UTF8Encoding(false), CloseOutput = false, CheckCharacters = true };

    /// <summary>Writes one document.</summary>
    /// <param name="dataSet">Group lengths are left out, as in JSON.</param>
    /// <param name="xml">At the start of a document.</param>
    /// <param name="bulkData">Asked for each value that may be referred to; without it, encapsulated pixel data is left out.</param>
    public static void Write(DataSet dataSet, XmlWriter xml, BulkDataReference? bulkData = null)
    {
        xml.WriteStartDocument();
        xml.WriteStartElement("NativeDicomModel", Namespace);
        xml.WriteAttributeString("xml", "space", null, "preserve");
        WriteElements(dataSet, xml, bulkData, "");
        xml.WriteEndElement();
        xml.WriteEndDocument();
    }

    /// <summary>One document as UTF-8.</summary>
    /// <inheritdoc cref="Write" path="/param"/>
    public static ReadOnlyMemory<byte> ToUtf8(DataSet dataSet, BulkDataReference? bulkData = null)
    {
        using var buffer = new MemoryStream();
        using (var xml = XmlWriter.Create(buffer, Settings))
        {
            Write(dataSet, xml, bulkData);
        }

        return buffer.GetBuffer().AsMemory(0, (int)buffer.Length);
    }

    /// <summary>Reads one document in UTF-8 or UTF-16; text is kept as UTF-8.</summary>
    /// <param name="document">The document; its document type, if it has one, is refused.</param>
    /// <param name="limits">Depth of sequences; number of elements, items and values; bytes of all values and of the document.</param>
    /// <param name="bulkData">Resolves references; without it, elements that only refer to their value are left out.</param>
    /// <exception cref="DicomJsonException">The document is no data set, or beyond a limit: for the reasons that the same data set would be refused in JSON.</exception>
    public static DataSet Read(ReadOnlyMemory<byte> document, DecodeLimits limits, BulkDataResolution? bulkData = null)
    {
        ArgumentNullException.ThrowIfNull(limits);
        return document.Length > limits.MaximumDataSetLengthBytes
            ? throw new DicomJsonException("The XML is too long", "", DicomJsonReason.TooLarge)
            : DicomJson.Read(NativeXmlReader.ToJson(document, limits), limits with { MaximumDataSetLengthBytes = 2 * limits.MaximumDataSetLengthBytes }, bulkData);
    }

    private static void WriteElements(DataSet dataSet, XmlWriter xml, BulkDataReference? bulkData, string path)
    {
        var characterSet = CharacterSets.ForTerms(dataSet.CharacterSets);
        foreach (var element in dataSet)
        {
            if (!element.Tag.IsGroupLength)
            {
                WriteElement(element, dataSet, characterSet, xml, bulkData, path);
            }
        }
    }

    private static void WriteElement(
        in Element element, DataSet dataSet, SpecificCharacterSet characterSet, XmlWriter xml, BulkDataReference? bulkData, string path)
    {
        var length = element.IsEncapsulated ? element.Fragments.Sum(fragment => (long)fragment.Length) : element.Value.Length;
        var reference = bulkData is null || element.IsSequence || length == 0 || element.Tag == Tags.SpecificCharacterSet
            ? null
            : bulkData(new BulkData(path, element.Tag, element.Vr, length));
        if (element.IsEncapsulated && reference is null)
        {
            return;
        }

        xml.WriteStartElement("DicomAttribute", Namespace);
        xml.WriteAttributeString("tag", element.Tag.Value.ToString("X8", CultureInfo.InvariantCulture));
        xml.WriteAttributeString("vr", (element.Vr.IsKnown() ? element.Vr : Vr.UN).Code());
        WriteNames(element.Tag, dataSet, xml);
        if (reference is not null)
        {
            xml.WriteStartElement("BulkData", Namespace);
            xml.WriteAttributeString("uri", reference);
            xml.WriteEndElement();
        }
        else if (element.IsSequence)
        {
            WriteItems(element, xml, bulkData, path);
        }
        else if (!element.Value.IsEmpty)
        {
            WriteValue(element, characterSet, xml);
        }

        xml.WriteEndElement();
    }

    private static void WriteNames(Tag tag, DataSet dataSet, XmlWriter xml)
    {
        if (tag.IsPrivate)
        {
            if (tag.Element >= 0x1000 && dataSet.GetString(tag.PrivateCreator) is { } creator)
            {
                xml.WriteAttributeString("privateCreator", Clean(creator));
            }
        }
        else if (DataDictionary.KeywordOf(tag) is { Length: > 0 } keyword)
        {
            xml.WriteAttributeString("keyword", keyword);
        }
    }

    private static void WriteItems(in Element element, XmlWriter xml, BulkDataReference? bulkData, string path)
    {
        for (var index = 0; index < element.Items.Count; index++)
        {
            xml.WriteStartElement("Item", Namespace);
            WriteNumber(xml, index);
            WriteElements(element.Items[index], xml, bulkData, $"{path}{element.Tag.Value:X8}/{index}/");
            xml.WriteEndElement();
        }
    }

    private static void WriteValue(in Element element, SpecificCharacterSet characterSet, XmlWriter xml)
    {
        var vr = element.Vr.IsKnown() ? element.Vr : Vr.UN;
        var value = element.Value.Span;
        if (vr is Vr.OB or Vr.OD or Vr.OF or Vr.OL or Vr.OV or Vr.OW or Vr.UN)
        {
            xml.WriteElementString("InlineBinary", Namespace, Convert.ToBase64String(value));
            return;
        }

        if (element.Tag == Tags.SpecificCharacterSet)
        {
            // XML is UTF-8 whatever the data set was.
            WriteText(xml, 0, "ISO_IR 192");
            return;
        }

        if (vr.IsBinary())
        {
            var count = ElementNumbers.Count(vr, value.Length);
            for (var index = 0; index < count; index++)
            {
                WriteText(xml, index, ElementNumbers.Text(value, vr, index));
            }

            return;
        }

        var text = DataSetText.Trim(characterSet.Decode(value, vr), vr);
        var values = vr.IsMultiValued() ? text.Split('\\') : [text];
        for (var index = 0; index < values.Length; index++)
        {
            if (vr == Vr.PN)
            {
                WritePersonName(xml, index, PersonName.Parse(DataSetText.Trim(values[index], vr)));
            }
            else
            {
                WriteText(xml, index, DataSetText.Trim(values[index], vr));
            }
        }
    }

    private static void WriteText(XmlWriter xml, int index, string text)
    {
        xml.WriteStartElement("Value", Namespace);
        WriteNumber(xml, index);
        xml.WriteString(Clean(text));
        xml.WriteEndElement();
    }

    private static void WritePersonName(XmlWriter xml, int index, PersonName name)
    {
        xml.WriteStartElement("PersonName", Namespace);
        WriteNumber(xml, index);
        WriteGroup(xml, "Alphabetic", name.Alphabetic);
        WriteGroup(xml, "Ideographic", name.Ideographic);
        WriteGroup(xml, "Phonetic", name.Phonetic);
        xml.WriteEndElement();
    }

    private static void WriteGroup(XmlWriter xml, string group, string name)
    {
        if (name.Length == 0)
        {
            return;
        }

        string[] components = ["FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix"];
        xml.WriteStartElement(group, Namespace);
        foreach (var (component, text) in components.Zip(name.Split('^', components.Length)))
        {
            if (text.Length > 0)
            {
                xml.WriteElementString(component, Namespace, Clean(text));
            }
        }

        xml.WriteEndElement();
    }

    private static void WriteNumber(XmlWriter xml, int index) =>
        xml.WriteAttributeString("number", (index + 1).ToString(CultureInfo.InvariantCulture));

    /// <summary>XML 1.0 has no place for most control characters, which text of DICOM may hold.</summary>
    private static string Clean(string text)
    {
        if (IsClean(text))
        {
            return text;
        }

        var clean = new StringBuilder(text.Length);
        for (var index = 0; index < text.Length; index++)
        {
            if (index + 1 < text.Length && XmlConvert.IsXmlSurrogatePair(text[index + 1], text[index]))
            {
                clean.Append(text[index]).Append(text[++index]);
            }
            else
            {
                clean.Append(XmlConvert.IsXmlChar(text[index]) ? text[index] : '\uFFFD');
            }
        }

        return clean.ToString();
    }

    private static bool IsClean(string text)
    {
        foreach (var character in text)
        {
            if (!XmlConvert.IsXmlChar(character))
            {
                return false;
            }
        }

        return true;
    }
}
