using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Panal.Dicom;

namespace Panal.Catalogue.Attributes;

/// <summary>Splits the attributes of an instance by level and encodes them; see docs/formats/catalogue.md.</summary>
internal static class AttributeEncoder
{
    /// <summary>Longest value kept, in bytes of UTF-8; longer ones count as unknown.</summary>
    internal const int ValueLimitBytes = 64 * 1024 - 2;

    /// <summary>Sequences in sequences at most; deeper ones are left out.</summary>
    internal const int DepthLimit = 4;

    /// <summary>A buffer that a strange data set has made longer is not kept.</summary>
    private const int BufferLimitBytes = 256 * 1024;

    private const int LevelCount = 4;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? Buffer;

    internal static EncodedAttributes Encode(DataSet dataSet)
    {
        // One buffer a thread: what is kept is copied out in its exact length.
        ArrayBufferWriter<byte> writer = Buffer ??= new ArrayBufferWriter<byte>(4096);
        writer.ResetWrittenCount();
        Span<int> ends = stackalloc int[LevelCount];
        for (int level = 0; level < LevelCount; level++)
        {
            int start = writer.WrittenCount;
            foreach (ref readonly Element element in dataSet.Elements)
            {
                if (CataloguedAttributes.TryFind(element.Tag, out CataloguedAttribute attribute)
                    && attribute.Level == (QueryLevel)level && attribute.Origin == AttributeOrigin.DataSet
                    && writer.WrittenCount - start < EncodedAttributes.LevelLimitBytes - (2 * ValueLimitBytes))
                {
                    WriteElement(dataSet, element, attribute.Vr, writer, depth: 0);
                }
            }

            ends[level] = writer.WrittenCount;
        }

        ReadOnlyMemory<byte> all = writer.WrittenSpan.ToArray();
        if (writer.Capacity > BufferLimitBytes)
        {
            Buffer = null;
        }

        var levels = new ReadOnlyMemory<byte>[LevelCount];
        for (int level = 0, start = 0; level < LevelCount; start = ends[level++])
        {
            levels[level] = all[start..ends[level]];
        }

        return new EncodedAttributes(levels, dataSet.GetString(Tags.StudyInstanceUID) ?? string.Empty, dataSet.GetString(Tags.SeriesInstanceUID) ?? string.Empty);
    }

    private static void WriteElement(DataSet owner, in Element element, Vr vr, ArrayBufferWriter<byte> writer, int depth)
    {
        if (vr == Vr.SQ)
        {
            WriteSequence(owner, element.Tag, writer, depth);
        }
        else if (vr.IsString())
        {
            WriteText(owner, element, vr, writer);
        }
        else if (vr is Vr.US or Vr.SS or Vr.UL or Vr.SL or Vr.FL or Vr.FD)
        {
            WriteNumbers(owner, element, vr, writer);
        }
    }

    private static void WriteText(DataSet owner, in Element element, Vr vr, ArrayBufferWriter<byte> writer)
    {
        ReadOnlySpan<byte> value = element.Value.Span;
        // ASCII is the same in every character set of DICOM; escape sequences and other bytes are decoded.
        if (element.Vr.IsString() && Ascii.IsValid(value) && !value.Contains((byte)0x1B))
        {
            WriteValue(element.Tag, vr, Trim(value, vr), writer);
            return;
        }

        string text = string.Join('\\', owner.GetStrings(element.Tag));
        WriteValue(element.Tag, vr, Trim(Encoding.UTF8.GetBytes(text), vr), writer);
    }

    /// <summary>Writes one value that is not empty.</summary>
    internal static void WriteText(Tag tag, Vr vr, string text, ArrayBufferWriter<byte> writer) =>
        WriteValue(tag, vr, Trim(Encoding.UTF8.GetBytes(text), vr), writer);

    /// <summary>Writes one element without a value.</summary>
    internal static void WriteEmpty(Tag tag, Vr vr, ArrayBufferWriter<byte> writer) => WriteHeader(tag, vr, 0, writer);

    /// <summary>Writes one sequence, whose items are written already.</summary>
    internal static void WriteSequence(Tag tag, ReadOnlySpan<byte> items, ArrayBufferWriter<byte> writer)
    {
        WriteHeader(tag, Vr.SQ, items.Length, writer);
        writer.Write(items);
    }

    /// <summary>Writes one item, whose elements are written already.</summary>
    internal static void WriteItem(ReadOnlySpan<byte> elements, ArrayBufferWriter<byte> writer)
    {
        Span<byte> header = writer.GetSpan(8);
        AttributeBlob.WriteTag(header, new Tag(AttributeBlob.ItemTag));
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], elements.Length);
        writer.Advance(8);
        writer.Write(elements);
    }

    private static void WriteNumbers(DataSet owner, in Element element, Vr vr, ArrayBufferWriter<byte> writer)
    {
        if (element.Vr == vr)
        {
            WriteValue(element.Tag, vr, element.Value.Span, writer);
            return;
        }

        // Another VR than the dictionary's: taken over when it can be said in the right one.
        if (vr == Vr.US && owner.GetUInt16(element.Tag) is { } number)
        {
            Span<byte> bytes = stackalloc byte[2];
            BinaryPrimitives.WriteUInt16LittleEndian(bytes, number);
            WriteValue(element.Tag, vr, bytes, writer);
        }
    }

    /// <summary>Leading spaces count in narrative text only (PS3.5 §6.2).</summary>
    private static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> value, Vr vr) =>
        vr is Vr.LT or Vr.ST or Vr.UT or Vr.UC or Vr.UR ? value.TrimEnd(" \0"u8) : value.Trim(" \0"u8);

    private static void WriteValue(Tag tag, Vr vr, ReadOnlySpan<byte> value, ArrayBufferWriter<byte> writer)
    {
        if (value.IsEmpty || value.Length > ValueLimitBytes)
        {
            return;
        }

        int padding = value.Length & 1;
        WriteHeader(tag, vr, value.Length + padding, writer);
        writer.Write(value);
        if (padding != 0)
        {
            writer.Write([vr.PaddingByte()]);
        }
    }

    private static void WriteHeader(Tag tag, Vr vr, int length, ArrayBufferWriter<byte> writer)
    {
        Span<byte> header = writer.GetSpan(12);
        AttributeBlob.WriteTag(header, tag);
        BinaryPrimitives.WriteUInt16BigEndian(header[4..], (ushort)vr);
        if (!vr.HasLongLength())
        {
            BinaryPrimitives.WriteUInt16LittleEndian(header[6..], (ushort)length);
            writer.Advance(8);
            return;
        }

        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], 0);
        BinaryPrimitives.WriteInt32LittleEndian(header[8..], length);
        writer.Advance(12);
    }

    private static void WriteSequence(DataSet owner, Tag tag, ArrayBufferWriter<byte> writer, int depth)
    {
        IReadOnlyList<DataSet> items = ItemsOf(owner, tag);
        if (items.Count == 0 || depth >= DepthLimit)
        {
            return;
        }

        // Items are short; they are written aside because their lengths come first.
        var content = new ArrayBufferWriter<byte>(256);
        foreach (DataSet item in items)
        {
            var elements = new ArrayBufferWriter<byte>(256);
            foreach (ref readonly Element element in item.Elements)
            {
                Vr vr = element.Vr == Vr.UN ? DataDictionary.VrOf(element.Tag) : element.Vr;
                if (element.Tag != Tags.SpecificCharacterSet)
                {
                    WriteElement(item, element, vr, elements, depth + 1);
                }
            }

            WriteItem(elements.WrittenSpan, content);
        }

        if (content.WrittenCount <= ValueLimitBytes)
        {
            WriteSequence(tag, content.WrittenSpan, writer);
        }
    }

    private static IReadOnlyList<DataSet> ItemsOf(DataSet owner, Tag tag)
    {
        try
        {
            return owner.GetSequence(tag);
        }
        catch (DicomFormatException)
        {
            // Came as UN and is no sequence: nothing that could be matched.
            return [];
        }
    }
}
