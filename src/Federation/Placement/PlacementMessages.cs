using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Text;
using Panal.Dicom;
using Panal.Federation.Framing;
using Panal.Volumes;

namespace Panal.Federation.Placement;

/// <summary>What a frame of docs/formats/placement.md is. On the wire: numbers never change.</summary>
internal enum PlacementFrameKind : byte
{
    /// <summary>Are these contents held, right, and kept?</summary>
    Confirm = 1,

    /// <summary>Which of them are.</summary>
    Confirmed = 2,

    /// <summary>Please fetch a study.</summary>
    Fetch = 3,

    /// <summary>What becomes of that.</summary>
    Accepted = 4,

    /// <summary>May I have copies of a study, to keep?</summary>
    Replicate = 5,
}

/// <summary>What became of asking a node to fetch a study. On the wire: numbers never change.</summary>
public enum PlacementAnswer : byte
{
    /// <summary>It is being fetched.</summary>
    Begun = 0,

    /// <summary>All of it is there.</summary>
    Held = 1,

    /// <summary>The node knows nobody who holds it.</summary>
    Unknown = 2,

    /// <summary>The node does not take it from us.</summary>
    Refused = 3,

    /// <summary>There is no room.</summary>
    Full = 4,
}

/// <summary>The other side does not keep to docs/formats/placement.md; the stream ends. The text holds no values.</summary>
public sealed class PlacementProtocolException(string message) : IOException(message);

/// <summary>One content that is asked about.</summary>
/// <param name="Hash">Content hash.</param>
/// <param name="LengthBytes">Length of the stored file.</param>
internal readonly record struct AskedContent(ContentHash Hash, long LengthBytes);

/// <summary>Frames of docs/formats/placement.md: <c>length u32 · kind u8 · content</c>.</summary>
internal static class PlacementMessages
{
    /// <summary>Length and kind, in bytes.</summary>
    public const int HeaderBytes = LengthFirstHeader.LengthBytes;

    /// <summary>Contents of one question at most.</summary>
    public const int MaxContents = 1024;

    /// <summary>Longest frame, kind and content, in bytes.</summary>
    public const int LimitBytes = 41_216;

    private const int MaxUidBytes = 64;
    private const int ContentBytes = ContentHash.LengthBytes + sizeof(ulong);

    /// <summary>Reads a header; consumes nothing when it returns false.</summary>
    /// <exception cref="PlacementProtocolException">The frame is empty, too long, or of an unknown kind.</exception>
    public static bool TryReadHeader(in ReadOnlySequence<byte> buffer, out PlacementFrameKind kind, out int contentBytes) =>
        LengthFirstHeader.TryRead(buffer, LimitBytes, static reason => new PlacementProtocolException(reason), out kind, out contentBytes);

    /// <summary>Reads one frame, taking its bytes off the pipe as they come; null at the end of the stream.</summary>
    /// <exception cref="PlacementProtocolException">The stream ends inside a frame, or the frame is not one.</exception>
    public static ValueTask<(PlacementFrameKind Kind, ReadOnlyMemory<byte> Content)?> ReadAsync(PipeReader input, CancellationToken ct) =>
        FrameReader.ReadAsync<PlacementFrameKind>(input, HeaderBytes, TryReadHeader, static reason => new PlacementProtocolException(reason), ct);

    /// <summary>Writes one frame.</summary>
    public static void Write(IBufferWriter<byte> output, PlacementFrameKind kind, ReadOnlySpan<byte> content) =>
        LengthFirstHeader.WriteFrame(output, kind, content);

    /// <summary>Writes a question about contents, 1 to <see cref="MaxContents"/> of them.</summary>
    public static void WriteConfirm(IBufferWriter<byte> output, string studyInstanceUid, ReadOnlySpan<AskedContent> asked)
    {
        var content = new byte[1 + studyInstanceUid.Length + (asked.Length * ContentBytes)];
        var rest = content.AsSpan(WriteUid(content, studyInstanceUid));
        foreach (var one in asked)
        {
            one.Hash.CopyTo(rest);
            BinaryPrimitives.WriteInt64LittleEndian(rest[ContentHash.LengthBytes..], one.LengthBytes);
            rest = rest[ContentBytes..];
        }

        Write(output, PlacementFrameKind.Confirm, content);
    }

    /// <summary>Reads a question about contents.</summary>
    /// <exception cref="PlacementProtocolException">It is none.</exception>
    public static (string StudyInstanceUid, AskedContent[] Asked) ReadConfirm(ReadOnlySpan<byte> content)
    {
        var study = ReadUid(content, out var rest);
        Require(!rest.IsEmpty && rest.Length % ContentBytes == 0 && rest.Length / ContentBytes <= MaxContents);
        var asked = new AskedContent[rest.Length / ContentBytes];
        for (var i = 0; i < asked.Length; i++, rest = rest[ContentBytes..])
        {
            var length = BinaryPrimitives.ReadInt64LittleEndian(rest[ContentHash.LengthBytes..]);
            Require(length >= 0);
            asked[i] = new AskedContent(new ContentHash(rest[..ContentHash.LengthBytes]), length);
        }

        return (study, asked);
    }

    /// <summary>Writes which contents are here.</summary>
    public static void WriteConfirmed(IBufferWriter<byte> output, bool keeps, ReadOnlySpan<bool> isHere)
    {
        var content = new byte[1 + isHere.Length];
        content[0] = keeps ? (byte)1 : (byte)0;
        for (var i = 0; i < isHere.Length; i++)
        {
            content[1 + i] = isHere[i] ? (byte)1 : (byte)0;
        }

        Write(output, PlacementFrameKind.Confirmed, content);
    }

    /// <summary>Reads which contents are there, of so many that were asked about.</summary>
    /// <exception cref="PlacementProtocolException">It is no such answer.</exception>
    public static (bool Keeps, bool[] IsThere) ReadConfirmed(ReadOnlySpan<byte> content, int asked)
    {
        Require(content.Length == 1 + asked && !content.ContainsAnyExceptInRange((byte)0, (byte)1));
        var isThere = new bool[asked];
        for (var i = 0; i < asked; i++)
        {
            isThere[i] = content[1 + i] == 1;
        }

        return (content[0] == 1, isThere);
    }

    /// <summary>Writes the wish that a study be fetched.</summary>
    public static void WriteFetch(IBufferWriter<byte> output, string studyInstanceUid, bool pins)
    {
        var content = new byte[2 + studyInstanceUid.Length];
        content[0] = pins ? (byte)1 : (byte)0;
        WriteUid(content.AsSpan(1), studyInstanceUid);
        Write(output, PlacementFrameKind.Fetch, content);
    }

    /// <summary>Reads the wish that a study be fetched.</summary>
    /// <exception cref="PlacementProtocolException">It is none.</exception>
    public static (string StudyInstanceUid, bool Pins) ReadFetch(ReadOnlySpan<byte> content)
    {
        Require(content.Length > 1 && content[0] <= 1);
        var study = ReadUid(content[1..], out var rest);
        Require(rest.IsEmpty);
        return (study, content[0] == 1);
    }

    /// <summary>Writes the question whether copies of a study may be had, to be kept.</summary>
    public static void WriteReplicate(IBufferWriter<byte> output, string studyInstanceUid)
    {
        var content = new byte[1 + studyInstanceUid.Length];
        WriteUid(content, studyInstanceUid);
        Write(output, PlacementFrameKind.Replicate, content);
    }

    /// <summary>Reads the question whether copies of a study may be had.</summary>
    /// <exception cref="PlacementProtocolException">It is none.</exception>
    public static string ReadReplicate(ReadOnlySpan<byte> content)
    {
        var study = ReadUid(content, out var rest);
        Require(rest.IsEmpty);
        return study;
    }

    /// <summary>Writes what becomes of a wish.</summary>
    public static void WriteAccepted(IBufferWriter<byte> output, PlacementAnswer answer) => Write(output, PlacementFrameKind.Accepted, [(byte)answer]);

    /// <summary>Reads what becomes of a wish.</summary>
    /// <exception cref="PlacementProtocolException">It is no such answer.</exception>
    public static PlacementAnswer ReadAccepted(ReadOnlySpan<byte> content)
    {
        Require(content.Length == 1 && Enum.IsDefined((PlacementAnswer)content[0]));
        return (PlacementAnswer)content[0];
    }

    private static int WriteUid(Span<byte> destination, string uid)
    {
        destination[0] = checked((byte)uid.Length);
        return 1 + Encoding.ASCII.GetBytes(uid, destination[1..]);
    }

    private static string ReadUid(ReadOnlySpan<byte> content, out ReadOnlySpan<byte> rest)
    {
        var length = content.IsEmpty ? 0 : content[0];
        Require(length is > 0 and <= MaxUidBytes && content.Length > length);
        var uid = Encoding.Latin1.GetString(content.Slice(1, length));
        Require(Uid.IsWellFormed(uid));
        rest = content[(1 + length)..];
        return uid;
    }

    private static void Require(bool isKept)
    {
        if (!isKept)
        {
            throw new PlacementProtocolException("A message is not well formed.");
        }
    }
}
