using System.Buffers;
using System.Buffers.Binary;
using Panal.Swarm.Links;

namespace Panal.Swarm.Wire;

/// <summary>Types of frames. The numbers are on the wire (docs/formats/link.md) and never change.</summary>
internal enum FrameType : byte
{
    Open = 1,
    Data = 2,
    Credit = 3,
    End = 4,
    Abort = 5,
    Ping = 6,
    Pong = 7,
    GoAway = 8,
}

/// <summary>Flags of frames. The bits are on the wire (docs/formats/link.md) and never change.</summary>
[Flags]
internal enum FrameFlags : byte
{
    None = 0,

    /// <summary>Of <see cref="FrameType.Open"/>: the stream is bulk.</summary>
    Bulk = 1,
}

/// <summary>The eight bytes that begin each frame (docs/formats/link.md).</summary>
/// <param name="Type">What the frame is.</param>
/// <param name="Flags">Bits that the type names.</param>
/// <param name="Stream">The stream, or zero for the link.</param>
/// <param name="LengthBytes">Length of the payload, at most <see cref="LongestPayloadBytes"/>.</param>
//   0        2        3        4            8
//   +--------+--------+--------+------------+----------------------+
//   | length |  type  | flags  |   stream   |  length bytes        |
//   +--------+--------+--------+------------+----------------------+
internal readonly record struct FrameHeader(FrameType Type, FrameFlags Flags, uint Stream, int LengthBytes)
{
    public const int SizeBytes = 8;

    /// <summary>With the header 16,384 bytes: the most that one TLS record carries (RFC 8446 §5.1).</summary>
    public const int LongestPayloadBytes = 16 * 1024 - SizeBytes;

    private const int TypeOffset = 2;
    private const int FlagsOffset = 3;
    private const int StreamOffset = 4;

    /// <summary>Reads one header; consumes nothing when it returns false.</summary>
    /// <param name="buffer">Bytes that begin with a frame.</param>
    /// <param name="header">The header; its length is within the limits of its type.</param>
    /// <param name="consumed">Where the payload begins.</param>
    /// <exception cref="LinkViolationException">The type is unknown, or length, flags or stream are not what the type allows.</exception>
    public static bool TryRead(in ReadOnlySequence<byte> buffer, out FrameHeader header, out SequencePosition consumed)
    {
        header = default;
        consumed = buffer.Start;
        Span<byte> copy = stackalloc byte[SizeBytes];
        scoped var bytes = buffer.FirstSpan;
        if (bytes.Length < SizeBytes)
        {
            if (buffer.Length < SizeBytes)
            {
                return false;
            }

            buffer.Slice(0, SizeBytes).CopyTo(copy);
            bytes = copy;
        }

        header = new FrameHeader(
            (FrameType)bytes[TypeOffset],
            (FrameFlags)bytes[FlagsOffset],
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[StreamOffset..]),
            BinaryPrimitives.ReadUInt16LittleEndian(bytes));
        header.Check();
        consumed = buffer.GetPosition(SizeBytes);
        return true;
    }

    /// <summary>Writes the header into the first eight bytes of a span.</summary>
    public void Write(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(target, (ushort)LengthBytes);
        target[TypeOffset] = (byte)Type;
        target[FlagsOffset] = (byte)Flags;
        BinaryPrimitives.WriteUInt32LittleEndian(target[StreamOffset..], Stream);
    }

    private void Check()
    {
        var (shortest, longest, flags, ofStream) = Type switch
        {
            FrameType.Open => (OpenFrame.ShortestBytes, OpenFrame.LongestBytes, FrameFlags.Bulk, true),
            FrameType.Data => (1, LongestPayloadBytes, FrameFlags.None, true),
            FrameType.Credit => (FramePayloads.CreditBytes, FramePayloads.CreditBytes, FrameFlags.None, true),
            FrameType.End => (0, 0, FrameFlags.None, true),
            FrameType.Abort => (FramePayloads.ReasonBytes, FramePayloads.ReasonBytes, FrameFlags.None, true),
            FrameType.Ping or FrameType.Pong => (FramePayloads.PingBytes, FramePayloads.PingBytes, FrameFlags.None, false),
            FrameType.GoAway => (FramePayloads.ReasonBytes, FramePayloads.ReasonBytes, FrameFlags.None, false),
            _ => throw new LinkViolationException(LinkCloseReason.UnknownType, $"Frames of type {(byte)Type} are unknown."),
        };
        if (LengthBytes > longest)
        {
            throw new LinkViolationException(LinkCloseReason.Oversized, $"{Type} of {LengthBytes} bytes is longer than {longest}.");
        }

        if (LengthBytes < shortest)
        {
            throw new LinkViolationException(LinkCloseReason.Malformed, $"{Type} of {LengthBytes} bytes is shorter than {shortest}.");
        }

        if ((Flags & ~flags) != FrameFlags.None || (Stream != 0) != ofStream)
        {
            throw new LinkViolationException(LinkCloseReason.Malformed, $"{Type} has flags {(byte)Flags:X2} and stream {Stream}.");
        }
    }
}
