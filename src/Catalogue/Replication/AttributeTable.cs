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

    private const byte InAll = 0;
    private const byte InSome = 1;

    internal static void Write(ColumnWriter writer, IReadOnlyList<InstanceState> instances)
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

            writer.Column(present);
        }
    }

    /// <summary>The attributes of each of the instances, put together again.</summary>
    internal static ReadOnlyMemory<byte>[] Read(ColumnReader reader, int count)
    {
        int columnCount = reader.Limited(ColumnLimit, "Attributes");
        reader.Spend((long)count * (columnCount + 2) * ElementBytes);
        var elements = new List<Element>[count];
        for (int row = 0; row < count; row++)
        {
            elements[row] = new List<Element>(columnCount);
        }

        ulong tag = 0;
        for (int column = 0; column < columnCount; column++)
        {
            tag += reader.Unsigned();
            if (tag > uint.MaxValue)
            {
                throw new StateFormatException("An attribute has no tag.");
            }

            ReadColumn(reader, elements, (uint)tag);
        }

        var blobs = new ReadOnlyMemory<byte>[count];
        for (int row = 0; row < count; row++)
        {
            blobs[row] = Join(elements[row], reader);
        }

        return blobs;
    }

    private static void ReadColumn(ColumnReader reader, List<Element>[] elements, uint tag)
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

        ReadOnlyMemory<byte>[] values = reader.Column(rows.Count, AttributeEncoder.ValueLimitBytes);
        for (int i = 0; i < rows.Count; i++)
        {
            elements[rows[i]].Add(new Element(tag, vr, values[i]));
        }
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
