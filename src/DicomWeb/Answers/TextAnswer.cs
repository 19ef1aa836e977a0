using System.IO.Compression;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Panal.DicomWeb.Answers;

/// <summary>The body of an answer of text, compressed where the client takes that.</summary>
internal static class TextAnswer
{
    /// <summary>Bytes that are gathered before they are sent.</summary>
    public const int StepBytes = 64 << 10;

    /// <summary>Begins the body; dispose it to end it.</summary>
    public static Stream Begin(HttpContext context, string contentType)
    {
        var response = context.Response;
        response.ContentType = contentType;
        response.Headers.Append(HeaderNames.Vary, "Accept, Accept-Encoding");
        if (!TakesGzip(context.Request))
        {
            return new UnclosedStream(response.Body);
        }

        response.Headers.ContentEncoding = "gzip";
        return new GZipStream(response.Body, CompressionLevel.Fastest, leaveOpen: true);
    }

    public static bool TakesGzip(HttpRequest request) =>
        StringWithQualityHeaderValue.TryParseList(request.Headers.AcceptEncoding!, out var codings)
        && codings.Any(coding => coding.Value.Equals("gzip", StringComparison.OrdinalIgnoreCase) && coding.Quality is null or > 0);

    /// <summary>The body belongs to the server: whoever disposes this only lets go of it.</summary>
    private sealed class UnclosedStream(Stream body) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush() => throw new NotSupportedException();

        public override Task FlushAsync(CancellationToken cancellationToken) => body.FlushAsync(cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            body.WriteAsync(buffer, cancellationToken);
    }
}
