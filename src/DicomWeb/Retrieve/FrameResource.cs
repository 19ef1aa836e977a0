using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Panal.Archive.Retrieve;
using Panal.Dicom;
using Panal.DicomWeb.Answers;
using Panal.Imaging.Rendering;
using Panal.Imaging.Transcoding;

namespace Panal.DicomWeb.Retrieve;

/// <summary>Answers frames (PS3.18 §10.4.1.1.6), each in a part: as they are stored, or transcoded where the client does not take that.</summary>
public sealed class FrameResource(Holding holding, Retriever retriever, AccessAudit audit)
{
    /// <summary>How frames leave.</summary>
    /// <param name="ContentType">With its transfer syntax.</param>
    /// <param name="IsSingle">Without parts.</param>
    /// <param name="Target">What they are transcoded to; null for as stored.</param>
    private readonly record struct Form(string ContentType, bool IsSingle, TransferSyntax? Target);

    /// <summary>Most frames of one request.</summary>
    private const int FrameLimit = 10_000;

    private static readonly OutlineOptions WithFragments = new() { ListsFragments = true, BytesLimitBytes = 1 << 20 };

    /// <summary>Answers the frames whose numbers the path lists.</summary>
    internal async Task AnswerAsync(WebRequest request)
    {
        var numbers = NumbersOf(request.Route("frames") ?? "");
        var (instance, bytes) = await holding.OpenOneAsync(request);
        await using (bytes)
        {
            var syntax = bytes.TransferSyntax;
            var form = Choose(Accepted.Of(request.Context.Request), syntax, numbers.Count == 1);
            await audit.AccessedAsync(request.Decision.Caller, [instance]);
            if (EntityTag.IsKnown(request.Context, [instance.ContentHash], $"{form.ContentType} {form.IsSingle} {string.Join(',', numbers)}"))
            {
                return;
            }

            if (form.Target is { } target)
            {
                await SendTranscodedAsync(request, instance, numbers, form, target);
                return;
            }

            var outline = await bytes.OutlineAsync(WithFragments, request.Context.RequestAborted);
            var frames = FrameIndex.Of(outline, OutgoingSyntax.IsVideo(syntax));
            if (numbers.Any(number => number > frames.Count))
            {
                throw WebFaultException.NotFound("There is no such frame");
            }

            await SendAsync(request, bytes, frames, numbers, form.ContentType, form.IsSingle);
        }
    }

    /// <summary>Answers all of encapsulated pixel data, a frame a part: it has no other form (PS3.18 §8.7.3.3.2).</summary>
    internal static async Task AnswerAllAsync(WebRequest request, InstanceBytes bytes, DataSetOutline outline)
    {
        var contentType = Choose(Accepted.Of(request.Context.Request), bytes.TransferSyntax, isOne: false, isAsStored: true).ContentType;
        var frames = FrameIndex.Of(outline, OutgoingSyntax.IsVideo(bytes.TransferSyntax));
        await SendAsync(request, bytes, frames, [.. Enumerable.Range(1, frames.Count)], contentType, isSingle: false);
    }

    private static async Task SendAsync(
        WebRequest request, InstanceBytes bytes, FrameIndex frames, IReadOnlyList<int> numbers, string contentType, bool isSingle)
    {
        var (response, ct) = (request.Context.Response, request.Context.RequestAborted);
        if (isSingle)
        {
            response.ContentType = contentType;
            response.ContentLength = frames.LengthOf(numbers[0] - 1);
            await frames.CopyAsync(bytes, numbers[0] - 1, response.Body, ct);
            return;
        }

        var boundary = MultipartBody.NewBoundary();
        var url = request.UrlOf(request.StudyInstanceUid, request.SeriesInstanceUid, request.SopInstanceUid);
        var heads = numbers.Select(number => Encoding.ASCII.GetBytes(MultipartBody.HeadOf(
            boundary, contentType, string.Create(CultureInfo.InvariantCulture, $"{url}/frames/{number}"), frames.LengthOf(number - 1)))).ToArray();
        var end = Encoding.ASCII.GetBytes(MultipartBody.EndOf(boundary));
        response.ContentType = $"multipart/related; type=\"{contentType.Split(';')[0]}\"; boundary={boundary}";
        response.ContentLength = heads.Sum(head => (long)head.Length) + numbers.Sum(number => frames.LengthOf(number - 1)) + end.Length;
        if (HttpMethods.IsHead(request.Context.Request.Method))
        {
            return;
        }

        for (var index = 0; index < numbers.Count; index++)
        {
            await response.Body.WriteAsync(heads[index], ct);
            await frames.CopyAsync(bytes, numbers[index] - 1, response.Body, ct);
        }

        await response.Body.WriteAsync(end, ct);
    }

    private async Task SendTranscodedAsync(WebRequest request, InstanceReference instance, IReadOnlyList<int> numbers, Form form, TransferSyntax target)
    {
        var (response, ct) = (request.Context.Response, request.Context.RequestAborted);
        using var opened = await OpenedImage.OpenAsync(retriever, instance, ct);
        using var frames = new TranscodedFrames(opened.Image, target, RenderOptions.Limits);
        if (numbers.Any(number => number > frames.Count))
        {
            throw WebFaultException.NotFound("There is no such frame");
        }

        // The first is made before the answer begins: what cannot be transcoded is told of.
        var frame = frames.Read(numbers[0] - 1);
        if (form.IsSingle)
        {
            response.ContentType = form.ContentType;
            response.ContentLength = frame.Length;
            await response.Body.WriteAsync(frame, ct);
            return;
        }

        var boundary = MultipartBody.NewBoundary();
        var url = request.UrlOf(request.StudyInstanceUid, request.SeriesInstanceUid, request.SopInstanceUid);
        response.ContentType = $"multipart/related; type=\"{form.ContentType.Split(';')[0]}\"; boundary={boundary}";
        for (var index = 0; index < numbers.Count; index++)
        {
            frame = index == 0 ? frame : frames.Read(numbers[index] - 1);
            var location = string.Create(CultureInfo.InvariantCulture, $"{url}/frames/{numbers[index]}");
            await response.Body.WriteAsync(Encoding.ASCII.GetBytes(MultipartBody.HeadOf(boundary, form.ContentType, location, frame.Length)), ct);
            await response.Body.WriteAsync(frame, ct);
        }

        await response.Body.WriteAsync(Encoding.ASCII.GetBytes(MultipartBody.EndOf(boundary)), ct);
    }

    /// <summary>Frames leave as they are stored where the client takes that, else in the first syntax of its list that can be made.</summary>
    private static Form Choose(IReadOnlyList<MediaRange> ranges, TransferSyntax stored, bool isOne, bool isAsStored = false)
    {
        var native = OutgoingSyntax.FrameTypeOf(stored);
        var leaving = stored.IsEncapsulated ? stored.Uid : Uids.ExplicitVRLittleEndian;
        foreach (var range in ranges)
        {
            var takesSyntax = range.TransferSyntax is "" or "*" || range.TransferSyntax == leaving;
            if (takesSyntax && range.IncludesMultipart(native))
            {
                return new Form($"{native}; transfer-syntax={leaving}", false, null);
            }

            if (takesSyntax && isOne && range.MediaType == native)
            {
                return new Form($"{native}; transfer-syntax={leaving}", true, null);
            }

            // Bytes without a syntax are pixels (PS3.18 Table 8.7.3-4); of compressed frames only who asks for them so can make sense.
            if (takesSyntax && range.TransferSyntax.Length > 0 && range.IncludesMultipart(Accepted.OctetStream))
            {
                return new Form($"{Accepted.OctetStream}; transfer-syntax={leaving}", false, null);
            }

            if (!isAsStored && Transcoded(range, stored, isOne) is { } form)
            {
                return form;
            }
        }

        throw WebFaultException.NotAcceptable($"The frames are stored as {native} with transfer syntax {leaving} and cannot be made otherwise as asked for");
    }

    /// <summary>What can be made for a media range, or null.</summary>
    private static Form? Transcoded(MediaRange range, TransferSyntax stored, bool isOne)
    {
        foreach (var target in OutgoingSyntax.FramesCanBe)
        {
            var type = OutgoingSyntax.FrameTypeOf(target);
            var isWanted = range.TransferSyntax.Length == 0 ? OutgoingSyntax.IsDefaultOfItsType(target) : range.TransferSyntax == target.Uid;
            if (!isWanted || !Transcoder.CanTranscode(stored, target))
            {
                continue;
            }

            if (range.IncludesMultipart(type))
            {
                return new Form($"{type}; transfer-syntax={target.Uid}", false, target);
            }

            if (isOne && range.MediaType == type)
            {
                return new Form($"{type}; transfer-syntax={target.Uid}", true, target);
            }
        }

        return null;
    }

    /// <summary>The frame numbers of a path, from 1.</summary>
    /// <exception cref="WebFaultException">They are none, or too many.</exception>
    internal static IReadOnlyList<int> NumbersOf(string text)
    {
        var parts = text.Split(',');
        if (parts.Length > FrameLimit)
        {
            throw WebFaultException.BadRequest("There are too many frames in one request");
        }

        return [.. parts.Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : throw WebFaultException.BadRequest("Frames are numbers from 1 with commas between"))];
    }
}
