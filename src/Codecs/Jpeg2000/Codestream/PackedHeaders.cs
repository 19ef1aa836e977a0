using System.Buffers;
using System.Buffers.Binary;

namespace Panal.Codecs.Jpeg2000.Codestream;

/// <summary>
/// Packet headers that stand apart from the bodies: those of all tile-parts in the main header (PPM, T.800 §A.7.4), or those of each tile-part
/// in its own (PPT, §A.7.5). A header has at most 256 such segments, because each has an index of its own of one byte.
/// </summary>
internal sealed class PackedHeaders
{
    private const int CountLengthBytes = 4;

    private readonly SortedList<byte, byte[]> _segments = [];
    private readonly ArrayBufferWriter<byte> _bytes = new();
    private bool _isInMainHeader;
    private int _taken;

    /// <summary>The headers of all tile-parts so far; between those from PPM stand their lengths.</summary>
    internal ReadOnlySpan<byte> Bytes => _bytes.WrittenSpan;

    /// <summary>Takes a segment of the main header or the tile-part header that is being read.</summary>
    /// <exception cref="CodecException">It has no index, or that of another one.</exception>
    internal void Add(ReadOnlySpan<byte> content)
    {
        if (content.IsEmpty || !_segments.TryAdd(content[0], content[1..].ToArray()))
        {
            throw new CodecException(CodecFault.Malformed, content.IsEmpty ? "Packed packet headers without an index." : $"Two segments of packet headers with the index {content[0]}.");
        }
    }

    /// <summary>Ends the main header.</summary>
    internal void EndMainHeader()
    {
        _isInMainHeader = true;
        Join();
    }

    /// <summary>Ends the header of a tile-part; returns where its packet headers lie in <see cref="Bytes"/>, null where they stand before the bodies.</summary>
    /// <exception cref="CodecException">The main header has fewer bytes than it says, or both headers have some.</exception>
    internal ByteRange? EndTilePartHeader()
    {
        if (!_isInMainHeader)
        {
            return _segments.Count == 0 ? null : Join();
        }

        if (_segments.Count > 0)
        {
            throw new CodecException(CodecFault.Malformed, "A tile-part has PPT where the main header has PPM.");
        }

        var left = Bytes[_taken..];
        if (left.Length < CountLengthBytes || BinaryPrimitives.ReadUInt32BigEndian(left) is var count && count > left.Length - CountLengthBytes)
        {
            throw new CodecException(CodecFault.Malformed, $"PPM has {left.Length} bytes left, too few for the next tile-part.");
        }

        var headers = new ByteRange(_taken + CountLengthBytes, count);
        _taken += CountLengthBytes + (int)count;
        return headers;
    }

    /// <summary>Puts the segments one behind the other in the order of their indices.</summary>
    private ByteRange Join()
    {
        var start = _bytes.WrittenCount;
        foreach (var segment in _segments.Values)
        {
            _bytes.Write(segment);
        }

        _segments.Clear();
        return new ByteRange(start, _bytes.WrittenCount - start);
    }
}
