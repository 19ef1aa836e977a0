using System.Text;
using Panal.Dicom;

namespace Panal.Catalogue.Attributes;

/// <summary>Turns encoded attributes into data sets; text stays UTF-8 and is declared as ISO_IR 192 where it is more than ASCII.</summary>
internal static class AttributeDecoder
{
    internal const string Utf8Term = "ISO_IR 192";

    /// <summary>Adds all elements of one level.</summary>
    /// <returns>Whether they are ASCII, which needs no declaration.</returns>
    internal static bool AddTo(DataSet target, ReadOnlyMemory<byte> attributes) => AddTo(target, attributes, wanted: null);

    /// <summary>Adds the wanted elements of one level; null wants all.</summary>
    /// <returns>Whether they are ASCII, which needs no declaration.</returns>
    internal static bool AddTo(DataSet target, ReadOnlyMemory<byte> attributes, IReadOnlySet<Tag>? wanted)
    {
        bool isAscii = true;
        ReadOnlySpan<byte> rest = attributes.Span;
        while (AttributeBlob.TryRead(ref rest, out Tag tag, out Vr vr, out ReadOnlySpan<byte> value))
        {
            // What corrections replaced is no attribute of the study, and told to nobody who did not ask.
            if (!(wanted?.Contains(tag) ?? tag != Tags.OriginalAttributesSequence))
            {
                continue;
            }

            int end = attributes.Length - rest.Length;
            ReadOnlyMemory<byte> memory = attributes[(end - value.Length)..end];
            target.Set(vr == Vr.SQ ? new Element(tag, Items(memory)) : new Element(tag, vr, memory));
            isAscii &= (!vr.IsText() && vr != Vr.SQ) || Ascii.IsValid(value);
        }

        return isAscii;
    }

    /// <summary>Declares UTF-8 where the attributes need it.</summary>
    internal static void DeclareCharacterSet(DataSet target, bool isAscii)
    {
        if (!isAscii)
        {
            target.Set(Tags.SpecificCharacterSet, Utf8Term);
        }
    }

    private static List<DataSet> Items(ReadOnlyMemory<byte> sequence)
    {
        var items = new List<DataSet>(1);
        ReadOnlySpan<byte> rest = sequence.Span;
        while (AttributeBlob.TryReadItem(ref rest, out ReadOnlySpan<byte> item))
        {
            int end = sequence.Length - rest.Length;
            var dataSet = new DataSet();
            AddTo(dataSet, sequence[(end - item.Length)..end]);
            items.Add(dataSet);
        }

        return items;
    }
}
