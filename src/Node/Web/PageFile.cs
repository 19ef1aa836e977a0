using System.IO.Compression;
using Microsoft.Net.Http.Headers;

namespace Panal.Node.Web;

/// <summary>One file of the page, as it is and compressed; compressed when it is first asked for, and once.</summary>
/// <param name="type">Media type.</param>
/// <param name="caching">Cache-Control.</param>
/// <param name="policy">Content-Security-Policy.</param>
/// <param name="bytes">Content.</param>
internal sealed class PageFile(string type, string caching, string policy, byte[] bytes)
{
    /// <summary>A shorter file gains nothing.</summary>
    private const int ShortestCompressedBytes = 1024;

    private readonly Lazy<byte[]?> _compressed = new(() => Compress(type, bytes));

    public async Task AnswerAsync(HttpContext context)
    {
        var response = context.Response;
        response.ContentType = type;
        response.Headers.CacheControl = caching;
        response.Headers.ContentSecurityPolicy = policy;
        response.Headers.Vary = HeaderNames.AcceptEncoding;
        var body = bytes;
        if (TakesGzip(context.Request) && _compressed.Value is { } compressed)
        {
            response.Headers.ContentEncoding = "gzip";
            body = compressed;
        }

        response.ContentLength = body.Length;
        await response.BodyWriter.WriteAsync(body, context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>True when the client names gzip and does not rule it out (RFC 9110 §12.5.3).</summary>
    private static bool TakesGzip(HttpRequest request) =>
        StringWithQualityHeaderValue.TryParseList(request.Headers.AcceptEncoding, out var codings)
        && codings.Any(coding => coding.Value.Equals("gzip", StringComparison.OrdinalIgnoreCase) && coding.Quality is not 0);

    private static byte[]? Compress(string type, byte[] bytes)
    {
        if (bytes.Length < ShortestCompressedBytes || type.StartsWith("image/png", StringComparison.Ordinal) || type.StartsWith("font/", StringComparison.Ordinal))
        {
            return null;
        }

        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write(bytes);
        }

        return compressed.Length < bytes.Length ? compressed.ToArray() : null;
    }
}
