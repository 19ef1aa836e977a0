using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Panal.Dicom;
using Panal.Federation.Framing;

namespace Panal.Federation.Broker.Retrieving;

/// <summary>What a frame of docs/formats/bring.md is. On the wire: numbers never change.</summary>
internal enum BringFrameKind : byte
{
    /// <summary>Which instance is wanted: its SOP Instance UID.</summary>
    Want = 1,

    /// <summary>It is not here yet; said from time to time.</summary>
    UnderWay = 2,

    /// <summary>It is here: the feed tells its hash.</summary>
    Here = 3,

    /// <summary>It does not come.</summary>
    NotGiven = 4,
}

/// <summary>The other side does not keep to docs/formats/bring.md; the stream ends.</summary>
public sealed class BringProtocolException(string message) : IOException(message);

/// <summary>Frames of docs/formats/bring.md: <c>kind u8 · length u8 · content</c>.</summary>
internal static class BringFrame
{
    /// <summary>Kind and length, in bytes.</summary>
    public const int HeaderBytes = 2;

    /// <summary>Longest content, in bytes: a UID (PS3.5 §9.1).</summary>
    public const int ContentLimitBytes = 64;

    /// <summary>Reads a header; consumes nothing when it returns false.</summary>
    /// <exception cref="BringProtocolException">The kind is unknown, or the content too long for it.</exception>
    public static bool TryReadHeader(in ReadOnlySequence<byte> buffer, out BringFrameKind kind, out int contentBytes)
    {
        (kind, contentBytes) = (default, 0);
        if (buffer.Length < HeaderBytes)
        {
            return false;
        }

        Span<byte> header = stackalloc byte[HeaderBytes];
        buffer.Slice(0, HeaderBytes).CopyTo(header);
        kind = (BringFrameKind)header[0];
        if (!Enum.IsDefined(kind) || (kind == BringFrameKind.Want ? header[1] is 0 or > ContentLimitBytes : header[1] != 0))
        {
            throw new BringProtocolException("A frame is of an unknown kind, empty or too long.");
        }

        contentBytes = header[1];
        return true;
    }

    /// <summary>Reads one frame; null at the end of the stream.</summary>
    /// <exception cref="BringProtocolException">The stream ends inside a frame, or the frame is not one.</exception>
    public static ValueTask<(BringFrameKind Kind, ReadOnlyMemory<byte> Content)?> ReadAsync(PipeReader input, CancellationToken ct) =>
        FrameReader.ReadAsync<BringFrameKind>(input, HeaderBytes, TryReadHeader, static reason => new BringProtocolException(reason), ct);

    /// <summary>The UID of a Want.</summary>
    /// <exception cref="BringProtocolException">It is none.</exception>
    public static string UidOf(ReadOnlyMemory<byte> content) =>
        Encoding.ASCII.GetString(content.Span) is var uid && Uid.IsWellFormed(uid) ? uid : throw new BringProtocolException("What is wanted is no UID.");

    /// <summary>Writes one frame; only a Want has content.</summary>
    public static void Write(IBufferWriter<byte> output, BringFrameKind kind, string uid)
    {
        var frame = output.GetSpan(HeaderBytes + ContentLimitBytes);
        frame[0] = (byte)kind;
        frame[1] = (byte)Encoding.ASCII.GetBytes(uid, frame.Slice(HeaderBytes, ContentLimitBytes));
        output.Advance(HeaderBytes + frame[1]);
    }
}
