using System.Buffers;
using Panal.Dicom;

namespace Panal.Catalogue.Attributes;

/// <summary>Makes attributes of a level out of others, element by element.</summary>
internal static class AttributeOverlay
{
    /// <summary>All elements of both; where both have one, that of the second.</summary>
    internal static ReadOnlyMemory<byte> Over(ReadOnlySpan<byte> attributes, ReadOnlySpan<byte> corrections)
    {
        var elements = new SortedDictionary<uint, byte[]>();
        Collect(attributes, elements);
        Collect(corrections, elements);
        var target = new ArrayBufferWriter<byte>(attributes.Length + corrections.Length + 1);
        foreach (byte[] element in elements.Values)
        {
            target.Write(element);
        }

        return target.WrittenMemory;
    }

    /// <summary>The elements without those of the set; the same bytes when there are none of them.</summary>
    internal static ReadOnlyMemory<byte> Without(ReadOnlyMemory<byte> attributes, IReadOnlySet<Tag> withheld)
    {
        if (withheld.Count == 0)
        {
            return attributes;
        }

        var target = new ArrayBufferWriter<byte>(attributes.Length + 1);
        ReadOnlySpan<byte> rest = attributes.Span;
        while (true)
        {
            ReadOnlySpan<byte> before = rest;
            if (!AttributeBlob.TryRead(ref rest, out Tag tag, out _, out _))
            {
                return target.WrittenMemory;
            }

            if (!withheld.Contains(tag))
            {
                target.Write(before[..(before.Length - rest.Length)]);
            }
        }
    }

    /// <summary>What one set of elements says otherwise than another, or first.</summary>
    internal static List<AttributeCorrection> Differences(ReadOnlySpan<byte> before, ReadOnlySpan<byte> after)
    {
        var differences = new List<AttributeCorrection>();
        while (AttributeBlob.TryRead(ref after, out Tag tag, out _, out ReadOnlySpan<byte> value))
        {
            if (!AttributeBlob.TryFind(before, tag, out _, out ReadOnlySpan<byte> known) || !known.SequenceEqual(value))
            {
                differences.Add(new AttributeCorrection(tag, AttributeBlob.Text(known), AttributeBlob.Text(value)));
            }
        }

        return differences;
    }

    /// <summary>The elements of two levels that are said otherwise, as they were, ascending; empty ones where there was nothing.</summary>
    internal static ReadOnlySpan<byte> Replaced(
        ReadOnlySpan<byte> patientBefore, ReadOnlySpan<byte> patient, ReadOnlySpan<byte> studyBefore, ReadOnlySpan<byte> study)
    {
        var elements = new SortedDictionary<uint, byte[]>();
        CollectReplaced(patientBefore, patient, elements);
        CollectReplaced(studyBefore, study, elements);
        var target = new ArrayBufferWriter<byte>();
        foreach (byte[] element in elements.Values)
        {
            target.Write(element);
        }

        return target.WrittenSpan;
    }

    private static void CollectReplaced(ReadOnlySpan<byte> before, ReadOnlySpan<byte> after, SortedDictionary<uint, byte[]> elements)
    {
        var known = new SortedDictionary<uint, byte[]>();
        Collect(before, known);
        while (AttributeBlob.TryRead(ref after, out Tag tag, out Vr vr, out ReadOnlySpan<byte> value))
        {
            if (!AttributeBlob.TryFind(before, tag, out _, out ReadOnlySpan<byte> said) || !said.SequenceEqual(value))
            {
                var empty = new ArrayBufferWriter<byte>();
                AttributeEncoder.WriteEmpty(tag, vr, empty);
                elements[tag.Value] = known.GetValueOrDefault(tag.Value) ?? empty.WrittenSpan.ToArray();
            }
        }
    }

    private static void Collect(ReadOnlySpan<byte> attributes, SortedDictionary<uint, byte[]> elements)
    {
        while (true)
        {
            ReadOnlySpan<byte> before = attributes;
            if (!AttributeBlob.TryRead(ref attributes, out Tag tag, out _, out _))
            {
                return;
            }

            elements[tag.Value] = before[..(before.Length - attributes.Length)].ToArray();
        }
    }
}
