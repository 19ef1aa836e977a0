using System.Buffers;
using System.Text.Json;

namespace Panal.Dicom.Json;

/// <summary>The DICOM JSON Model, both ways.</summary>
/// <remarks>PS3.18 Annex F.</remarks>
public static class DicomJson
{
    /// <summary>What a thread keeps to write the next data set: most are a few KiB, and a buffer that grows is copied each time.</summary>
    private const int SpareBytes = 64 << 10;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _spareBuffer;

    [ThreadStatic]
    private static Utf8JsonWriter? _spareWriter;

    /// <summary>Writes a data set as one JSON object; text becomes UTF-8, and Specific Character Set says so.</summary>
    /// <param name="dataSet">Group lengths are left out (PS3.18 §F.2.2).</param>
    /// <param name="writer">Stands where a value may stand.</param>
    /// <param name="bulkData">Asked for each value that may be referred to; without it, encapsulated pixel data is left out, for it has no inline form.</param>
    public static void Write(DataSet dataSet, Utf8JsonWriter writer, BulkDataReference? bulkData = null) =>
        new DicomJsonWriter(writer, bulkData).Write(dataSet);

    /// <summary>A data set as compact UTF-8.</summary>
    /// <inheritdoc cref="Write" path="/param"/>
    public static byte[] ToUtf8(DataSet dataSet, BulkDataReference? bulkData = null)
    {
        // Taken, so that what asks for a data set's JSON while it writes one makes its own.
        var buffer = _spareBuffer ?? new ArrayBufferWriter<byte>(4 << 10);
        var writer = _spareWriter ?? new Utf8JsonWriter(buffer);
        (_spareBuffer, _spareWriter) = (null, null);
        writer.Reset(buffer);
        Write(dataSet, writer, bulkData);
        writer.Flush();
        var utf8 = buffer.WrittenSpan.ToArray();
        if (buffer.Capacity <= SpareBytes)
        {
            buffer.ResetWrittenCount();
            (_spareBuffer, _spareWriter) = (buffer, writer);
        }

        return utf8;
    }

    /// <summary>Reads one JSON object; text is kept as UTF-8.</summary>
    /// <param name="element">The object.</param>
    /// <param name="limits">Depth of sequences; number of elements, items and values; bytes of all values.</param>
    /// <param name="bulkData">Resolves references; without it, elements that only refer to their value are left out.</param>
    /// <exception cref="DicomJsonException">The object is no data set, or beyond a limit.</exception>
    public static DataSet Read(JsonElement element, DecodeLimits limits, BulkDataResolution? bulkData = null) =>
        new DicomJsonReader(limits, bulkData).Read(element);

    /// <summary>Reads one JSON object from a reader that stands before or on its start.</summary>
    /// <inheritdoc cref="Read(JsonElement, DecodeLimits, BulkDataResolution?)"/>
    public static DataSet Read(ref Utf8JsonReader reader, DecodeLimits limits, BulkDataResolution? bulkData = null)
    {
        try
        {
            using var document = JsonDocument.ParseValue(ref reader);
            return Read(document.RootElement, limits, bulkData);
        }
        catch (JsonException exception)
        {
            throw Malformed(exception);
        }
    }

    /// <summary>Reads UTF-8 that holds one JSON object and nothing else.</summary>
    /// <inheritdoc cref="Read(JsonElement, DecodeLimits, BulkDataResolution?)"/>
    public static DataSet Read(ReadOnlyMemory<byte> utf8, DecodeLimits limits, BulkDataResolution? bulkData = null)
    {
        if (utf8.Length > limits.MaximumDataSetLengthBytes)
        {
            throw new DicomJsonException("The JSON is too long", "", DicomJsonReason.TooLarge);
        }

        try
        {
            using var document = JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = JsonDepth(limits) });
            return Read(document.RootElement, limits, bulkData);
        }
        catch (JsonException exception)
        {
            throw Malformed(exception);
        }
    }

    /// <summary>The depth of JSON that a reader has to allow: each item lies in an array, in an element, in an object.</summary>
    public static int JsonDepth(DecodeLimits limits) => (3 * (limits.MaximumDepth + 2)) + 1;

    // The text of the inner exception may hold parts of values.
    private static DicomJsonException Malformed(JsonException exception) =>
        new($"The text is no JSON at line {exception.LineNumber}, byte {exception.BytePositionInLine}", "", DicomJsonReason.Malformed);
}
