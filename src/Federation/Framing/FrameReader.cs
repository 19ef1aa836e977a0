using System.Buffers;
using System.IO.Pipelines;

namespace Panal.Federation.Framing;

/// <summary>Reads frames that are a header of fixed length and a content, as those of the feed and of membership.</summary>
internal static class FrameReader
{
    /// <summary>Memory taken before any content has come, in bytes.</summary>
    private const int FirstBytes = 16 * 1024;

    /// <summary>Reads a header and checks its length against the limit; consumes nothing when it returns false.</summary>
    internal delegate bool TryReadHeader<TKind>(in ReadOnlySequence<byte> buffer, out TKind kind, out int contentBytes);

    /// <summary>Reads one frame, taking its bytes off the pipe as they come; null at the end of the stream.</summary>
    /// <param name="input">Where it comes from.</param>
    /// <param name="headerBytes">Length of a header.</param>
    /// <param name="tryReadHeader">Reads it.</param>
    /// <param name="fault">The exception for a stream that ends inside a frame.</param>
    /// <param name="ct">Ends the waiting.</param>
    internal static async ValueTask<(TKind Kind, ReadOnlyMemory<byte> Content)?> ReadAsync<TKind>(
        PipeReader input, int headerBytes, TryReadHeader<TKind> tryReadHeader, Func<string, Exception> fault, CancellationToken ct)
    {
        TKind kind;
        int length;
        while (true)
        {
            var read = await input.ReadAsync(ct);
            if (tryReadHeader(read.Buffer, out kind, out length))
            {
                input.AdvanceTo(read.Buffer.GetPosition(headerBytes));
                break;
            }

            if (read.IsCompleted)
            {
                return read.Buffer.IsEmpty ? null : throw fault("The stream ends inside a frame.");
            }

            input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }

        // Grows with what really comes, not with what was announced.
        var content = new ArrayBufferWriter<byte>(Math.Clamp(length, 1, FirstBytes));
        while (content.WrittenCount < length)
        {
            var read = await input.ReadAsync(ct);
            var taken = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, length - content.WrittenCount));
            foreach (var segment in taken)
            {
                content.Write(segment.Span);
            }

            input.AdvanceTo(taken.End);
            if (read.IsCompleted && content.WrittenCount < length)
            {
                throw fault("The stream ends inside a frame.");
            }
        }

        return (kind, content.WrittenMemory);
    }
}
