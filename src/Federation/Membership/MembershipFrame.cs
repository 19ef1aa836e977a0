using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Panal.Federation.Framing;
using Panal.Security.Identities;
using Panal.Security.Joining;

namespace Panal.Federation.Membership;

/// <summary>What a frame of docs/formats/membership.md is. On the wire: numbers never change.</summary>
internal enum MembershipFrameKind : byte
{
    /// <summary>How new our documents are.</summary>
    Versions = 1,

    /// <summary>One signed document.</summary>
    Document = 2,

    /// <summary>A request for a new certificate.</summary>
    Renew = 3,

    /// <summary>The new certificate and its issuer's.</summary>
    Renewed = 4,

    /// <summary>Why there is none.</summary>
    Refused = 5,
}

/// <summary>The other side does not keep to docs/formats/membership.md; the stream ends.</summary>
public sealed class MembershipProtocolException(string message, Exception? inner = null) : IOException(message, inner);

/// <summary>Frames of docs/formats/membership.md: <c>kind u8 · length u32 · content</c>.</summary>
internal static class MembershipFrame
{
    /// <summary>Kind and length, in bytes.</summary>
    public const int HeaderBytes = KindFirstHeader.LengthBytes;

    /// <summary>Bytes of versions.</summary>
    public const int VersionsBytes = 16 + (3 * sizeof(long));

    private const int GuidBytes = 16;
    private const int RefusalLimitBytes = 256;

    /// <summary>Longest content of a kind, in bytes.</summary>
    public static int LimitBytes(MembershipFrameKind kind) => kind switch
    {
        MembershipFrameKind.Versions => VersionsBytes,
        MembershipFrameKind.Document => SignedDocument.LimitBytes,
        MembershipFrameKind.Renew => JoinRequest.CsrLimitBytes,
        MembershipFrameKind.Renewed => sizeof(ushort) + (2 * SignedDocument.SignerLimitBytes),
        MembershipFrameKind.Refused => RefusalLimitBytes,
        _ => 0,
    };

    /// <summary>Reads a header; consumes nothing when it returns false.</summary>
    /// <exception cref="MembershipProtocolException">The kind is unknown, or the content empty or too long.</exception>
    public static bool TryReadHeader(in ReadOnlySequence<byte> buffer, out MembershipFrameKind kind, out int contentBytes) =>
        KindFirstHeader.TryRead(buffer, LimitBytes, static reason => new MembershipProtocolException(reason), out kind, out contentBytes);

    /// <summary>Reads one frame, taking its bytes off the pipe as they come; null at the end of the stream.</summary>
    /// <exception cref="MembershipProtocolException">The stream ends inside a frame, or the frame is not one.</exception>
    public static ValueTask<(MembershipFrameKind Kind, ReadOnlyMemory<byte> Content)?> ReadAsync(PipeReader input, CancellationToken ct) =>
        FrameReader.ReadAsync<MembershipFrameKind>(input, HeaderBytes, TryReadHeader, static reason => new MembershipProtocolException(reason), ct);

    /// <summary>Writes one frame.</summary>
    public static void Write(IBufferWriter<byte> output, MembershipFrameKind kind, ReadOnlySpan<byte> content) =>
        KindFirstHeader.WriteFrame(output, kind, content);

    /// <summary>Writes versions.</summary>
    public static void Write(IBufferWriter<byte> output, DocumentVersions versions)
    {
        Span<byte> content = stackalloc byte[VersionsBytes];
        versions.Network.TryWriteBytes(content, bigEndian: true, out _);
        BinaryPrimitives.WriteInt64BigEndian(content[GuidBytes..], versions.Bundle);
        BinaryPrimitives.WriteInt64BigEndian(content[(GuidBytes + sizeof(long))..], versions.Roster);
        BinaryPrimitives.WriteInt64BigEndian(content[(GuidBytes + (2 * sizeof(long)))..], versions.Denied);
        Write(output, MembershipFrameKind.Versions, content);
    }

    /// <summary>Reads versions.</summary>
    /// <exception cref="MembershipProtocolException">They are of another length.</exception>
    public static DocumentVersions ReadVersions(ReadOnlySpan<byte> content) => content.Length == VersionsBytes
        ? new DocumentVersions(
            new Guid(content[..GuidBytes], bigEndian: true),
            BinaryPrimitives.ReadInt64BigEndian(content[GuidBytes..]),
            BinaryPrimitives.ReadInt64BigEndian(content[(GuidBytes + sizeof(long))..]),
            BinaryPrimitives.ReadInt64BigEndian(content[(GuidBytes + (2 * sizeof(long)))..]))
        : throw new MembershipProtocolException("Versions have another length.");

    /// <summary>Writes a new certificate with its issuer's.</summary>
    public static void WriteRenewed(IBufferWriter<byte> output, ReadOnlySpan<byte> certificate, ReadOnlySpan<byte> issuer)
    {
        var content = new byte[sizeof(ushort) + certificate.Length + issuer.Length];
        BinaryPrimitives.WriteUInt16BigEndian(content, (ushort)certificate.Length);
        certificate.CopyTo(content.AsSpan(sizeof(ushort)));
        issuer.CopyTo(content.AsSpan(sizeof(ushort) + certificate.Length));
        Write(output, MembershipFrameKind.Renewed, content);
    }

    /// <summary>Reads a new certificate and its issuer's, DER.</summary>
    /// <exception cref="MembershipProtocolException">A length is wrong.</exception>
    public static (ReadOnlyMemory<byte> Certificate, ReadOnlyMemory<byte> Issuer) ReadRenewed(ReadOnlyMemory<byte> content)
    {
        var length = content.Length < sizeof(ushort) ? 0 : BinaryPrimitives.ReadUInt16BigEndian(content.Span);
        return length > 0 && content.Length > sizeof(ushort) + length
            ? (content.Slice(sizeof(ushort), length), content[(sizeof(ushort) + length)..])
            : throw new MembershipProtocolException("A certificate is cut off.");
    }

    /// <summary>Writes why there is no certificate, cut to what a frame holds.</summary>
    public static void WriteRefused(IBufferWriter<byte> output, string reason)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(reason.Length > 0 ? reason : "refused");
        Write(output, MembershipFrameKind.Refused, bytes.AsSpan(0, Math.Min(bytes.Length, RefusalLimitBytes)));
    }
}
