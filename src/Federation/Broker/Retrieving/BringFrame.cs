using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Panal.Dicom;
using Panal.Federation.Framing;

namespace Panal.Federation.Broker.Retrieving;

/// <summary>What a frame of docs/formats/bring.md is. On the wire: numbers never change.</summary>
internal enum BringFrameKind : byte
{
    // 1 asked for one instance and the rest of its study; nobody asks so any more.

    /// <summary>Not all of them are here yet; said from time to time.</summary>
    UnderWay = 2,

    /// <summary>All of them are here: the feed tells their hashes.</summary>
    Here = 3,

    /// <summary>Those that have not come do not come.</summary>
    NotGiven = 4,

    /// <summary>One of the instances that are wanted: its SOP Instance UID.</summary>
    Share = 5,

    /// <summary>One of them is here: its SOP Instance UID.</summary>
    Came = 6,
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

    /// <summary>Instances of one share at most.</summary>
    public const int ShareLimit = 256;

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
        if (!Enum.IsDefined(kind) || (NamesOne(kind) ? header[1] is 0 or > ContentLimitBytes : header[1] != 0))
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

    /// <summary>The UID of a frame that names an instance.</summary>
    /// <exception cref="BringProtocolException">It is none.</exception>
    public static string UidOf(ReadOnlyMemory<byte> content) =>
        Encoding.ASCII.GetString(content.Span) is var uid && Uid.IsWellFormed(uid) ? uid : throw new BringProtocolException("What is wanted is no UID.");

    /// <summary>Writes one frame; those that name no instance are written with an empty UID.</summary>
    public static void Write(IBufferWriter<byte> output, BringFrameKind kind, string uid)
    {
        var frame = output.GetSpan(HeaderBytes + ContentLimitBytes);
        frame[0] = (byte)kind;
        frame[1] = (byte)Encoding.ASCII.GetBytes(uid, frame.Slice(HeaderBytes, ContentLimitBytes));
        output.Advance(HeaderBytes + frame[1]);
    }

    private static bool NamesOne(BringFrameKind kind) => kind is BringFrameKind.Share or BringFrameKind.Came;
}
