using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Panal.Dicom;
using Panal.Dicom.Json;
using Panal.Dicom.Xml;
using Panal.DicomWeb.Answers;

namespace Panal.DicomWeb.Store;

/// <summary>
/// Instances that come as metadata in JSON or XML with their bulk data in other parts (PS3.18 §10.5.1, §8.6.1.3). Unlike files they are put
/// together in memory, so all of them together have a limit.
/// </summary>
internal sealed class MetadataParts
{
    /// <summary>Most bytes of such a request: clients that send more send files.</summary>
    public const long LimitBytes = 128L << 20;

    private static readonly DecodeLimits Limits = new() { MaximumDataSetLengthBytes = LimitBytes };

    private readonly List<(ReadOnlyMemory<byte> Text, bool IsXml)> _documents = [];
    private readonly Dictionary<string, ReadOnlyMemory<byte>> _bulkData = new(StringComparer.Ordinal);
    private long _lengthBytes;

    /// <summary>True when metadata came: what follows is its bulk data.</summary>
    public bool HasMetadata => _documents.Count > 0;

    /// <summary>Takes a part with metadata.</summary>
    /// <exception cref="WebFaultException">It is too long.</exception>
    public async ValueTask AddMetadataAsync(PipeReader part, bool isXml, CancellationToken ct) => _documents.Add((await ReadAsync(part, ct), isXml));

    /// <summary>Takes a part that metadata refers to.</summary>
    /// <exception cref="WebFaultException">It is too long, or nothing can refer to it.</exception>
    public async ValueTask AddBulkDataAsync(PartHead head, PipeReader part, CancellationToken ct)
    {
        if (head.ContentLocation.Length == 0 || !_bulkData.TryAdd(head.ContentLocation, default))
        {
            throw WebFaultException.BadRequest("A part of bulk data has no Content-Location of its own");
        }

        _bulkData[head.ContentLocation] = await ReadAsync(part, ct);
    }

    /// <summary>The data sets, one after the other; null for one that cannot be read, or whose bulk data did not come.</summary>
    /// <exception cref="WebFaultException">The metadata is no JSON array of objects.</exception>
    public IEnumerable<DataSet?> DataSets()
    {
        foreach (var (text, isXml) in _documents)
        {
            if (isXml)
            {
                // One document, one data set (PS3.18 §8.7.3.2).
                yield return TryRead(() => NativeXml.Read(text, Limits, Resolve));
                continue;
            }

            using var document = Parse(text);
            foreach (var element in document.RootElement.EnumerateArray())
            {
                yield return TryRead(() => DicomJson.Read(element, Limits, Resolve));
            }
        }
    }

    private static JsonDocument Parse(ReadOnlyMemory<byte> text)
    {
        try
        {
            var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = DicomJson.JsonDepth(Limits) + 1 });
            return document.RootElement.ValueKind == JsonValueKind.Array ? document : throw new JsonException();
        }
        catch (JsonException)
        {
            // The text of the cause may hold values.
            throw WebFaultException.BadRequest("The metadata is no JSON array of data sets");
        }
    }

    private static DataSet? TryRead(Func<DataSet> read)
    {
        try
        {
            var dataSet = read();
            var syntax = dataSet.GetString(Tags.TransferSyntaxUID) ?? dataSet.GetString(Tags.AvailableTransferSyntaxUID);

            // How the bytes came is not part of the instance.
            dataSet.Remove(Tags.AvailableTransferSyntaxUID);
            for (var index = dataSet.Count - 1; index >= 0; index--)
            {
                if (dataSet.Elements[index].Tag.Group < 8)
                {
                    dataSet.Remove(dataSet.Elements[index].Tag);
                }
            }

            return syntax is null || !TransferSyntax.ForUid(syntax).IsEncapsulated ? dataSet : null;
        }
        catch (DicomJsonException)
        {
            return null;
        }
    }

    /// <summary>Only parts of the same request: nothing is ever fetched.</summary>
    private bool Resolve(string uri, Tag tag, Vr vr, out ReadOnlyMemory<byte> value) => _bulkData.TryGetValue(uri, out value)
        ? true
        : throw new DicomJsonException("Bulk data did not come with its metadata", "", DicomJsonReason.InvalidValue);

    private async ValueTask<ReadOnlyMemory<byte>> ReadAsync(PipeReader part, CancellationToken ct)
    {
        var bytes = new ArrayBufferWriter<byte>();
        while (true)
        {
            var read = await part.ReadAsync(ct);
            _lengthBytes += read.Buffer.Length;
            if (_lengthBytes > LimitBytes)
            {
                throw new WebFaultException(StatusCodes.Status413PayloadTooLarge, "Metadata with bulk data is too long; send files");
            }

            foreach (var segment in read.Buffer)
            {
                bytes.Write(segment.Span);
            }

            part.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return bytes.WrittenMemory;
            }
        }
    }
}
