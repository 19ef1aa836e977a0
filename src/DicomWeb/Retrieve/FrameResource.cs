using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Panal.Dicom;
using Panal.DicomWeb.Answers;

namespace Panal.DicomWeb.Retrieve;

/// <summary>Answers frames (PS3.18 §10.4.1.1.6), each in a part, as they are stored.</summary>
public sealed class FrameResource(Holding holding, AccessAudit audit)
{
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
            var (contentType, isSingle) = Choose(Accepted.Of(request.Context.Request), syntax, numbers.Count == 1);
            await audit.AccessedAsync(request.Decision.Caller, [instance]);
            if (EntityTag.IsKnown(request.Context, [instance.ContentHash], $"{contentType} {isSingle} {string.Join(',', numbers)}"))
            {
                return;
            }

            var outline = await bytes.OutlineAsync(WithFragments, request.Context.RequestAborted);
            var frames = FrameIndex.Of(outline, OutgoingSyntax.IsVideo(syntax));
            if (numbers.Any(number => number > frames.Count))
            {
                throw WebFaultException.NotFound("There is no such frame");
            }

            await SendAsync(request, bytes, frames, numbers, contentType, isSingle);
        }
    }

    /// <summary>Answers all of encapsulated pixel data, a frame a part: it has no other form (PS3.18 §8.7.3.3.2).</summary>
    internal static async Task AnswerAllAsync(WebRequest request, InstanceBytes bytes, DataSetOutline outline)
    {
        var (contentType, _) = Choose(Accepted.Of(request.Context.Request), bytes.TransferSyntax, isOne: false);
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

    /// <summary>Frames leave as they are stored: in their own media type, or as bytes when the client takes the stored syntax.</summary>
    private static (string ContentType, bool IsSingle) Choose(IReadOnlyList<MediaRange> ranges, TransferSyntax stored, bool isOne)
    {
        var native = OutgoingSyntax.FrameTypeOf(stored);
        var leaving = stored.IsEncapsulated ? stored.Uid : Uids.ExplicitVRLittleEndian;
        foreach (var range in ranges)
        {
            var takesSyntax = range.TransferSyntax is "" or "*" || range.TransferSyntax == leaving;
            if (takesSyntax && range.IncludesMultipart(native))
            {
                return ($"{native}; transfer-syntax={leaving}", false);
            }

            if (takesSyntax && isOne && range.MediaType == native)
            {
                return ($"{native}; transfer-syntax={leaving}", true);
            }

            // Bytes without a syntax are pixels (PS3.18 Table 8.7.3-4); of compressed frames only who asks for them so can make sense.
            if (takesSyntax && range.TransferSyntax.Length > 0 && range.IncludesMultipart(Accepted.OctetStream))
            {
                return ($"{Accepted.OctetStream}; transfer-syntax={leaving}", false);
            }
        }

        throw WebFaultException.NotAcceptable($"The frames are stored as {native} with transfer syntax {leaving} and are not transcoded");
    }

    private static IReadOnlyList<int> NumbersOf(string text)
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
