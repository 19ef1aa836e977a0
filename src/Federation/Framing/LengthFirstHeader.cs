using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Panal.Federation.Framing;

/// <summary>The header <c>length u32, little endian · kind u8</c>; the length is that of kind and content.</summary>
internal static class LengthFirstHeader
{
    /// <summary>Length of the header.</summary>
    internal const int LengthBytes = 5;

    /// <summary>Reads a header; consumes nothing when it returns false.</summary>
    /// <param name="buffer">What has come.</param>
    /// <param name="limitBytes">Longest kind and content.</param>
    /// <param name="fault">The exception for a frame that is empty or too long, or of an unknown kind.</param>
    /// <param name="kind">What the frame is.</param>
    /// <param name="contentBytes">Length of the content that follows.</param>
    internal static bool TryRead<TKind>(
        in ReadOnlySequence<byte> buffer, int limitBytes, Func<string, Exception> fault, out TKind kind, out int contentBytes)
        where TKind : struct, Enum
    {
        (kind, contentBytes) = (default, 0);
        if (buffer.Length < LengthBytes)
        {
            return false;
        }

        Span<byte> header = stackalloc byte[LengthBytes];
        buffer.Slice(0, LengthBytes).CopyTo(header);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(header);
        kind = Unsafe.BitCast<byte, TKind>(header[4]);
        if (length == 0 || length > limitBytes || !Enum.IsDefined(kind))
        {
            throw fault("A frame is empty, too long or of an unknown kind.");
        }

        contentBytes = (int)length - 1;
        return true;
    }

    /// <summary>Writes a frame.</summary>
    internal static void WriteFrame<TKind>(IBufferWriter<byte> output, TKind kind, ReadOnlySpan<byte> content)
        where TKind : struct, Enum
    {
        var header = output.GetSpan(LengthBytes);
        BinaryPrimitives.WriteInt32LittleEndian(header, content.Length + 1);
        header[4] = Unsafe.BitCast<TKind, byte>(kind);
        output.Advance(LengthBytes);
        output.Write(content);
    }
}
