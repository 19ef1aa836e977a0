using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Panal.Federation.Framing;

/// <summary>The header <c>kind u8 · length u32, big endian</c>; the length is that of the content.</summary>
internal static class KindFirstHeader
{
    /// <summary>Length of the header.</summary>
    internal const int LengthBytes = 5;

    /// <summary>Reads a header; consumes nothing when it returns false.</summary>
    /// <param name="buffer">What has come.</param>
    /// <param name="limitBytes">Longest content of a kind; 0 for a kind that is unknown.</param>
    /// <param name="fault">The exception for a kind that is unknown, or a content that is empty or too long.</param>
    /// <param name="kind">What the frame is.</param>
    /// <param name="contentBytes">Length of the content that follows.</param>
    internal static bool TryRead<TKind>(
        in ReadOnlySequence<byte> buffer, Func<TKind, int> limitBytes, Func<string, Exception> fault, out TKind kind, out int contentBytes)
        where TKind : struct, Enum
    {
        (kind, contentBytes) = (default, 0);
        if (buffer.Length < LengthBytes)
        {
            return false;
        }

        Span<byte> header = stackalloc byte[LengthBytes];
        buffer.Slice(0, LengthBytes).CopyTo(header);
        kind = Unsafe.BitCast<byte, TKind>(header[0]);
        var length = BinaryPrimitives.ReadUInt32BigEndian(header[1..]);
        if (length == 0 || length > limitBytes(kind))
        {
            throw fault("A frame is of an unknown kind, empty or too long.");
        }

        contentBytes = (int)length;
        return true;
    }

    /// <summary>Writes a frame.</summary>
    internal static void WriteFrame<TKind>(IBufferWriter<byte> output, TKind kind, ReadOnlySpan<byte> content)
        where TKind : struct, Enum
    {
        var header = output.GetSpan(LengthBytes);
        header[0] = Unsafe.BitCast<TKind, byte>(kind);
        BinaryPrimitives.WriteInt32BigEndian(header[1..], content.Length);
        output.Advance(LengthBytes);
        output.Write(content);
    }
}
