using System.Buffers;
using System.Buffers.Binary;

namespace Panal.Dicom;

/// <summary>Writes elements in one encoding (PS3.5 §7.1 to §7.5).</summary>
internal sealed class DataSetWriter(bool isExplicit, bool isBigEndian, SequenceLengths lengths)
{
    private const uint UndefinedLength = 0xFFFFFFFF;

    // PS3.5 §6.2.2: a value that is too long for the 16-bit length of its VR is written as UN.
    private const int MaximumShortLength = 0xFFFE;

    public void Write(DataSet dataSet, IBufferWriter<byte> target)
    {
        WriteGroupLength(dataSet, group: 0, target);
        WriteGroupLength(dataSet, group: 2, target);
        WriteElements(dataSet, target);
    }

    /// <summary>Writes the header of an element, item or delimiter.</summary>
    /// <returns>The VR that the value must have: UN when the length is too great for the VR.</returns>
    public Vr WriteHeader(Tag tag, Vr vr, uint length, IBufferWriter<byte> target)
    {
        var header = target.GetSpan(12);
        WriteTag(header, tag);
        if (!isExplicit || tag.Group == 0xFFFE)
        {
            WriteUInt32(header[4..], length);
            target.Advance(8);
            return vr;
        }

        vr = vr == Vr.None ? Vr.UN : vr;
        if (!vr.HasLongLength() && length > MaximumShortLength)
        {
            vr = Vr.UN;
        }

        (header[4], header[5]) = ((byte)((ushort)vr >> 8), (byte)vr);
        if (vr.HasLongLength())
        {
            (header[6], header[7]) = (0, 0);
            WriteUInt32(header[8..], length);
            target.Advance(12);
            return vr;
        }

        WriteUInt16(header[6..], (ushort)length);
        target.Advance(8);
        return vr;
    }

    private void WriteElements(DataSet dataSet, IBufferWriter<byte> target)
    {
        foreach (ref readonly var element in dataSet.Elements)
        {
            if (element.Tag.IsGroupLength)
            {
                continue;
            }

            if (element.IsSequence)
            {
                WriteSequence(element, target);
            }
            else if (element.IsEncapsulated)
            {
                WriteFragments(element, target);
            }
            else
            {
                WriteValue(element, target);
            }
        }
    }

    private void WriteGroupLength(DataSet dataSet, ushort group, IBufferWriter<byte> target)
    {
        long length = 0;
        foreach (ref readonly var element in dataSet.Elements)
        {
            if (element.Tag.Group == group && !element.Tag.IsGroupLength)
            {
                length += LengthOf(element);
            }
        }

        if (length == 0)
        {
            return;
        }

        WriteHeader(new Tag(group, 0), Vr.UL, 4, target);
        WriteUInt32(target.GetSpan(4), checked((uint)length));
        target.Advance(4);
    }

    private void WriteValue(in Element element, IBufferWriter<byte> target)
    {
        var length = element.Value.Length;
        var even = (length + 1) & ~1;
        var vr = WriteHeader(element.Tag, element.Vr, (uint)even, target);
        var bytes = target.GetSpan(even);
        element.Value.Span.CopyTo(bytes);
        if (even > length)
        {
            bytes[length] = element.Vr.PaddingByte();
        }

        if (isBigEndian)
        {
            ByteOrder.Swap(bytes[..even], vr.UnitLengthBytes());
        }

        target.Advance(even);
    }

    private void WriteSequence(in Element element, IBufferWriter<byte> target)
    {
        var isDefined = lengths == SequenceLengths.Defined;
        WriteHeader(element.Tag, Vr.SQ, isDefined ? checked((uint)ContentLengthOf(element)) : UndefinedLength, target);
        for (var index = 0; index < element.Items.Count; index++)
        {
            var item = element.Items[index];
            WriteHeader(Tags.Item, Vr.None, isDefined ? checked((uint)LengthOf(item)) : UndefinedLength, target);
            WriteElements(item, target);
            if (!isDefined)
            {
                WriteHeader(Tags.ItemDelimitationItem, Vr.None, 0, target);
            }
        }

        if (!isDefined)
        {
            WriteHeader(Tags.SequenceDelimitationItem, Vr.None, 0, target);
        }
    }

    private void WriteFragments(in Element element, IBufferWriter<byte> target)
    {
        WriteHeader(element.Tag, element.Vr, UndefinedLength, target);
        foreach (var fragment in element.Fragments)
        {
            WriteHeader(Tags.Item, Vr.None, (uint)((fragment.Length + 1) & ~1), target);
            target.Write(fragment.Span);
            if ((fragment.Length & 1) != 0)
            {
                target.Write([(byte)0]);
            }
        }

        WriteHeader(Tags.SequenceDelimitationItem, Vr.None, 0, target);
    }

    private long LengthOf(DataSet dataSet)
    {
        long length = 0;
        foreach (ref readonly var element in dataSet.Elements)
        {
            length += element.Tag.IsGroupLength ? 0 : LengthOf(element);
        }

        return length;
    }

    private long LengthOf(in Element element)
    {
        var content = ContentLengthOf(element);
        var isLong = isExplicit && (element.Vr.HasLongLength() || element.Vr == Vr.None || content > MaximumShortLength);
        var delimiter = element.IsEncapsulated || (element.IsSequence && lengths == SequenceLengths.Undefined) ? 8 : 0;
        return (isLong ? 12 : 8) + content + delimiter;
    }

    private long ContentLengthOf(in Element element)
    {
        long length = (element.Value.Length + 1) & ~1;
        foreach (var item in element.Items)
        {
            length += 8 + LengthOf(item) + (lengths == SequenceLengths.Undefined ? 8 : 0);
        }

        foreach (var fragment in element.Fragments)
        {
            length += 8 + ((fragment.Length + 1) & ~1);
        }

        return length;
    }

    private void WriteTag(Span<byte> target, Tag tag)
    {
        WriteUInt16(target, tag.Group);
        WriteUInt16(target[2..], tag.Element);
    }

    private void WriteUInt16(Span<byte> target, ushort value)
    {
        if (isBigEndian)
        {
            BinaryPrimitives.WriteUInt16BigEndian(target, value);
        }
        else
        {
            BinaryPrimitives.WriteUInt16LittleEndian(target, value);
        }
    }

    private void WriteUInt32(Span<byte> target, uint value)
    {
        if (isBigEndian)
        {
            BinaryPrimitives.WriteUInt32BigEndian(target, value);
        }
        else
        {
            BinaryPrimitives.WriteUInt32LittleEndian(target, value);
        }
    }
}
