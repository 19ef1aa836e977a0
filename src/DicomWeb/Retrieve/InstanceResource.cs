using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http;
using Panal.Archive.Retrieve;
using Panal.Dicom;
using Panal.DicomWeb.Answers;
using Panal.Security.Audit;

namespace Panal.DicomWeb.Retrieve;

/// <summary>Answers studies, series and instances: WADO-RS (PS3.18 §10.4.1.1.1), each instance a file in a part, streamed from the disk.</summary>
public sealed class InstanceResource(Holding holding, Retriever retriever, AccessAudit audit)
{
    /// <summary>Less room than this at the end of a block of the server is left unused: a read for a few bytes costs as much as one for many.</summary>
    private const int RoomBytes = 4 << 10;

    /// <summary>So much is gathered before it is sent, a slice of a CT: each send wakes the receiver, which costs more than reading a block. More gains nothing.</summary>
    private const int StepBytes = 512 << 10;

    /// <summary>Shorter files are gathered instead.</summary>
    private const int LeastSentBytes = 64 << 10;

    /// <summary>So much of a file leaves between two looks whether the client is still there.</summary>
    private const int MostSentBytes = 16 << 20;

    /// <summary>An instance and how it leaves.</summary>
    private sealed record Outgoing(InstanceReference Instance, TransferSyntax Stored, TransferSyntax Syntax)
    {
        public bool IsAsStored => Stored.Uid == Syntax.Uid;

        public bool HasKnownLength => IsAsStored && Instance is { IsHeldHere: true, CorrectedAt: null };

        public string ContentType => $"{Accepted.Dicom}; transfer-syntax={Syntax.Uid}";
    }

    internal async Task AnswerAsync(WebRequest request)
    {
        var context = request.Context;
        var (instances, isComplete) = await holding.BeginAsync(request);
        var (chosen, isSingle) = Choose(Accepted.Of(context.Request), instances, request.SopInstanceUid is not null);
        var isHere = chosen.All(one => one.Instance.IsHeldHere);
        if (isHere && EntityTag.IsKnown(context, chosen.Select(one => one.Instance.ContentHash + one.Syntax.Uid), isSingle ? "file" : "parts"))
        {
            return;
        }

        isComplete &= chosen.Count == instances.Count;
        context.Response.StatusCode = isComplete ? StatusCodes.Status200OK : StatusCodes.Status206PartialContent;
        if (chosen.Count < instances.Count)
        {
            context.Response.Headers.Append("Warning", $"299 panal \"{instances.Count - chosen.Count} instances cannot be made in the requested transfer syntax\"");
        }

        await SendAsync(request, chosen, isSingle);
    }

    /// <summary>Sends one instance as a file without parts, in a syntax that the caller names (WADO-URI, PS3.18 §9).</summary>
    internal async Task AnswerFileAsync(WebRequest request, InstanceReference instance, string wantedSyntax)
    {
        var stored = TransferSyntax.ForUid(instance.TransferSyntaxUid);
        var syntax = OutgoingSyntax.Choose(stored, wantedSyntax)
            ?? throw WebFaultException.NotAcceptable("The instance cannot be made in the requested transfer syntax");
        var outgoing = new Outgoing(instance, stored, syntax);
        if (!EntityTag.IsKnown(request.Context, [instance.ContentHash + syntax.Uid], "file"))
        {
            await SendAsync(request, [outgoing], isSingle: true);
        }
    }

    private async Task SendAsync(WebRequest request, IReadOnlyList<Outgoing> chosen, bool isSingle)
    {
        var caller = request.Decision.Caller;
        var sent = chosen.Select(one => one.Instance).ToArray();
        if (HttpMethods.IsHead(request.Context.Request.Method))
        {
            request.Context.Response.ContentType = isSingle ? chosen[0].ContentType : "multipart/related; type=\"application/dicom\"";
            return;
        }

        await audit.BeginAsync(caller, sent);
        var outcome = AuditOutcome.SeriousFailure;
        try
        {
            await (isSingle ? SendFileAsync(request, chosen[0]) : SendPartsAsync(request, chosen));
            outcome = AuditOutcome.Success;
        }
        finally
        {
            await audit.TransferredAsync(caller, sent, outcome);
        }
    }

    /// <summary>What the client wants most and can be made; an instance alone may also go without parts.</summary>
    private static (IReadOnlyList<Outgoing> Chosen, bool IsSingle) Choose(
        IReadOnlyList<MediaRange> ranges, IReadOnlyList<InstanceReference> instances, bool isOne)
    {
        var isKnownType = false;
        foreach (var range in ranges)
        {
            var isSingle = isOne && range.MediaType == Accepted.Dicom;
            if (!isSingle && !range.IncludesMultipart(Accepted.Dicom))
            {
                continue;
            }

            isKnownType = true;
            var chosen = new List<Outgoing>(instances.Count);
            foreach (var instance in instances)
            {
                var stored = TransferSyntax.ForUid(instance.TransferSyntaxUid);
                if (OutgoingSyntax.Choose(stored, range.TransferSyntax) is { } syntax)
                {
                    chosen.Add(new Outgoing(instance, stored, syntax));
                }
            }

            if (chosen.Count > 0)
            {
                return (chosen, isSingle);
            }
        }

        throw WebFaultException.NotAcceptable(isKnownType
            ? "The instances cannot be made in the requested transfer syntax"
            : "Instances are answered as multipart/related; type=\"application/dicom\", one alone also as application/dicom");
    }

    private async Task SendFileAsync(WebRequest request, Outgoing outgoing)
    {
        var (response, ct) = (request.Context.Response, request.Context.RequestAborted);
        if (!outgoing.IsAsStored)
        {
            await using var converted = Convert(outgoing) ?? throw WebFaultException.NotAcceptable("The instance cannot be made in the requested transfer syntax");
            Describe(response, outgoing);
            await SendConvertedAsync(outgoing, converted, response.Body, ct);
            return;
        }

        Describe(response, outgoing);
        using var file = Open(outgoing);
        var range = ByteRange.Of(request.Context, file.LengthBytes);
        await SendFileAsync(file, range.FirstByte, range.LengthBytes, response, ct);
        await response.BodyWriter.FlushAsync(ct);
    }

    private static void Describe(HttpResponse response, Outgoing outgoing)
    {
        response.ContentType = outgoing.ContentType;
        response.Headers.ContentDisposition = $"attachment; filename=\"{outgoing.Instance.SopInstanceUid}.dcm\"";
    }

    private async Task SendPartsAsync(WebRequest request, IReadOnlyList<Outgoing> chosen)
    {
        var response = request.Context.Response;
        var ct = request.Context.RequestAborted;
        var boundary = MultipartBody.NewBoundary();
        response.ContentType = $"multipart/related; type=\"application/dicom\"; boundary={boundary}";
        var end = Encoding.ASCII.GetBytes(MultipartBody.EndOf(boundary));
        if (chosen.All(one => one.HasKnownLength))
        {
            response.ContentLength = chosen.Sum(one => HeadOf(request, boundary, one).Length + one.Instance.FileLengthBytes) + end.Length;
        }

        foreach (var one in chosen)
        {
            if (!one.Instance.IsHeldHere)
            {
                // What there is leaves before the next one is waited for.
                await response.BodyWriter.FlushAsync(ct);
            }

            await SendPartAsync(request, boundary, await holding.BringAsync(one.Instance, ct) is { } here ? one with { Instance = here } : throw new IOException("An instance did not come"));
        }

        await response.BodyWriter.WriteAsync(end, ct);
    }

    private async Task SendPartAsync(WebRequest request, string boundary, Outgoing one)
    {
        var (response, ct) = (request.Context.Response, request.Context.RequestAborted);
        if (!one.IsAsStored)
        {
            await using var converted = Convert(one);
            if (converted is not null)
            {
                response.BodyWriter.Write(HeadOf(request, boundary, one));
                await SendConvertedAsync(one, converted, response.Body, ct);
                return;
            }

            // What cannot be decoded is better sent as it is, and said to be so, than left out of an answer that has begun.
            one = one with { Syntax = one.Stored };
        }

        using var file = Open(one);
        response.BodyWriter.Write(HeadOf(request, boundary, one));
        await SendFileAsync(file, 0, file.LengthBytes, response, ct);
    }

    private static byte[] HeadOf(WebRequest request, string boundary, Outgoing one) => Encoding.ASCII.GetBytes(MultipartBody.HeadOf(
        boundary,
        one.ContentType,
        request.UrlOf(one.Instance.StudyInstanceUid, one.Instance.SeriesInstanceUid, one.Instance.SopInstanceUid),
        one.IsAsStored && one.Instance.CorrectedAt is null ? one.Instance.FileLengthBytes : null));

    private StoredFile Open(Outgoing outgoing) =>
        retriever.OpenFile(outgoing.Instance) ?? throw new IOException("An instance has gone meanwhile");

    /// <summary>Opens an instance in another syntax; null when it cannot be put into that.</summary>
    private OutgoingInstance? Convert(Outgoing outgoing) => retriever.Open(outgoing.Instance, [outgoing.Syntax.Uid]) switch
    {
        { Result: OpenResult.Opened, Instance: { } instance } => instance,
        { Result: OpenResult.NoCommonTransferSyntax } => null,
        _ => throw new IOException("An instance has gone meanwhile"),
    };

    private static async Task SendConvertedAsync(Outgoing outgoing, OutgoingInstance converted, Stream body, CancellationToken ct)
    {
        var head = new ArrayBufferWriter<byte>(1024);
        FileMeta.WriteHeader(outgoing.Instance.SopClassUid, outgoing.Instance.SopInstanceUid, outgoing.Syntax, head);
        await body.WriteAsync(head.WrittenMemory, ct);
        await CopyAsync(converted.DataSet, body, ct);
    }

    /// <summary>Sends a part of a file, by the kernel where that can be; where not, the last bytes wait for a flush.</summary>
    private static async Task SendFileAsync(StoredFile file, long offset, long length, HttpResponse response, CancellationToken ct)
    {
        // In an answer of unknown length the server frames what is written.
        if (file.IsSendable && length >= LeastSentBytes && response.ContentLength is not null && response.HttpContext.Features.Get<IFileOutput>() is { } output)
        {
            await response.StartAsync(ct);
            while (length > 0)
            {
                var step = (int)Math.Min(length, MostSentBytes);
                output.Append(file, offset, step);
                _ = response.BodyWriter.GetMemory();        // the server takes no advance without it
                response.BodyWriter.Advance(step);
                await response.BodyWriter.FlushAsync(ct);
                (offset, length) = (offset + step, length - step);
            }

            return;
        }

        file.Bytes.Position = offset;
        await CopyFileAsync(file.Bytes, length, response.BodyWriter, ct);
    }

    /// <summary>Copies bytes, of which the last wait for a flush; a file that ends early is a fault.</summary>
    private static async Task CopyFileAsync(Stream source, long length, PipeWriter target, CancellationToken ct)
    {
        while (length > 0)
        {
            // Straight into the server's buffer, and on this thread: what is asked for is mostly in the memory of the kernel already.
            var memory = target.GetMemory(RoomBytes);
            var read = source.Read(memory.Span[..(int)Math.Min(memory.Length, length)]);
            if (read == 0)
            {
                throw new EndOfStreamException("A stored file is shorter than the catalogue says");
            }

            target.Advance(read);
            length -= read;
            if (target.UnflushedBytes >= StepBytes)
            {
                await target.FlushAsync(ct);
            }
        }
    }

    /// <summary>Copies bytes until they end.</summary>
    private static async Task CopyAsync(Stream source, Stream target, CancellationToken ct)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(InstanceBytes.StepBytes);
        try
        {
            while (await source.ReadAsync(buffer, ct) is > 0 and var read)
            {
                await target.WriteAsync(buffer.AsMemory(0, read), ct);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
