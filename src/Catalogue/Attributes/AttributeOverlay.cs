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
