using Microsoft.Net.Http.Headers;

namespace Panal.Node.Web;

/// <summary>One file of the page, as it is and compressed. Both stay on the disk, where the system keeps in memory what is asked for.</summary>
/// <param name="type">Media type.</param>
/// <param name="caching">Cache-Control.</param>
/// <param name="policy">Content-Security-Policy.</param>
/// <param name="file">Its path.</param>
internal sealed class PageFile(string type, string caching, string policy, string file)
{
    /// <summary>What the compressed form beside a file ends with; `src/WebUi/vite.config.js` makes it where it is worth it.</summary>
    internal const string CompressedEnding = ".gz";

    private readonly string? _compressed = File.Exists(file + CompressedEnding) ? file + CompressedEnding : null;

    public async Task AnswerAsync(HttpContext context)
    {
        var isCompressed = _compressed is not null && TakesGzip(context.Request);
        if (Open(isCompressed ? _compressed! : file) is not { } stream)
        {
            await Problem.WriteAsync(context, StatusCodes.Status404NotFound, "nothing-here", "There is nothing here.").ConfigureAwait(false);
            return;
        }

        var response = context.Response;
        response.ContentType = type;
        response.Headers.CacheControl = caching;
        response.Headers.ContentSecurityPolicy = policy;
        response.Headers.Vary = HeaderNames.AcceptEncoding;
        if (isCompressed)
        {
            response.Headers.ContentEncoding = "gzip";
        }

        await using (stream.ConfigureAwait(false))
        {
            response.ContentLength = stream.Length;
            await stream.CopyToAsync(response.Body, context.RequestAborted).ConfigureAwait(false);
        }
    }

    /// <summary>Null when the page was built anew since the node started, and has the file no more.</summary>
    private static FileStream? Open(string file)
    {
        try
        {
            return new FileStream(
                file, new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.Read, Share = FileShare.Read, Options = FileOptions.Asynchronous | FileOptions.SequentialScan, BufferSize = 0 });
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>True when the client names gzip and does not rule it out (RFC 9110 §12.5.3).</summary>
    private static bool TakesGzip(HttpRequest request) =>
        StringWithQualityHeaderValue.TryParseList(request.Headers.AcceptEncoding, out var codings)
        && codings.Any(coding => coding.Value.Equals("gzip", StringComparison.OrdinalIgnoreCase) && coding.Quality is not 0);
}
