using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Panal.DicomWeb.Answers;

/// <summary>The part of a body that goes out: all of it, or one range that the client asks for (RFC 9110 §14).</summary>
internal readonly record struct ByteRange(long FirstByte, long LengthBytes)
{
    /// <summary>Reads the header and sets status, length and Content-Range. Several ranges, and a range of another version, give the whole.</summary>
    /// <exception cref="WebFaultException">The range lies beyond the end.</exception>
    public static ByteRange Of(HttpContext context, long totalBytes)
    {
        var (request, response) = (context.Request, context.Response);
        response.Headers.AcceptRanges = "bytes";
        response.ContentLength = totalBytes;
        var isOtherVersion = request.Headers.IfRange.Count > 0 && request.Headers.IfRange != response.Headers.ETag;
        if (isOtherVersion
            || !RangeHeaderValue.TryParse(request.Headers.Range.ToString(), out var header)
            || !header.Unit.Equals("bytes", StringComparison.OrdinalIgnoreCase)
            || header.Ranges.Count != 1)
        {
            return new ByteRange(0, totalBytes);
        }

        var asked = header.Ranges.Single();
        var first = asked.From ?? Math.Max(0, totalBytes - asked.To!.Value);
        var last = asked.From is null || asked.To is null ? totalBytes - 1 : Math.Min(asked.To.Value, totalBytes - 1);
        if (first > last)
        {
            response.ContentLength = null;
            response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes */{totalBytes}");
            throw new WebFaultException(StatusCodes.Status416RangeNotSatisfiable, "The range lies beyond the end");
        }

        response.StatusCode = StatusCodes.Status206PartialContent;
        response.ContentLength = last - first + 1;
        response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes {first}-{last}/{totalBytes}");
        return new ByteRange(first, last - first + 1);
    }
}
