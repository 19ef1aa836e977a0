using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Panal.Archive.Retrieve;
using Panal.Dicom;
using Panal.Dicom.Json;
using Panal.DicomWeb.Answers;

namespace Panal.DicomWeb.Retrieve;

/// <summary>Answers metadata: all attributes of instances without their bulk data (PS3.18 §10.4.1.1.2).</summary>
/// <remarks>See docs/decisions/2026-11-25-metadata-from-heads.md.</remarks>
public sealed class MetadataResource(Holding holding, Retriever retriever, AccessAudit audit, MetadataCache cache)
{
    /// <summary>Instances whose metadata is made in one go: fewer, and handing them from thread to thread would take longer than making them.</summary>
    private const int PieceLength = 32;

    /// <summary>A slice with some private attributes.</summary>
    private const int UsualLengthBytes = 3 << 10;

    internal async Task AnswerAsync(WebRequest request)
    {
        var context = request.Context;
        var contentType = Accepted.ChooseText(Accepted.Of(context.Request))
            ?? throw WebFaultException.NotAcceptable("Metadata is answered as application/dicom+json, application/json or multipart/related; type=\"application/dicom+xml\"");
        var (instances, isComplete) = await holding.FindShownAsync(request);
        await audit.AccessedAsync(request.Decision.Caller, instances);
        var baseUrl = request.UrlOf(request.StudyInstanceUid, null, null);
        if (EntityTag.IsKnown(context, instances.Select(instance => instance.ContentHash), contentType + baseUrl + TextAnswer.TakesGzip(context.Request)))
        {
            return;
        }

        context.Response.StatusCode = isComplete ? StatusCodes.Status200OK : StatusCodes.Status206PartialContent;
        if (contentType == Accepted.DicomXml)
        {
            await WriteXmlAsync(request, instances);
        }
        else
        {
            await WriteJsonAsync(request, instances, contentType);
        }
    }

    private async Task WriteJsonAsync(WebRequest request, IReadOnlyList<InstanceReference> instances, string contentType)
    {
        var ct = request.Context.RequestAborted;
        await using var body = TextAnswer.Begin(request.Context, contentType);
        await foreach (var piece in JsonOfAsync(instances, instance => UrlOf(request, instance), ct))
        {
            await body.WriteAsync(piece, ct);
        }

        await body.WriteAsync("]"u8.ToArray(), ct);
        await body.EndAsync(ct);
    }

    /// <summary>The array of the JSON of all instances but for its end, in pieces.</summary>
    internal IAsyncEnumerable<ReadOnlyMemory<byte>> JsonOfAsync(IReadOnlyList<InstanceReference> instances, Func<InstanceReference, string> urlOf, CancellationToken ct)
    {
        (int Index, InstanceReference[] Instances)[] parts = [.. instances.Chunk(PieceLength).Index()];

        // Handing pieces from thread to thread pays where they have to be made, not where there is one, or where they are known.
        var isMade = parts.Length > 1 && !cache.TryGet(instances[^1].ContentHash, urlOf(instances[^1]), out _);
        return InOrder.MakeAsync(parts, part => PieceAsync(part.Instances, isFirst: part.Index == 0, urlOf, ct), isMade ? Environment.ProcessorCount : 0, ct);
    }

    /// <summary>The JSON of some instances, each behind what stands before it in the array.</summary>
    private async ValueTask<ReadOnlyMemory<byte>> PieceAsync(InstanceReference[] instances, bool isFirst, Func<InstanceReference, string> urlOf, CancellationToken ct)
    {
        var piece = new ArrayBufferWriter<byte>(instances.Length * UsualLengthBytes);
        await using var json = new Utf8JsonWriter(piece);
        foreach (var instance in instances)
        {
            piece.Write(isFirst && piece.WrittenCount == 0 ? "["u8 : ","u8);
            var (hash, url) = (instance.ContentHash, urlOf(instance));
            if (cache.TryGet(hash, url, out var known))
            {
                piece.Write(known.Span);
                continue;
            }

            var start = piece.WrittenCount;
            var outline = await OutlineAsync(instance, ct);
            json.Reset();
            DicomJson.Write(outline.DataSet, json, value => ReferenceOf(outline, url, value));
            await json.FlushAsync(ct);
            cache.Add(hash, url, piece.WrittenMemory[start..]);
        }

        return piece.WrittenMemory;
    }

    private async Task WriteXmlAsync(WebRequest request, IReadOnlyList<InstanceReference> instances)
    {
        var ct = request.Context.RequestAborted;
        await using var parts = XmlParts.Begin(request.Context);
        foreach (var instance in instances)
        {
            var outline = await OutlineAsync(instance, ct);
            var url = UrlOf(request, instance);
            await parts.WriteAsync(outline.DataSet, value => ReferenceOf(outline, url, value), ct);
        }

        await parts.EndAsync(ct);
    }

    private async ValueTask<DataSetOutline> OutlineAsync(InstanceReference instance, CancellationToken ct)
    {
        await using var bytes = InstanceBytes.Open(retriever, instance) ?? throw new IOException("An instance has gone meanwhile");
        var outline = await bytes.OutlineAsync(OutlineOptions.Default, ct);
        KnownVrs.Restore(outline);

        // By what the file says; a viewer needs it before it asks for frames (PS3.18 §10.4.1.1.2).
        outline.DataSet.Set(Tags.AvailableTransferSyntaxUID, instance.TransferSyntaxUid);
        return outline;
    }

    private static string UrlOf(WebRequest request, InstanceReference instance) =>
        request.UrlOf(instance.StudyInstanceUid, instance.SeriesInstanceUid, instance.SopInstanceUid);

    private static string? ReferenceOf(DataSetOutline outline, string url, BulkData value) =>
        outline.Omits(value) ? $"{url}/bulkdata/{value.Path}" : null;
}
