using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http;
using Panal.DicomWeb.Answers;

namespace Panal.DicomWeb.Store;

/// <summary>The headers of a part that matter here.</summary>
/// <param name="ContentType">Media type in lower case without parameters; empty when there is none.</param>
/// <param name="ContentLocation">As it stands; empty when there is none. Only compared, never fetched.</param>
internal sealed record PartHead(string ContentType, string ContentLocation);

/// <summary>
/// Reads the parts of a body one after the other while it arrives (RFC 2046 §5.1). Bytes are handed on in the buffers they came in, so
/// memory does not grow with a part.
/// </summary>
/// <remarks>
/// <code>
/// preamble CRLF --boundary CRLF header CRLF header CRLF CRLF bytes CRLF --boundary CRLF … CRLF --boundary--
/// </code>
/// </remarks>
internal sealed class MultipartReader
{
    /// <summary>Longest head of a part: some headers of a line each.</summary>
    public const int HeadLimitBytes = 16 << 10;

    /// <summary>Bytes that a part waits for: the server receives in blocks of 4 KiB, and to hand each of them on alone costs more than it brings.</summary>
    private const int StepBytes = 64 << 10;

    /// <summary>Longest text before the first part.</summary>
    public const int PreambleLimitBytes = 64 << 10;

    private readonly PipeReader _body;
    private readonly byte[] _delimiter;
    private Part? _part;
    private bool _hasBegun;
    private bool _hasEnded;

    /// <param name="body">The body.</param>
    /// <param name="boundary">At most <see cref="MultipartBody.BoundaryLimit"/> characters.</param>
    public MultipartReader(PipeReader body, string boundary)
    {
        _body = body;
        _delimiter = Encoding.Latin1.GetBytes("\r\n--" + boundary);
    }

    /// <summary>The bytes of the current part.</summary>
    public PipeReader Current => _part ?? throw new InvalidOperationException("There is no part");

    /// <summary>Passes over what is left of the current part and reads the head of the next; null after the last.</summary>
    /// <exception cref="WebFaultException">The body is cut or malformed.</exception>
    public async ValueTask<PartHead?> NextAsync(CancellationToken ct)
    {
        if (_hasEnded)
        {
            return null;
        }

        if (!_hasBegun)
        {
            await SkipPreambleAsync(ct);
            _hasBegun = true;
        }
        else if (_part is { } part)
        {
            await part.SkipAsync(ct);
        }

        _part = null;
        var head = await ReadHeadAsync(ct);
        _part = head is null ? null : new Part(this);
        _hasEnded = head is null;
        return head;
    }

    /// <summary>The first delimiter may stand at the very beginning, where no line ends.</summary>
    private async ValueTask SkipPreambleAsync(CancellationToken ct)
    {
        var opening = _delimiter.AsMemory(2);
        while (true)
        {
            var read = await _body.ReadAsync(ct);
            var buffer = read.Buffer;
            if (buffer.Length >= opening.Length && StartsWith(buffer, opening.Span))
            {
                _body.AdvanceTo(buffer.GetPosition(opening.Length));
                return;
            }

            if (Find(buffer, _delimiter) is var found && found >= 0)
            {
                _body.AdvanceTo(buffer.GetPosition(found + _delimiter.Length));
                return;
            }

            if (read.IsCompleted || buffer.Length > PreambleLimitBytes)
            {
                _body.AdvanceTo(buffer.Start);
                throw WebFaultException.BadRequest("The body does not begin with its boundary");
            }

            _body.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    private async ValueTask<PartHead?> ReadHeadAsync(CancellationToken ct)
    {
        while (true)
        {
            var read = await _body.ReadAsync(ct);
            var buffer = read.Buffer;
            if (buffer.Length >= 2)
            {
                if (StartsWith(buffer, "--"u8))
                {
                    _body.AdvanceTo(buffer.GetPosition(2));
                    return null;
                }

                // The line of the delimiter may end in spaces; a part without headers has its empty line at once.
                if (Find(buffer, "\r\n\r\n"u8) is var end && end is >= 0 and <= HeadLimitBytes)
                {
                    var head = Parse(Encoding.UTF8.GetString(buffer.Slice(0, end)));
                    _body.AdvanceTo(buffer.GetPosition(end + 4));
                    return head;
                }
            }

            if (read.IsCompleted || buffer.Length > HeadLimitBytes)
            {
                _body.AdvanceTo(buffer.Start);
                throw WebFaultException.BadRequest(read.IsCompleted ? "The body ends before its last boundary" : "The head of a part is too long");
            }

            _body.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    private static PartHead Parse(string text)
    {
        var (type, location) = ("", "");
        var lines = text.Split("\r\n");
        if (lines[0].AsSpan().ContainsAnyExcept(' ', '\t'))
        {
            throw WebFaultException.BadRequest("A boundary does not end its line");
        }

        foreach (var line in lines.Skip(1))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0)
            {
                throw WebFaultException.BadRequest("The head of a part is malformed");
            }

            var value = line[(colon + 1)..].Trim();
            switch (line[..colon].Trim().ToLowerInvariant())
            {
                case "content-type":
                    type = value.Split(';')[0].Trim().ToLowerInvariant();
                    break;
                case "content-location":
                    location = value;
                    break;
                case "content-encoding" or "content-transfer-encoding" when !value.Equals("binary", StringComparison.OrdinalIgnoreCase)
                    && !value.Equals("identity", StringComparison.OrdinalIgnoreCase) && !value.Equals("8bit", StringComparison.OrdinalIgnoreCase):
                    throw new WebFaultException(StatusCodes.Status415UnsupportedMediaType, "Parts must be binary");
            }
        }

        return new PartHead(type, location);
    }

    private static bool StartsWith(in ReadOnlySequence<byte> buffer, ReadOnlySpan<byte> text)
    {
        Span<byte> start = stackalloc byte[MultipartBody.BoundaryLimit + 4];
        start = start[..text.Length];
        buffer.Slice(0, text.Length).CopyTo(start);
        return start.SequenceEqual(text);
    }

    /// <summary>Where a text stands first, or -1; it may lie over several segments.</summary>
    private static long Find(in ReadOnlySequence<byte> buffer, ReadOnlySpan<byte> text)
    {
        if (buffer.IsSingleSegment)
        {
            return buffer.FirstSpan.IndexOf(text);
        }

        // The end of what was looked at, shorter than the text, and the beginning of the next segment.
        Span<byte> seam = stackalloc byte[2 * (MultipartBody.BoundaryLimit + 4)];
        var overlap = text.Length - 1;
        var tail = 0;
        long offset = 0;
        foreach (var segment in buffer)
        {
            var span = segment.Span;
            var head = Math.Min(overlap, span.Length);
            span[..head].CopyTo(seam[tail..]);
            if (tail > 0 && seam[..(tail + head)].IndexOf(text) is var over and >= 0)
            {
                return offset - tail + over;
            }

            if (span.IndexOf(text) is var within and >= 0)
            {
                return offset + within;
            }

            if (span.Length >= overlap)
            {
                span[^overlap..].CopyTo(seam);
                tail = overlap;
            }
            else
            {
                var kept = Math.Min(overlap, tail + span.Length);
                seam.Slice(tail + span.Length - kept, kept).CopyTo(seam);
                tail = kept;
            }

            offset += span.Length;
        }

        return -1;
    }

    /// <summary>One part as a reader that ends at the delimiter.</summary>
    private sealed class Part(MultipartReader parts) : PipeReader
    {
        private ReadOnlySequence<byte> _shown;
        private SequencePosition _bufferEnd;
        private bool _isAtDelimiter;
        private bool _hasPassedDelimiter;
        private bool _isShown;

        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            while (true)
            {
                if (_hasPassedDelimiter)
                {
                    return new ReadResult(default, isCanceled: false, isCompleted: true);
                }

                TakeBack();
                var read = await parts._body.ReadAtLeastAsync(StepBytes, cancellationToken);
                if (TryShow(read, out var shown))
                {
                    return shown;
                }
            }
        }

        public override bool TryRead(out ReadResult result)
        {
            result = default;
            if (_hasPassedDelimiter)
            {
                result = new ReadResult(default, isCanceled: false, isCompleted: true);
                return true;
            }

            TakeBack();
            return parts._body.TryRead(out var read) && TryShow(read, out result);
        }

        public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            if (_hasPassedDelimiter)
            {
                return;
            }

            _isShown = false;
            if (_isAtDelimiter && _shown.Slice(consumed).IsEmpty)
            {
                // All of the part is taken: the delimiter goes with it.
                parts._body.AdvanceTo(_afterDelimiter);
                _hasPassedDelimiter = true;
                return;
            }

            // Whoever has looked at all that was shown waits for more: so the bytes that were held back count as looked at.
            var waits = !_isAtDelimiter && _shown.Slice(examined).IsEmpty && !_shown.Slice(consumed).IsEmpty;
            parts._body.AdvanceTo(consumed, waits ? _bufferEnd : examined);
        }

        public override void CancelPendingRead() => parts._body.CancelPendingRead();

        /// <summary>The body goes on after the part, whoever has had enough of it.</summary>
        public override void Complete(Exception? exception = null)
        {
        }

        public async ValueTask SkipAsync(CancellationToken ct)
        {
            while (!_hasPassedDelimiter)
            {
                var read = await ReadAsync(ct);
                AdvanceTo(read.Buffer.End);
            }
        }

        private SequencePosition _afterDelimiter;

        /// <summary>Whoever finds a fault in what it was shown throws and tells nothing of how far it came.</summary>
        private void TakeBack()
        {
            if (_isShown)
            {
                _isShown = false;
                parts._body.AdvanceTo(_shown.Start);
            }
        }

        private bool TryShow(ReadResult read, out ReadResult shown)
        {
            var buffer = read.Buffer;
            var delimiter = parts._delimiter;
            var found = Find(buffer, delimiter);
            if (found < 0 && read.IsCompleted)
            {
                parts._body.AdvanceTo(buffer.Start);
                throw WebFaultException.BadRequest("The body ends before its last boundary");
            }

            // The last bytes may be the beginning of a delimiter.
            var length = found >= 0 ? found : buffer.Length - delimiter.Length + 1;
            if (length <= 0 && found < 0)
            {
                parts._body.AdvanceTo(buffer.Start, buffer.End);
                shown = default;
                return false;
            }

            _shown = buffer.Slice(0, length);
            _bufferEnd = buffer.End;
            _isAtDelimiter = found >= 0;
            _afterDelimiter = found >= 0 ? buffer.GetPosition(found + delimiter.Length) : default;
            _isShown = true;
            shown = new ReadResult(_shown, read.IsCanceled, isCompleted: _isAtDelimiter);
            return true;
        }
    }
}
