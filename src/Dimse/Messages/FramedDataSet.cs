using System.Buffers;

namespace Panal.Dimse;

/// <summary>
/// A data set on its way out, cut into P-DATA-TF PDUs of one PDV each (some peers read no more). Its beginning is read while another message is
/// still under way, and leaves at once when its turn comes. The stream is left open.
/// </summary>
public sealed class FramedDataSet : IDisposable
{
    internal const int HeadersBytes = PduHeader.SizeBytes + PdvHeader.SizeBytes;

    // A slice of a CT whole; what is longer goes in parts of this length.
    private const int BufferBytes = 1 << 20;

    // Kept free before the data set, so that its command leaves with it in one send; longer ones leave by themselves.
    private const int CommandRoomBytes = 512;

    private readonly Stream stream;
    private readonly byte contextId;
    private readonly int longestFragmentBytes;
    private byte[]? buffer;
    private int start;
    private int end;
    private byte? carried;

    internal FramedDataSet(Stream stream, byte contextId, int longestFragmentBytes)
    {
        (this.stream, this.contextId, this.longestFragmentBytes) = (stream, contextId, longestFragmentBytes);
    }

    /// <summary>The PDUs that were read last; valid until more are read.</summary>
    internal ReadOnlyMemory<byte> Framed => buffer.AsMemory(start, end - start);

    /// <summary>Whether the last fragment was read.</summary>
    internal bool IsWhole { get; private set; }

    /// <summary>Reads the beginning, unless it was read before.</summary>
    internal ValueTask BeginAsync(CancellationToken ct) => buffer is null ? ReadAsync(ct) : default;

    /// <summary>Reads on, over what was read last: as many whole PDUs as there is room for.</summary>
    internal async ValueTask ReadAsync(CancellationToken ct)
    {
        // One byte more than a fragment is read, to know which is the last; it begins the next fragment.
        var pduBytes = HeadersBytes + longestFragmentBytes + 1;
        buffer ??= ArrayPool<byte>.Shared.Rent(Math.Max(BufferBytes, CommandRoomBytes + pduBytes));
        start = end = CommandRoomBytes;
        while (!IsWhole && end + pduBytes <= buffer.Length)
        {
            await ReadPduAsync(buffer.AsMemory(end, pduBytes), ct);
        }
    }

    private async ValueTask ReadPduAsync(Memory<byte> pdu, CancellationToken ct)
    {
        var fragment = pdu[HeadersBytes..];
        var filled = 0;
        if (carried is { } first)
        {
            fragment.Span[filled++] = first;
        }

        while (filled < fragment.Length && await stream.ReadAsync(fragment[filled..], ct) is > 0 and var read)
        {
            filled += read;
        }

        IsWhole = filled < fragment.Length;
        var length = Math.Min(filled, longestFragmentBytes);
        carried = IsWhole ? null : fragment.Span[length];
        WriteHeaders(pdu.Span, new PdvHeader(contextId, IsCommand: false, IsWhole, length));
        end += HeadersBytes + length;
    }

    /// <summary>Puts a command set before the data set; false when it is too long.</summary>
    internal bool TryPutBefore(ReadOnlySpan<byte> framedCommand)
    {
        if (framedCommand.Length > start)
        {
            return false;
        }

        start -= framedCommand.Length;
        framedCommand.CopyTo(buffer.AsSpan(start));
        return true;
    }

    /// <summary>Writes the headers of a PDU with one PDV.</summary>
    internal static void WriteHeaders(Span<byte> target, PdvHeader pdv)
    {
        PduHeader.Write(target, PduType.Data, (uint)(PdvHeader.SizeBytes + pdv.FragmentBytes));
        pdv.Write(target[PduHeader.SizeBytes..]);
    }

    /// <summary>Gives the buffer back. Not while it is being sent.</summary>
    public void Dispose()
    {
        if (buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            (buffer, start, end) = (null, 0, 0);
        }
    }
}
