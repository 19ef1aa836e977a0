using System.Buffers;
using System.IO.Pipelines;
using Panal.Federation.Framing;

namespace Panal.Federation.Feed;

/// <summary>What a frame is. On the wire: numbers never change.</summary>
internal enum FeedFrameKind : byte
{
    /// <summary>The subscriber's first: what it wants and what it knows.</summary>
    Hello = 1,

    /// <summary>The publisher's first: from where it goes on.</summary>
    Begin = 2,

    /// <summary>A step of the feed or of a snapshot.</summary>
    Step = 3,

    /// <summary>Where the feed stands, when there is nothing new.</summary>
    Head = 4,

    /// <summary>A step of the feed, told by what it has beyond the one before.</summary>
    Next = 5,
}

/// <summary>The other side does not keep to docs/formats/feed.md; the stream ends. The text holds no values.</summary>
public sealed class FeedProtocolException(string message, Exception? inner = null) : IOException(message, inner);

/// <summary>Frames of docs/formats/feed.md: <c>length u32 · kind u8 · content</c>.</summary>
internal static class FeedFrame
{
    /// <summary>Length and kind, in bytes.</summary>
    internal const int HeaderBytes = LengthFirstHeader.LengthBytes;

    /// <summary>Longest frame, kind and content, in bytes: a step of 262,144 instances has 8 MiB of hashes.</summary>
    internal const int LimitBytes = 64 * 1024 * 1024;

    /// <summary>Reads a header; consumes nothing when it returns false.</summary>
    /// <param name="limitBytes">Longest frame accepted, in bytes.</param>
    /// <param name="contentBytes">Length of the content that follows.</param>
    /// <exception cref="FeedProtocolException">The frame is longer, or has no kind, or an unknown one.</exception>
    internal static bool TryReadHeader(in ReadOnlySequence<byte> buffer, int limitBytes, out FeedFrameKind kind, out int contentBytes) =>
        LengthFirstHeader.TryRead(buffer, limitBytes, static reason => new FeedProtocolException(reason), out kind, out contentBytes);

    /// <summary>Reads one frame, taking its bytes off the pipe as they come; null at the end of the stream.</summary>
    /// <exception cref="FeedProtocolException">The stream ends inside a frame, or the frame is not one.</exception>
    internal static ValueTask<(FeedFrameKind Kind, ReadOnlyMemory<byte> Content)?> ReadAsync(PipeReader input, int limitBytes, CancellationToken ct) =>
        FrameReader.ReadAsync(
            input,
            HeaderBytes,
            (in ReadOnlySequence<byte> buffer, out FeedFrameKind kind, out int contentBytes) => TryReadHeader(buffer, limitBytes, out kind, out contentBytes),
            static reason => new FeedProtocolException(reason),
            ct);

    /// <summary>Writes one frame.</summary>
    internal static void Write(IBufferWriter<byte> output, FeedFrameKind kind, ReadOnlySpan<byte> content) =>
        LengthFirstHeader.WriteFrame(output, kind, content);
}
