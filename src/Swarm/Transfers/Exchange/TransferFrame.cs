using System.Buffers;
using System.Buffers.Binary;

namespace Panal.Swarm.Transfers.Exchange;

/// <summary>What a frame of a transfer is. On the wire: numbers never change (docs/formats/transfer.md).</summary>
internal enum TransferFrameKind : byte
{
    /// <summary>The receiver's first: whose objects it wants.</summary>
    Begin = 1,

    /// <summary>The objects, numbered by the receiver.</summary>
    Objects = 2,

    /// <summary>Blocks asked for.</summary>
    Request = 3,

    /// <summary>Blocks asked for that a viewer waits for.</summary>
    Urgent = 4,

    /// <summary>Requests taken back.</summary>
    Cancel = 5,

    /// <summary>Blocks that are verified and kept.</summary>
    Have = 6,

    /// <summary>Blocks that a source was asked for.</summary>
    Claim = 7,

    /// <summary>Claims that are void.</summary>
    Release = 8,

    /// <summary>Requests that are not answered.</summary>
    Refuse = 9,

    /// <summary>The holder has everything.</summary>
    HaveAll = 10,

    /// <summary>What the holder's uplink carries.</summary>
    Uplink = 11,

    /// <summary>A block with its proof.</summary>
    Block = 12,

    /// <summary>Others who want the same.</summary>
    Peers = 13,
}

/// <summary>The other side does not keep to docs/formats/transfer.md; the stream ends. The text holds no values.</summary>
internal sealed class TransferViolationException(string message) : IOException(message);

/// <summary>Frames of docs/formats/transfer.md: <c>length u32 · kind u8 · content</c>.</summary>
internal static class TransferFrame
{
    /// <summary>Length and kind, in bytes.</summary>
    public const int HeaderBytes = 5;

    /// <summary>Longest kind and content, in bytes: a block of 64 KiB with the longest proof is 66,246.</summary>
    public const int LimitBytes = 66_304;

    /// <summary>Reads one frame; consumes nothing when it returns false.</summary>
    /// <param name="buffer">What has come.</param>
    /// <param name="limitBytes">Longest kind and content accepted, in bytes.</param>
    /// <param name="kind">What it is.</param>
    /// <param name="content">Its content, within the buffer.</param>
    /// <exception cref="TransferViolationException">The frame is longer, empty, or of an unknown kind.</exception>
    public static bool TryRead(in ReadOnlySequence<byte> buffer, int limitBytes, out TransferFrameKind kind, out ReadOnlySequence<byte> content)
    {
        (kind, content) = (default, default);
        if (buffer.Length < HeaderBytes)
        {
            return false;
        }

        Span<byte> header = stackalloc byte[HeaderBytes];
        buffer.Slice(0, HeaderBytes).CopyTo(header);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(header);
        if (length == 0 || length > (uint)limitBytes)
        {
            throw new TransferViolationException("A frame of a transfer has an impossible length.");
        }

        kind = (TransferFrameKind)header[4];
        if (kind is < TransferFrameKind.Begin or > TransferFrameKind.Peers)
        {
            throw new TransferViolationException("A frame of a transfer is of an unknown kind.");
        }

        if (buffer.Length < length + 4)
        {
            return false;
        }

        content = buffer.Slice(HeaderBytes, length - 1);
        return true;
    }

    /// <summary>Writes a header and gives the span for the content, which has to be advanced by all of its length together with the header.</summary>
    /// <param name="output">Where it goes.</param>
    /// <param name="kind">What it is.</param>
    /// <param name="contentBytes">Length of the content, in bytes.</param>
    /// <param name="blockBytes">How much of the content is what all this is for.</param>
    public static Span<byte> Begin(IBufferWriter<byte> output, TransferFrameKind kind, int contentBytes, int blockBytes = 0)
    {
        var span = output.GetSpan(HeaderBytes + contentBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(span, (uint)contentBytes + 1);
        span[4] = (byte)kind;
        TransferMetrics.Told(kind, HeaderBytes + contentBytes - blockBytes);
        return span.Slice(HeaderBytes, contentBytes);
    }
}
