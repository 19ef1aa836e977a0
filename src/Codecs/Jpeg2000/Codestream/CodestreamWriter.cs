using System.Buffers.Binary;
using Panal.Codecs.Samples;

namespace Panal.Codecs.Jpeg2000.Codestream;

/// <summary>Writes the markers of a codestream of one tile in one part around its packets (T.800 Annex A).</summary>
internal sealed class CodestreamWriter
{
    private const int SegmentLimitBytes = 65_535;
    private const int LengthLimitBytes = 5;
    private const int TilePartHeaderBytes = 12;
    private const int CapabilitiesFollow = 0x4000, PartFifteen = 1 << 17;

    // The sums of the transform of colours take a bit more than samples do, and no exponent says so (T.800 equation E-2).
    private const int GuardBits = 2, GuardBitsOfColours = 3;

    private readonly byte[] _mainHeader;
    private readonly int _lengthAt;

    /// <param name="form">How the codestream is laid out.</param>
    /// <param name="layout">What samples it has.</param>
    /// <param name="levels">Decomposition levels.</param>
    internal CodestreamWriter(Jpeg2000Form form, in SampleLayout layout, int levels)
    {
        using var header = new MemoryStream();
        Put16(header, CodestreamMarker.Start);
        WriteSize(header, layout, form.IsHighThroughput);
        var transforms = form.TransformsColour && layout.Components == 3;
        var guardBits = transforms ? GuardBitsOfColours : GuardBits;
        if (form.IsHighThroughput)
        {
            WriteCapabilities(header, layout.BitsStored + (levels > 0 ? 2 : 0) + guardBits - 1);
        }

        WriteStyle(header, form, levels, transforms);
        WriteQuantization(header, layout.BitsStored, levels, guardBits);
        if (form.IsHighThroughput)
        {
            WriteTilePartLengths(header);
            _lengthAt = (int)header.Length - 4;
        }

        _mainHeader = header.ToArray();
    }

    /// <summary>What a reader finds in the headers.</summary>
    internal CodestreamHeaders Headers()
    {
        var empty = new byte[_mainHeader.Length + TilePartHeaderBytes + 2];
        _mainHeader.CopyTo(empty, 0);
        WriteTilePart(empty.AsSpan(_mainHeader.Length), TilePartHeaderBytes + 2);
        BinaryPrimitives.WriteUInt16BigEndian(empty.AsSpan(empty.Length - 2), CodestreamMarker.StartOfData);
        return CodestreamHeaders.Read(empty, new CodecLimits());
    }

    /// <summary>Writes the whole codestream; false if it does not fit.</summary>
    internal bool TryWrite(ReadOnlySpan<int> packetLengths, ReadOnlySpan<byte> packets, Span<byte> target, out int writtenBytes)
    {
        var lengths = PacketLengths(packetLengths);
        var tilePart = TilePartHeaderBytes + lengths.Length + 2L + packets.Length;
        var total = _mainHeader.Length + tilePart + 2;
        writtenBytes = 0;
        if (total > target.Length)
        {
            return false;
        }

        _mainHeader.CopyTo(target);
        if (_lengthAt > 0)
        {
            BinaryPrimitives.WriteUInt32BigEndian(target[_lengthAt..], (uint)tilePart);
        }

        var at = _mainHeader.Length;
        WriteTilePart(target[at..], (uint)tilePart);
        at += TilePartHeaderBytes;
        lengths.CopyTo(target[at..]);
        at += lengths.Length;
        BinaryPrimitives.WriteUInt16BigEndian(target[at..], CodestreamMarker.StartOfData);
        packets.CopyTo(target[(at + 2)..]);
        BinaryPrimitives.WriteUInt16BigEndian(target[(at + 2 + packets.Length)..], CodestreamMarker.End);
        writtenBytes = (int)total;
        return true;
    }

    /// <summary>PLT segments with the lengths in groups of seven bits (T.800 §A.7.3).</summary>
    private static byte[] PacketLengths(ReadOnlySpan<int> lengths)
    {
        using var segments = new MemoryStream();
        using var segment = new MemoryStream();
        var index = 0;
        for (var i = 0; i < lengths.Length; i++)
        {
            for (var shift = (LengthLimitBytes - 1) * 7; shift > 0; shift -= 7)
            {
                if (lengths[i] >> shift != 0)
                {
                    segment.WriteByte((byte)(0x80 | (lengths[i] >> shift)));
                }
            }

            segment.WriteByte((byte)(lengths[i] & 0x7F));
            if (i == lengths.Length - 1 || segment.Length > SegmentLimitBytes - 3 - LengthLimitBytes)
            {
                Put16(segments, CodestreamMarker.PacketLengths);
                Put16(segments, (int)segment.Length + 3);

                // The index is a byte; readers that join segments go by their order.
                segments.WriteByte((byte)index++);
                segment.WriteTo(segments);
                segment.SetLength(0);
            }
        }

        return segments.ToArray();
    }

    /// <summary>CAP: reversible high throughput code-blocks only, of magnitudes of so many bits (T.814 §A.3).</summary>
    private static void WriteCapabilities(MemoryStream header, int magnitudeBits)
    {
        const int LengthBytes = 8, FewestBits = 8;
        Put16(header, CodestreamMarker.Capabilities);
        Put16(header, LengthBytes);
        Put16(header, PartFifteen >> 16);
        Put16(header, 0);
        Put16(header, Math.Max(0, magnitudeBits - FewestBits));
    }

    /// <summary>TLM with the one tile-part, whose length is put in later (T.800 §A.7.1).</summary>
    private static void WriteTilePartLengths(MemoryStream header)
    {
        const int LengthBytes = 9, TileInByteLengthInFour = 0x50;
        Put16(header, CodestreamMarker.TilePartLengths);
        Put16(header, LengthBytes);
        header.WriteByte(0);
        header.WriteByte(TileInByteLengthInFour);
        header.WriteByte(0);
        Put16(header, 0);
        Put16(header, 0);
    }

    private static void WriteSize(MemoryStream header, in SampleLayout layout, bool hasCapabilities)
    {
        const int FixedBytes = 38, ComponentBytes = 3;
        Put16(header, CodestreamMarker.Size);
        Put16(header, FixedBytes + (ComponentBytes * layout.Components));
        Put16(header, hasCapabilities ? CapabilitiesFollow : 0);
        foreach (var number in (ReadOnlySpan<int>)[layout.Width, layout.Height, 0, 0, layout.Width, layout.Height, 0, 0])
        {
            Put16(header, number >> 16);
            Put16(header, number);
        }

        Put16(header, layout.Components);
        for (var i = 0; i < layout.Components; i++)
        {
            header.WriteByte((byte)((layout.BitsStored - 1) | (layout.IsSigned ? 0x80 : 0)));
            header.WriteByte(1);
            header.WriteByte(1);
        }
    }

    private static void WriteStyle(MemoryStream header, Jpeg2000Form form, int levels, bool transforms)
    {
        const int FixedBytes = 12;
        Put16(header, CodestreamMarker.CodingStyle);
        Put16(header, FixedBytes + levels + 1);
        header.WriteByte(ComponentStyle.HasPrecincts);
        header.WriteByte((byte)ProgressionOrder.Rpcl);
        Put16(header, form.Layers);
        header.WriteByte((byte)(transforms ? 1 : 0));
        header.WriteByte((byte)levels);
        header.WriteByte((byte)(form.BlockLog - 2));
        header.WriteByte((byte)(form.BlockLog - 2));
        header.WriteByte(form.BlockStyle);
        header.WriteByte(1);
        for (var r = 0; r <= levels; r++)
        {
            header.WriteByte((byte)(form.PrecinctLog | (form.PrecinctLog << 4)));
        }
    }

    private static void WriteQuantization(MemoryStream header, int bits, int levels, int guardBits)
    {
        Put16(header, CodestreamMarker.Quantization);
        Put16(header, 3 + 1 + (3 * levels));
        header.WriteByte((byte)(guardBits << 5));
        header.WriteByte((byte)(bits << 3));
        for (var level = 0; level < levels; level++)
        {
            // HL, LH, HH; one bit for each direction in which they are high (T.800 Table E.1).
            header.WriteByte((byte)((bits + 1) << 3));
            header.WriteByte((byte)((bits + 1) << 3));
            header.WriteByte((byte)((bits + 2) << 3));
        }
    }

    private static void WriteTilePart(Span<byte> target, uint lengthBytes)
    {
        BinaryPrimitives.WriteUInt16BigEndian(target, CodestreamMarker.StartOfTilePart);
        BinaryPrimitives.WriteUInt16BigEndian(target[2..], TilePartHeaderBytes - 2);
        BinaryPrimitives.WriteUInt16BigEndian(target[4..], 0);
        BinaryPrimitives.WriteUInt32BigEndian(target[6..], lengthBytes);
        target[10] = 0;
        target[11] = 1;
    }

    private static void Put16(MemoryStream stream, int value)
    {
        stream.WriteByte((byte)(value >> 8));
        stream.WriteByte((byte)value);
    }
}
