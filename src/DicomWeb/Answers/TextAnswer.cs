using System.Buffers;
using System.IO.Compression;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Panal.DicomWeb.Answers;

/// <summary>The body of an answer of text, compressed where the client takes that. A short one leaves in one piece with its length, a long one as it is made.</summary>
internal sealed class TextAnswer : IAsyncDisposable
{
    /// <summary>Bytes that are gathered before they are sent.</summary>
    public const int StepBytes = 64 << 10;

    private readonly Gathering _sent;
    private readonly GZipStream? _packed;

    private TextAnswer(Gathering sent, bool isPacked) =>
        (_sent, _packed) = (sent, isPacked ? new GZipStream(sent, CompressionLevel.Fastest, leaveOpen: true) : null);

    /// <summary>Begins the body; nothing is sent before <see cref="StepBytes"/> are there, or <see cref="EndAsync"/>.</summary>
    public static TextAnswer Begin(HttpContext context, string contentType)
    {
        var response = context.Response;
        response.ContentType = contentType;
        response.Headers.Append(HeaderNames.Vary, "Accept, Accept-Encoding");
        var isPacked = TakesGzip(context.Request);
        if (isPacked)
        {
            response.Headers.ContentEncoding = "gzip";
        }

        return new TextAnswer(new Gathering(response), isPacked);
    }

    public static bool TakesGzip(HttpRequest request) =>
        StringWithQualityHeaderValue.TryParseList(request.Headers.AcceptEncoding!, out var codings)
        && codings.Any(coding => coding.Value.Equals("gzip", StringComparison.OrdinalIgnoreCase) && coding.Quality is null or > 0);

    /// <summary>Adds to the body.</summary>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken ct) => (_packed ?? (Stream)_sent).WriteAsync(bytes, ct);

    /// <summary>Sends what is left. Without it the body stays cut, and where nothing was sent yet a fault can be told instead.</summary>
    public async ValueTask EndAsync(CancellationToken ct)
    {
        if (_packed is not null)
        {
            await _packed.DisposeAsync();
        }

        await _sent.EndAsync(ct);
    }

    public async ValueTask DisposeAsync()
    {
        _sent.IsShut = true;
        if (_packed is not null)
        {
            await _packed.DisposeAsync();
        }
    }

    /// <summary>The way to the client. Two sends for a short answer would cost both sides a change of threads more.</summary>
    private sealed class Gathering(HttpResponse response) : Stream
    {
        private ArrayBufferWriter<byte>? _gathered = new(4096);

        /// <summary>What comes now is the end of something that was broken off.</summary>
        public bool IsShut { get; set; }

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public async ValueTask EndAsync(CancellationToken ct)
        {
            IsShut = true;
            if (_gathered is { } whole)
            {
                _gathered = null;
                response.ContentLength = whole.WrittenCount;
                await response.Body.WriteAsync(whole.WrittenMemory, ct);
            }
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (IsShut)
            {
                return;
            }

            if (_gathered is { } gathered)
            {
                if (gathered.WrittenCount + buffer.Length < StepBytes)
                {
                    gathered.Write(buffer.Span);
                    return;
                }

                _gathered = null;
                if (gathered.WrittenCount > 0)
                {
                    await response.Body.WriteAsync(gathered.WrittenMemory, cancellationToken);
                }
            }

            await response.Body.WriteAsync(buffer, cancellationToken);
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
