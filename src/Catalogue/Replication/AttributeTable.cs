using System.Buffers.Binary;
using Panal.Catalogue.Attributes;
using Panal.Dicom;

namespace Panal.Catalogue.Replication;

/// <summary>The attributes of the instances of a series, turned over: a column for each attribute. See docs/formats/feed.md.</summary>
internal static class AttributeTable
{
    /// <summary>Attributes of one instance level at most.</summary>
    private const int ColumnLimit = 256;

    /// <summary>What one element costs in memory until it is put in its place, in bytes.</summary>
    private const int ElementBytes = 32;

    /// <summary>Said instead of a number of attributes: they are those of the table before, each in all rows.</summary>
    private const int LayoutAsBefore = ColumnLimit + 1;

    private const byte InAll = 0;
    private const byte InSome = 1;

    internal static void Write(ColumnWriter writer, IReadOnlyList<InstanceState> instances, StateMemory memory)
    {
        SortedDictionary<(uint Tag, Vr Vr), ReadOnlyMemory<byte>?[]> columns = Turn(instances);
        (uint Tag, Vr Vr)[]? layout = columns.Values.All(static values => Array.TrueForAll(values, static value => value is not null)) ? [.. columns.Keys] : null;
        if (layout is not null && memory.Layout is { } before && layout.AsSpan().SequenceEqual([.. before]))
        {
            writer.Unsigned(LayoutAsBefore);
            foreach (((uint Tag, Vr Vr) column, ReadOnlyMemory<byte>?[] values) in columns)
            {
                writer.Column([.. values.Select(static value => value!.Value)], memory, column);
            }
        }
        else
        {
            WriteWithLayout(writer, columns, memory);
        }

        memory.EndTable(layout);
    }

    /// <summary>The attributes of each of the instances, put together again.</summary>
    internal static ReadOnlyMemory<byte>[] Read(ColumnReader reader, int count, StateMemory memory)
    {
        int columnCount = reader.Limited(LayoutAsBefore, "Attributes");
        IReadOnlyList<(uint Tag, Vr Vr)>? layout = null;
        if (columnCount == LayoutAsBefore)
        {
            layout = memory.Layout ?? throw new StateFormatException("The attributes are as before, and there were none.");
            columnCount = layout.Count;
        }

        reader.Spend((long)count * (columnCount + 2) * ElementBytes);
        var elements = new List<Element>[count];
        for (int row = 0; row < count; row++)
        {
            elements[row] = new List<Element>(columnCount);
        }

        memory.EndTable(layout is null ? ReadWithLayout(reader, elements, columnCount, memory) : ReadAsBefore(reader, elements, layout, memory));
        var blobs = new ReadOnlyMemory<byte>[count];
        for (int row = 0; row < count; row++)
        {
            blobs[row] = Join(elements[row], reader);
        }

        return blobs;
    }

    private static SortedDictionary<(uint Tag, Vr Vr), ReadOnlyMemory<byte>?[]> Turn(IReadOnlyList<InstanceState> instances)
    {
        var columns = new SortedDictionary<(uint Tag, Vr Vr), ReadOnlyMemory<byte>?[]>();
        for (int row = 0; row < instances.Count; row++)
        {
            ReadOnlyMemory<byte> blob = instances[row].Attributes;
            ReadOnlySpan<byte> rest = blob.Span;
            while (AttributeBlob.TryRead(ref rest, out Tag tag, out Vr vr, out ReadOnlySpan<byte> value))
            {
                if (!columns.TryGetValue((tag.Value, vr), out ReadOnlyMemory<byte>?[]? column))
                {
                    columns[(tag.Value, vr)] = column = new ReadOnlyMemory<byte>?[instances.Count];
                }

                column[row] = blob.Slice(blob.Length - rest.Length - value.Length, value.Length - PaddingOf(vr, value));
            }
        }

        return columns;
    }

    private static void WriteWithLayout(ColumnWriter writer, SortedDictionary<(uint Tag, Vr Vr), ReadOnlyMemory<byte>?[]> columns, StateMemory memory)
    {
        writer.Unsigned((ulong)columns.Count);
        uint previous = 0;
        Span<byte> vrBytes = stackalloc byte[2];
        foreach (((uint tag, Vr vr), ReadOnlyMemory<byte>?[] values) in columns)
        {
            writer.Unsigned(tag - previous);
            previous = tag;
            BinaryPrimitives.WriteUInt16BigEndian(vrBytes, (ushort)vr);
            writer.Raw(vrBytes);
            ReadOnlyMemory<byte>[] present = [.. values.Where(static value => value is not null).Select(static value => value!.Value)];
            writer.Byte(present.Length == values.Length ? InAll : InSome);
            if (present.Length < values.Length)
            {
                writer.Raw(Bitmap(values));
            }

            writer.Column(present, memory, (tag, vr));
        }
    }

    private static IReadOnlyList<(uint Tag, Vr Vr)> ReadAsBefore(
        ColumnReader reader, List<Element>[] elements, IReadOnlyList<(uint Tag, Vr Vr)> layout, StateMemory memory)
    {
        foreach ((uint Tag, Vr Vr) column in layout)
        {
            ReadOnlyMemory<byte>[] values = reader.Column(elements.Length, AttributeEncoder.ValueLimitBytes, memory, column);
            for (int row = 0; row < elements.Length; row++)
            {
                elements[row].Add(new Element(column.Tag, column.Vr, values[row]));
            }
        }

        return layout;
    }

    /// <returns>The layout, when each attribute stands in all rows; else null.</returns>
    private static List<(uint Tag, Vr Vr)>? ReadWithLayout(ColumnReader reader, List<Element>[] elements, int columnCount, StateMemory memory)
    {
        var layout = new List<(uint Tag, Vr Vr)>(columnCount);
        ulong tag = 0;
        for (int column = 0; column < columnCount; column++)
        {
            tag += reader.Unsigned();
            if (tag > uint.MaxValue)
            {
                throw new StateFormatException("An attribute has no tag.");
            }

            if (ReadColumn(reader, elements, (uint)tag, memory) is { } vr)
            {
                layout.Add(((uint)tag, vr));
            }
        }

        return layout.Count == columnCount ? layout : null;
    }

    /// <returns>The VR of a column that stands in all rows, else null.</returns>
    private static Vr? ReadColumn(ColumnReader reader, List<Element>[] elements, uint tag, StateMemory memory)
    {
        var vr = (Vr)BinaryPrimitives.ReadUInt16BigEndian(reader.Raw(2).Span);
        ReadOnlySpan<byte> bitmap = reader.Byte() switch
        {
            InAll => default,
            InSome => reader.Raw((elements.Length + 7) / 8).Span,
            _ => throw new StateFormatException("A column stands in neither all rows nor some."),
        };
        var rows = new List<int>(elements.Length);
        for (int row = 0; row < elements.Length; row++)
        {
            if (bitmap.IsEmpty || (bitmap[row / 8] & (1 << (row % 8))) != 0)
            {
                rows.Add(row);
            }
        }

        if (rows.Count == 0)
        {
            throw new StateFormatException("A column stands in no row.");
        }

        ReadOnlyMemory<byte>[] values = reader.Column(rows.Count, AttributeEncoder.ValueLimitBytes, memory, (tag, vr));
        for (int i = 0; i < rows.Count; i++)
        {
            elements[rows[i]].Add(new Element(tag, vr, values[i]));
        }

        return bitmap.IsEmpty ? vr : null;
    }

    private static ReadOnlyMemory<byte> Join(List<Element> elements, ColumnReader reader)
    {
        int length = elements.Sum(static element => HeaderLength(element.Vr) + element.Value.Length + (element.Value.Length & 1));
        if (length > EncodedAttributes.LevelLimitBytes)
        {
            throw new StateFormatException("The attributes of an instance are too long.");
        }

        reader.Spend(length);
        var blob = new byte[length];
        Span<byte> rest = blob;
        foreach (Element element in elements)
        {
            int padded = element.Value.Length + (element.Value.Length & 1);
            AttributeBlob.WriteTag(rest, new Tag(element.Tag));
            BinaryPrimitives.WriteUInt16BigEndian(rest[4..], (ushort)element.Vr);
            if (element.Vr.HasLongLength())
            {
                BinaryPrimitives.WriteInt32LittleEndian(rest[8..], padded);
            }
            else
            {
                BinaryPrimitives.WriteUInt16LittleEndian(rest[6..], (ushort)padded);
            }

            rest = rest[HeaderLength(element.Vr)..];
            element.Value.Span.CopyTo(rest);
            if (padded > element.Value.Length)
            {
                rest[element.Value.Length] = element.Vr.PaddingByte();
            }

            rest = rest[padded..];
        }

        return blob;
    }

    /// <summary>Padding is left out: numbers of odd length are followed up by the same column form as even ones.</summary>
    private static int PaddingOf(Vr vr, ReadOnlySpan<byte> value) => vr.IsString() && !value.IsEmpty && value[^1] == vr.PaddingByte() ? 1 : 0;

    private static int HeaderLength(Vr vr) => vr.HasLongLength() ? 12 : 8;

    private static byte[] Bitmap(ReadOnlyMemory<byte>?[] values)
    {
        var bitmap = new byte[(values.Length + 7) / 8];
        for (int row = 0; row < values.Length; row++)
        {
            if (values[row] is not null)
            {
                bitmap[row / 8] |= (byte)(1 << (row % 8));
            }
        }

        return bitmap;
    }

    private readonly record struct Element(uint Tag, Vr Vr, ReadOnlyMemory<byte> Value);
}
