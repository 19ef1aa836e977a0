using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Panal.Archive.Retrieve;
using Panal.Archive.Retrieve.Metadata;
using Panal.DicomWeb.Answers;

namespace Panal.DicomWeb.Retrieve;

/// <summary>Answers metadata: all attributes of instances without their bulk data (PS3.18 §10.4.1.1.2).</summary>
/// <remarks>See docs/decisions/2026-11-26-metadata-in-the-catalogue.md.</remarks>
public sealed class MetadataResource(Holding holding, Retriever retriever, AccessAudit audit, StoredMetadata metadata)
{
    /// <summary>A slice with some private attributes.</summary>
    private const int UsualLengthBytes = 3 << 10;

    internal async Task AnswerAsync(WebRequest request)
    {
        var context = request.Context;
        var contentType = Accepted.ChooseText(Accepted.Of(context.Request))
            ?? throw WebFaultException.NotAcceptable("Metadata is answered as application/dicom+json, application/json or multipart/related; type=\"application/dicom+xml\"");
        var (instances, isComplete) = contentType == Accepted.DicomXml ? await holding.FindShownAsync(request) : await holding.FindDescribedAsync(request);
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
            await body.WriteAsync(piece.WrittenMemory, ct);
        }

        await body.WriteAsync("]"u8.ToArray(), ct);
        await body.EndAsync(ct);
    }

    /// <summary>The array of the JSON of all instances but for its end, in pieces.</summary>
    internal IAsyncEnumerable<ArrayBufferWriter<byte>> JsonOfAsync(IReadOnlyList<InstanceReference> instances, Func<InstanceReference, string> urlOf, CancellationToken ct)
    {
        var parts = metadata.PartsOf(instances);

        // Handing pieces from thread to thread pays where there are several.
        return InOrder.MakeAsync(parts, part => PieceAsync(part, isFirst: part == parts[0], urlOf, ct), parts.Count > 1 ? Environment.ProcessorCount : 0, ct);
    }

    /// <summary>The JSON of some instances, each behind what stands before it in the array.</summary>
    private static async ValueTask<ArrayBufferWriter<byte>> PieceAsync(MetadataPart part, bool isFirst, Func<InstanceReference, string> urlOf, CancellationToken ct)
    {
        var json = await part.ReadAsync(ct);
        var piece = new ArrayBufferWriter<byte>(part.Instances.Count * UsualLengthBytes);
        for (var index = 0; index < json.Length; index++)
        {
            piece.Write(isFirst && index == 0 ? "["u8 : ","u8);
            InstanceMetadata.Complete(json[index].Span, JsonEncodedText.Encode(urlOf(part.Instances[index])).EncodedUtf8Bytes, piece);
        }

        return piece;
    }

    private async Task WriteXmlAsync(WebRequest request, IReadOnlyList<InstanceReference> instances)
    {
        var ct = request.Context.RequestAborted;
        await using var parts = XmlParts.Begin(request.Context);
        foreach (var instance in instances)
        {
            var outline = await InstanceMetadata.ReadAsync(retriever, instance, ct);
            var url = UrlOf(request, instance);
            await parts.WriteAsync(outline.DataSet, value => outline.Omits(value) ? $"{url}/{InstanceMetadata.ReferenceOf(value.Path)}" : null, ct);
        }

        await parts.EndAsync(ct);
    }

    private static string UrlOf(WebRequest request, InstanceReference instance) =>
        request.UrlOf(instance.StudyInstanceUid, instance.SeriesInstanceUid, instance.SopInstanceUid);
}
