using System.Text;
using Microsoft.AspNetCore.Http;
using Panal.Archive.Retrieve;
using Panal.Dicom;
using Panal.DicomWeb.Answers;

namespace Panal.DicomWeb.Retrieve;

/// <summary>Answers the values that metadata refers to (PS3.18 §10.4.1.1.5), with ranges.</summary>
public sealed class BulkDataResource(Holding holding, AccessAudit audit)
{
    private static readonly OutlineOptions WithFragments = new() { ListsFragments = true };

    internal async Task AnswerAsync(WebRequest request)
    {
        var context = request.Context;
        var (instance, bytes) = await holding.OpenOneAsync(request);
        await using (bytes)
        {
            var outline = await bytes.OutlineAsync(WithFragments, context.RequestAborted);
            var path = request.Route("path") ?? "";
            if (!outline.Omitted.TryGetValue(path, out var value))
            {
                throw WebFaultException.NotFound("There is no such bulk data");
            }

            await audit.AccessedAsync(request.Decision.Caller, [instance]);
            if (EntityTag.IsKnown(context, [instance.ContentHash], path + context.Request.Headers.Accept))
            {
                return;
            }

            if (value.IsEncapsulated && path != "7FE00010")
            {
                throw WebFaultException.NotFound("Pixel data of an icon cannot be retrieved alone");
            }

            await (value.IsEncapsulated ? FrameResource.AnswerAllAsync(request, bytes, outline) : SendAsync(request, bytes, value));
        }
    }

    private static async Task SendAsync(WebRequest request, InstanceBytes bytes, OmittedValue value)
    {
        var (response, ct) = (request.Context.Response, request.Context.RequestAborted);
        var range = Accepted.Of(request.Context.Request).FirstOrDefault(range =>
            (range.Includes(Accepted.OctetStream) || range.IncludesMultipart(Accepted.OctetStream))
            && range.TransferSyntax is "" or "*" or Uids.ExplicitVRLittleEndian)
            ?? throw WebFaultException.NotAcceptable("Bulk data is answered as application/octet-stream, alone or as the part of a multipart/related");
        if (range.Includes(Accepted.OctetStream))
        {
            response.ContentType = Accepted.OctetStream;
            var part = ByteRange.Of(request.Context, value.LengthBytes);
            if (!HttpMethods.IsHead(request.Context.Request.Method))
            {
                await bytes.CopyAsync(value.OffsetBytes + part.FirstByte, part.LengthBytes, response.Body, ct);
            }

            return;
        }

        var boundary = MultipartBody.NewBoundary();
        var location = request.UrlOf(request.StudyInstanceUid, request.SeriesInstanceUid, request.SopInstanceUid) + "/bulkdata/" + request.Route("path");
        var head = Encoding.ASCII.GetBytes(MultipartBody.HeadOf(boundary, Accepted.OctetStream, location, value.LengthBytes));
        var end = Encoding.ASCII.GetBytes(MultipartBody.EndOf(boundary));
        response.ContentType = $"multipart/related; type=\"{Accepted.OctetStream}\"; boundary={boundary}";
        response.ContentLength = head.Length + value.LengthBytes + end.Length;
        await response.Body.WriteAsync(head, ct);
        await bytes.CopyAsync(value.OffsetBytes, value.LengthBytes, response.Body, ct);
        await response.Body.WriteAsync(end, ct);
    }
}
