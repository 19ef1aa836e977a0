using System.Buffers;
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
            var single = new StoresUnderWay(stored => TellAsync(request, stored, report, trail));
            await StoreAsync(request, context.Request.BodyReader, report, single, ct);
            await single.EndAsync();
            return;
        }

        var boundary = HeaderUtilities.RemoveQuotes(type.Boundary).ToString();
        if (!type.MediaType.Equals("multipart/related", StringComparison.OrdinalIgnoreCase) || boundary.Length is 0 or > MultipartBody.BoundaryLimit)
        {
            throw new WebFaultException(
                StatusCodes.Status415UnsupportedMediaType, "Instances are taken as multipart/related; type=\"application/dicom\" with a boundary");
        }

        var underWay = new StoresUnderWay(stored => TellAsync(request, stored, report, trail));
        try
        {
            await StorePartsAsync(request, new MultipartReader(context.Request.BodyReader, boundary), report, underWay, ct);
        }
        finally
        {
            await underWay.EndAsync();
        }
    }

    private async Task StorePartsAsync(WebRequest request, MultipartReader parts, StoreReport report, StoresUnderWay underWay, CancellationToken ct)
    {
        var metadata = new MetadataParts();
        var count = 0;
        while (await parts.NextAsync(ct) is { } head)
        {
            if (count++ == InstanceLimit)
            {
                throw new WebFaultException(StatusCodes.Status413PayloadTooLarge, "There are too many instances in one request");
            }

            if (head.ContentType is Accepted.DicomJson or Accepted.DicomXml)
            {
                await metadata.AddMetadataAsync(parts.Current, head.ContentType is Accepted.DicomXml, ct);
            }
            else if (metadata.HasMetadata)
            {
                await metadata.AddBulkDataAsync(head, parts.Current, ct);
            }
            else if (head.ContentType is Accepted.Dicom or "")
            {
                await StoreAsync(request, parts.Current, report, underWay, ct);
            }
            else
            {
                report.Failed(null, IngestRefusal.CannotUnderstand);
            }
        }

        foreach (var dataSet in metadata.DataSets())
        {
            await StoreAsync(request, dataSet, report, underWay, ct);
        }
    }

    /// <summary>Stores an instance that was put together of metadata and bulk data.</summary>
    private async ValueTask StoreAsync(WebRequest request, DataSet? dataSet, StoreReport report, StoresUnderWay underWay, CancellationToken ct)
    {
        if (dataSet?.GetString(Tags.SOPClassUID) is not { } sopClass || dataSet.GetString(Tags.SOPInstanceUID) is not { } sopInstance)
        {
            report.Failed(null, IngestRefusal.CannotUnderstand);
            return;
        }

        var encoded = new ArrayBufferWriter<byte>();
        DataSetEncoding.Encode(dataSet, TransferSyntax.ExplicitVrLittleEndian, encoded);
        var identity = new FileIdentity(sopClass, sopInstance, TransferSyntax.ExplicitVrLittleEndian);
        await StoreAsync(request, PipeReader.Create(new ReadOnlySequence<byte>(encoded.WrittenMemory)), identity, underWay, ct);
    }

    private async ValueTask StoreAsync(WebRequest request, PipeReader file, StoreReport report, StoresUnderWay underWay, CancellationToken ct)
    {
        try
        {
            if (await FileIdentity.ReadAsync(file, ct) is { } identity)
            {
                await StoreAsync(request, file, identity, underWay, ct);
                return;
            }
        }
        catch (DicomFormatException)
        {
            // Told of as what is no DICOM file is.
        }

        report.Failed(null, IngestRefusal.CannotUnderstand);
    }

    /// <param name="request">The request.</param>
    /// <param name="dataSet">Stands at the data set.</param>
    /// <param name="identity">Which instance it is.</param>
    /// <param name="underWay">Learns that it is on its way to the disk.</param>
    /// <param name="ct">Fires when the caller is gone.</param>
    private async ValueTask StoreAsync(WebRequest request, PipeReader dataSet, FileIdentity identity, StoresUnderWay underWay, CancellationToken ct)
    {
        var ingest = new IngestRequest(identity.SopClassUid, identity.SopInstanceUid, identity.TransferSyntax, request.Decision.Caller.AeTitle)
        {
            StudyInstanceUid = request.StudyInstanceUid,
        };
        await underWay.AddAsync(identity, await ingester.ReceiveAsync(dataSet, ingest, ct));
    }

    /// <summary>Tells report and audit trail what became of an instance, when that is known.</summary>
    private async ValueTask TellAsync(WebRequest request, StoreUnderWay stored, StoreReport report, StoreAudit trail)
    {
        var identity = stored.Identity;
        try
        {
            var outcome = await stored.Outcome;
            if (outcome.Refusal is { } refusal)
            {
                report.Failed(identity, refusal);
                return;
            }

            report.Stored(identity, outcome.Attributes!);
            trail.Add(identity.SopClassUid, outcome);
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
            await body.EndAsync(ct);
            return;
        }

        await using var xml = TextAnswer.Begin(context, Accepted.DicomXml);
        await xml.WriteAsync(Panal.Dicom.Xml.NativeXml.ToUtf8(report.ToDataSet()), ct);
        await xml.EndAsync(ct);
    }
}
