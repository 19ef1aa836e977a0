using System.Buffers.Binary;
using Panal.Dicom;

namespace Panal.Imaging.Rendering.Colour;

/// <summary>The three tables of PALETTE COLOR. PS3.3 §C.7.6.3.1.5, §C.7.9.</summary>
internal sealed class Palette(LookupTable red, LookupTable green, LookupTable blue)
{
    /// <summary>Most segments of one table, repeated ones counted each time; a segment gives at least one entry where it makes sense.</summary>
    private const int SegmentLimit = 65536;

    /// <exception cref="ImageException">A table is missing or damaged.</exception>
    internal static Palette Read(DataSet image, bool isSigned) => new(
        Table(image, isSigned, Tags.RedPaletteColorLookupTableDescriptor, Tags.RedPaletteColorLookupTableData, Tags.SegmentedRedPaletteColorLookupTableData),
        Table(image, isSigned, Tags.GreenPaletteColorLookupTableDescriptor, Tags.GreenPaletteColorLookupTableData, Tags.SegmentedGreenPaletteColorLookupTableData),
        Table(image, isSigned, Tags.BluePaletteColorLookupTableDescriptor, Tags.BluePaletteColorLookupTableData, Tags.SegmentedBluePaletteColorLookupTableData));

    /// <summary>Gives each value of a frame its colour.</summary>
    internal RenderedFrame Apply(StoredValues values, int width, int height)
    {
        var frame = RenderedFrame.Black(width, height, 3);
        var samples = frame.Samples;
        for (var i = 0; i < values.Numbers.Length; i++)
        {
            var value = values.Numbers[i];
            samples[3 * i] = Eight(red, value);
            samples[(3 * i) + 1] = Eight(green, value);
            samples[(3 * i) + 2] = Eight(blue, value);
        }

        return frame;
    }

    private static byte Eight(LookupTable table, int value) => (byte)(table[value] >> (table.Bits > 8 ? table.Bits - 8 : 0));

    private static LookupTable Table(DataSet image, bool isSigned, Tag descriptor, Tag plain, Tag segmented)
    {
        if (image.HasValue(plain) && image.TryGet(plain, out var data))
        {
            return LookupTable.Of(image, descriptor, isSigned, numbers => LookupTable.Unpack(data.Value.Span, numbers));
        }

        return image.HasValue(segmented) && image.TryGet(segmented, out data)
            ? LookupTable.Of(image, descriptor, isSigned, numbers => Expand(data.Value.Span, numbers))
            : throw new ImageException(ImageFault.Damaged, "A palette is missing.");
    }

    /// <summary>Expands segments: discrete values, lines, and repetitions of earlier segments. PS3.3 §C.7.9.2.</summary>
    internal static ushort[] Expand(ReadOnlySpan<byte> data, LookupTable.Descriptor descriptor)
    {
        var bytes = data.ToArray();
        var unit = descriptor.Bits > 8 ? 2 : 1;
        var values = new List<ushort>(descriptor.Entries);
        var (at, budget) = (0, SegmentLimit);
        while (values.Count < descriptor.Entries && at < bytes.Length)
        {
            at = Segment(bytes, at, unit, values, descriptor.Entries, isRepeated: false, ref budget);
        }

        return values.Count == descriptor.Entries
            ? [.. values]
            : throw new ImageException(ImageFault.Damaged, $"Segments give {values.Count} of {descriptor.Entries} entries.");
    }

    private static int Segment(byte[] bytes, int at, int unit, List<ushort> values, int limit, bool isRepeated, ref int budget)
    {
        if (budget-- == 0)
        {
            throw new ImageException(ImageFault.LimitExceeded, $"A palette of more than {SegmentLimit} segments.");
        }

        var (kind, count) = (Word(bytes, at, unit), Word(bytes, at + unit, unit));
        at += 2 * unit;
        switch (kind)
        {
            case 0:
                for (var i = 0; i < count && values.Count < limit; i++)
                {
                    values.Add(Word(bytes, at + (i * unit), unit));
                }

                return at + (count * unit);
            case 1 when values.Count > 0:
                int from = values[^1], to = Word(bytes, at, unit);
                for (var i = 1; i <= count && values.Count < limit; i++)
                {
                    values.Add((ushort)Math.Round(from + ((double)(to - from) * i / count)));
                }

                return at + unit;
            case 2 when !isRepeated:
                // The offset takes two words, the low one first; what it points to holds no further repetition.
                var source = unit == 2
                    ? Word(bytes, at, 2) | (Word(bytes, at + 2, 2) << 16)
                    : Word(bytes, at, 1) | (Word(bytes, at + 1, 1) << 8) | (Word(bytes, at + 2, 1) << 16) | (Word(bytes, at + 3, 1) << 24);
                for (var i = 0; i < count && values.Count < limit; i++)
                {
                    source = Segment(bytes, source, unit, values, limit, isRepeated: true, ref budget);
                }

                return at + sizeof(uint);
            default:
                throw new ImageException(ImageFault.Damaged, $"A palette with a segment of kind {kind}.");
        }
    }

    private static ushort Word(byte[] bytes, int at, int unit)
    {
        if (at < 0 || at > bytes.Length - unit)
        {
            throw new ImageException(ImageFault.Damaged, "A segmented palette ends too early.");
        }

        return unit == 2 ? BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at)) : bytes[at];
    }
}
