using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Xml;
using Panal.Dicom.Json;

namespace Panal.Dicom.Xml;

/// <summary>
/// Turns a document of the Native DICOM Model into the DICOM JSON Model, which says the same in other words: so both are read by one reader,
/// with the same limits and the same leniency.
/// </summary>
/// <remarks>PS3.19 Annex A; PS3.18 §F.2. Nothing outside the document is looked at: no document type, no entities, no schema.</remarks>
internal sealed class NativeXmlReader
{
    private const int NameComponents = 5;

    private readonly XmlReader _xml;
    private readonly Utf8JsonWriter _json;
    private readonly int _depthLimit;

    private NativeXmlReader(XmlReader xml, Utf8JsonWriter json, int depthLimit) => (_xml, _json, _depthLimit) = (xml, json, depthLimit);

    /// <summary>The document as DICOM JSON.</summary>
    /// <exception cref="DicomJsonException">It is no XML, or not of this model.</exception>
    internal static ReadOnlyMemory<byte> ToJson(ReadOnlyMemory<byte> document, DecodeLimits limits)
    {
        var target = new ArrayBufferWriter<byte>();
        try
        {
            using var stream = new MemoryStream(document.ToArray(), writable: false);
            using var xml = XmlReader.Create(stream, new XmlReaderSettings
            {
                DtdProcessing = DtdProcessing.Prohibit,
                XmlResolver = null,
                IgnoreComments = true,
                IgnoreProcessingInstructions = true,
                MaxCharactersInDocument = limits.MaximumDataSetLengthBytes,
            });
            using var json = new Utf8JsonWriter(target, new JsonWriterOptions { MaxDepth = DicomJson.JsonDepth(limits) });
            new NativeXmlReader(xml, json, limits.MaximumDepth).ReadDocument();
        }
        catch (XmlException e)
        {
            throw new DicomJsonException($"The text is no XML at line {e.LineNumber}, character {e.LinePosition}", "", DicomJsonReason.Malformed);
        }

        return target.WrittenMemory;
    }

    private void ReadDocument()
    {
        if (_xml.MoveToContent() != XmlNodeType.Element || _xml.LocalName != "NativeDicomModel")
        {
            throw Violation("The document is no NativeDicomModel");
        }

        ReadDataSet(0);
    }

    /// <summary>Reads the elements within the element that the reader stands on.</summary>
    private void ReadDataSet(int depth)
    {
        _json.WriteStartObject();
        ReadChildren(() =>
        {
            if (_xml.LocalName != "DicomAttribute" || _xml.GetAttribute("tag") is not { Length: 8 } tag)
            {
                throw Violation("Something that is no DicomAttribute with a tag");
            }

            _json.WriteStartObject(tag);
            if (_xml.GetAttribute("vr") is { Length: > 0 } vr)
            {
                _json.WriteString("vr", vr);
            }

            ReadAttribute(depth);
            _json.WriteEndObject();
        });
        _json.WriteEndObject();
    }

    private void ReadAttribute(int depth)
    {
        var count = 0;
        ReadChildren(() =>
        {
            var name = _xml.LocalName;
            if (name is "Value" or "PersonName" or "Item")
            {
                if (count++ == 0)
                {
                    _json.WriteStartArray("Value");
                }

                CheckNumber(count);
            }
            else if (count > 0)
            {
                throw Violation("Values and references in one element");
            }

            ReadContent(name, depth);
        });
        if (count > 0)
        {
            _json.WriteEndArray();
        }
    }

    private void ReadContent(string name, int depth)
    {
        switch (name)
        {
            case "Value":
                _json.WriteStringValue(Text());
                break;
            case "PersonName":
                ReadPersonName();
                break;
            case "Item":
                if (depth >= _depthLimit)
                {
                    throw new DicomJsonException("Sequences are nested too deeply", "", DicomJsonReason.NestedTooDeep);
                }

                ReadDataSet(depth + 1);
                break;
            case "InlineBinary":
                _json.WriteString("InlineBinary", string.Concat(Text().Where(character => !char.IsWhiteSpace(character))));
                break;
            case "BulkData":
                _json.WriteString("BulkDataURI", _xml.GetAttribute("uri") ?? throw Violation("Bulk data without a URI"));
                _xml.Skip();
                break;
            default:
                throw Violation("An element that the model does not have");
        }
    }

    /// <summary>Values are numbered from 1 without gaps (PS3.19 Table A.1.5-2); the numbers may be missing.</summary>
    private void CheckNumber(int expected)
    {
        if (_xml.GetAttribute("number") is { } number && number != expected.ToString(CultureInfo.InvariantCulture))
        {
            throw Violation("Values that are not numbered one after the other");
        }
    }

    private void ReadPersonName()
    {
        _json.WriteStartObject();
        ReadChildren(() =>
        {
            var group = _xml.LocalName is "Alphabetic" or "Ideographic" or "Phonetic" ? _xml.LocalName : throw Violation("A part of a name that there is not");
            var components = new string[NameComponents];
            ReadChildren(() =>
            {
                var index = _xml.LocalName switch
                {
                    "FamilyName" => 0,
                    "GivenName" => 1,
                    "MiddleName" => 2,
                    "NamePrefix" => 3,
                    "NameSuffix" => 4,
                    _ => throw Violation("A component of a name that there is not"),
                };
                components[index] = Text();
            });
            _json.WriteString(group, string.Join('^', components).TrimEnd('^'));
        });
        _json.WriteEndObject();
    }

    /// <summary>Stands on each element within the present one in turn, and behind it at the end.</summary>
    /// <param name="read">Reads the element, to behind its end.</param>
    private void ReadChildren(Action read)
    {
        if (_xml.IsEmptyElement)
        {
            _xml.Read();
            return;
        }

        _xml.Read();
        while (_xml.NodeType != XmlNodeType.EndElement)
        {
            if (_xml.NodeType == XmlNodeType.Element)
            {
                read();
            }
            else if (_xml.NodeType is XmlNodeType.Whitespace or XmlNodeType.SignificantWhitespace)
            {
                _xml.Read();
            }
            else
            {
                throw Violation("Text where elements stand");
            }
        }

        _xml.Read();
    }

    private string Text() => _xml.ReadElementContentAsString();

    private static DicomJsonException Violation(string message) => new(message, "", DicomJsonReason.Malformed);
}
