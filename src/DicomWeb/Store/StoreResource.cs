using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;
using Panal.Archive.Ingest;
using Panal.Dicom;
using Panal.Dicom.Json;
using Panal.DicomWeb.Answers;
using Panal.Security.Audit;

namespace Panal.DicomWeb.Store;

/// <summary>Stores instances: STOW-RS (PS3.18 §10.5). Each part flows from the socket to the archive.</summary>
public sealed class StoreResource(Ingester ingester, AuditTrail audit, DicomWebOptions options, ILogger<StoreResource> logger)
{
    /// <summary>Most instances of one request: the answer names each of them.</summary>
    private const int InstanceLimit = 100_000;

    internal async Task AnswerAsync(WebRequest request)
    {
        var context = request.Context;
        var answerType = Accepted.ChooseText(Accepted.Of(context.Request))
            ?? throw WebFaultException.NotAcceptable("Stores are answered as application/dicom+json, application/json or application/dicom+xml");
        if (context.Request.Headers.ContentEncoding.Count > 0)
        {
            throw new WebFaultException(StatusCodes.Status415UnsupportedMediaType, "Compressed bodies are not taken");
        }

        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = options.MaximumStoreLengthBytes;
        }

        var report = new StoreReport(request);
        var trail = new StoreAudit(audit, request.Decision.Caller, new AuditParty(options.AETitle, null));
        try
        {
            await StoreAsync(request, report, trail);
        }
        finally
        {
            await trail.RecordAsync();
        }

        if (report.Count == 0)
        {
            throw WebFaultException.BadRequest("The body holds no instance");
        }

        await WriteAsync(context, report, answerType);
    }

    private async Task StoreAsync(WebRequest request, StoreReport report, StoreAudit trail)
    {
        var (context, ct) = (request.Context, request.Context.RequestAborted);
        if (!MediaTypeHeaderValue.TryParse(context.Request.ContentType, out var type))
        {
            throw new WebFaultException(StatusCodes.Status415UnsupportedMediaType, "Content-Type is missing or malformed");
        }

        if (type.MediaType.Equals(Accepted.Dicom, StringComparison.OrdinalIgnoreCase))
        {
            await StoreAsync(request, context.Request.BodyReader, report, trail, ct);
            return;
        }

        var boundary = HeaderUtilities.RemoveQuotes(type.Boundary).ToString();
        if (!type.MediaType.Equals("multipart/related", StringComparison.OrdinalIgnoreCase) || boundary.Length is 0 or > MultipartBody.BoundaryLimit)
        {
            throw new WebFaultException(
                StatusCodes.Status415UnsupportedMediaType, "Instances are taken as multipart/related; type=\"application/dicom\" with a boundary of at most 70 characters");
        }

        var parts = new MultipartReader(context.Request.BodyReader, boundary);
        while (await parts.NextAsync(ct) is { } head)
        {
            if (report.Count == InstanceLimit)
            {
                throw new WebFaultException(StatusCodes.Status413PayloadTooLarge, "There are too many instances in one request");
            }

            if (head.ContentType is Accepted.Dicom or "")
            {
                await StoreAsync(request, parts.Current, report, trail, ct);
            }
            else if (head.ContentType is Accepted.DicomJson or Accepted.DicomXml)
            {
                throw new WebFaultException(StatusCodes.Status415UnsupportedMediaType, "Only parts of application/dicom are taken");
            }
            else
            {
                report.Failed(null, IngestRefusal.CannotUnderstand);
            }
        }
    }

    private async ValueTask StoreAsync(WebRequest request, PipeReader file, StoreReport report, StoreAudit trail, CancellationToken ct)
    {
        FileIdentity? identity = null;
        try
        {
            identity = await FileIdentity.ReadAsync(file, ct);
            if (identity is null)
            {
                report.Failed(null, IngestRefusal.CannotUnderstand);
                return;
            }

            var ingest = new IngestRequest(identity.SopClassUid, identity.SopInstanceUid, identity.TransferSyntax, request.Decision.Caller.AeTitle)
            {
                StudyInstanceUid = request.StudyInstanceUid,
            };
            var outcome = await ingester.StoreAsync(file, ingest, ct);
            if (outcome.Refusal is { } refusal)
            {
                report.Failed(identity, refusal);
                return;
            }

            report.Stored(identity, outcome.Attributes!);
            trail.Add(identity.SopClassUid, outcome);
        }
        catch (DicomFormatException)
        {
            report.Failed(identity, IngestRefusal.CannotUnderstand);
        }
        catch (Exception fault) when (fault is not (WebFaultException or OperationCanceledException or BadHttpRequestException or IOException))
        {
            Log.Failed(logger, fault, Problem.TraceIdOf(request.Context));
            report.Failed(identity, IngestRefusal.ProcessingFailure);
        }
    }

    private static async Task WriteAsync(HttpContext context, StoreReport report, string answerType)
    {
        context.Response.StatusCode = report.StatusCode;
        context.Response.Headers.CacheControl = "no-store";
        var ct = context.RequestAborted;
        if (answerType != Accepted.DicomXml)
        {
            await using var body = TextAnswer.Begin(context, answerType);
            await body.WriteAsync(DicomJson.ToUtf8(report.ToDataSet()), ct);
            return;
        }

        await using var xml = TextAnswer.Begin(context, Accepted.DicomXml);
        await xml.WriteAsync(Panal.Dicom.Xml.NativeXml.ToUtf8(report.ToDataSet()), ct);
    }
}
