using System.Buffers.Binary;
using Panal.Codecs.Jpeg.Entropy;

namespace Panal.Codecs.Jpeg.Segments;

/// <summary>Writes the marker segments in front of the entropy-coded data (T.81 Annex B).</summary>
internal ref struct SegmentWriter(Span<byte> target)
{
    private readonly Span<byte> _target = target;

    /// <summary>Bytes written so far.</summary>
    internal int Position { get; private set; }

    internal void Marker(byte marker)
    {
        Byte(JpegMarker.Prefix);
        Byte(marker);
    }

    /// <summary>A segment with its length in front.</summary>
    internal void Segment(byte marker, scoped ReadOnlySpan<byte> content)
    {
        Marker(marker);
        Number(content.Length + 2);
        Bytes(content);
    }

    /// <summary>SOF with components 1, 2, 3 … without subsampling.</summary>
    /// <param name="tables">Quantization table of each component.</param>
    internal void Frame(byte marker, int precision, int width, int height, scoped ReadOnlySpan<byte> tables)
    {
        Marker(marker);
        Number(8 + (3 * tables.Length));
        Byte((byte)precision);
        Number(height);
        Number(width);
        Byte((byte)tables.Length);
        for (var i = 0; i < tables.Length; i++)
        {
            Bytes([(byte)(i + 1), 0x11, tables[i]]);
        }
    }

    /// <summary>DHT with one table.</summary>
    /// <param name="destination">Class in the high half byte, 0 DC and 1 AC; number in the low one.</param>
    internal void Huffman(byte destination, HuffmanCodes codes)
    {
        Marker(JpegMarker.HuffmanTables);
        Number(3 + codes.Counts.Length + codes.Symbols.Length);
        Byte(destination);
        Bytes(codes.Counts);
        Bytes(codes.Symbols);
    }

    /// <summary>SOS with components 1, 2, 3 …</summary>
    /// <param name="tables">Table byte of each component.</param>
    internal void Scan(scoped ReadOnlySpan<byte> tables, byte first, byte last, byte approximation)
    {
        Marker(JpegMarker.StartOfScan);
        Number(6 + (2 * tables.Length));
        Byte((byte)tables.Length);
        for (var i = 0; i < tables.Length; i++)
        {
            Bytes([(byte)(i + 1), tables[i]]);
        }

        Bytes([first, last, approximation]);
    }

    private void Byte(byte value) => _target[Position++] = value;

    private void Number(int value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(_target[Position..], (ushort)value);
        Position += 2;
    }

    private void Bytes(scoped ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_target[Position..]);
        Position += bytes.Length;
    }
}
