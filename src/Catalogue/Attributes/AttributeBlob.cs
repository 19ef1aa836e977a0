using System.Buffers.Binary;
using System.Text;
using Panal.Dicom;

namespace Panal.Catalogue.Attributes;

/// <summary>Reads the attributes of one level where they lie, see docs/formats/catalogue.md: explicit VR little endian, defined lengths, text in UTF-8.</summary>
internal static class AttributeBlob
{
    internal const uint ItemTag = 0xFFFE_E000;

    /// <summary>Finds an element; false when it is absent, which means unknown.</summary>
    internal static bool TryFind(ReadOnlySpan<byte> blob, Tag tag, out Vr vr, out ReadOnlySpan<byte> value)
    {
        while (TryRead(ref blob, out Tag next, out vr, out value))
        {
            if (next.Value >= tag.Value)
            {
                return next == tag;
            }
        }

        value = default;
        return false;
    }

    /// <summary>The first value as text without padding; empty when unknown or binary.</summary>
    internal static string FirstText(ReadOnlySpan<byte> blob, Tag tag)
    {
        if (!TryFind(blob, tag, out Vr vr, out ReadOnlySpan<byte> value) || !vr.IsString())
        {
            return string.Empty;
        }

        int end = vr.IsMultiValued() ? value.IndexOf((byte)'\\') : -1;
        return Text(end < 0 ? value : value[..end]);
    }

    /// <summary>Text without the padding that never counts.</summary>
    internal static string Text(ReadOnlySpan<byte> value) => Encoding.UTF8.GetString(Trim(value));

    internal static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> value) => value.Trim(" \0"u8);

    /// <summary>Takes the next element off the front; false at the end. Damage is reported, never read beyond.</summary>
    internal static bool TryRead(scoped ref ReadOnlySpan<byte> rest, out Tag tag, out Vr vr, out ReadOnlySpan<byte> value)
    {
        if (rest.IsEmpty)
        {
            tag = default;
            vr = default;
            value = default;
            return false;
        }

        int headerLength = 8;
        if (rest.Length < headerLength)
        {
            throw Damaged();
        }

        tag = ReadTag(rest);
        vr = (Vr)BinaryPrimitives.ReadUInt16BigEndian(rest[4..]);
        uint length = BinaryPrimitives.ReadUInt16LittleEndian(rest[6..]);
        if (vr.HasLongLength())
        {
            headerLength = 12;
            length = rest.Length < headerLength ? uint.MaxValue : BinaryPrimitives.ReadUInt32LittleEndian(rest[8..]);
        }

        if (length > rest.Length - headerLength)
        {
            throw Damaged();
        }

        value = rest.Slice(headerLength, (int)length);
        rest = rest[(headerLength + (int)length)..];
        return true;
    }

    /// <summary>Takes the next item of a sequence's value off the front; false at the end.</summary>
    internal static bool TryReadItem(scoped ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> item)
    {
        item = default;
        if (rest.IsEmpty)
        {
            return false;
        }

        uint length = rest.Length < 8 ? uint.MaxValue : BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]);
        if (length > rest.Length - 8 || ReadTag(rest).Value != ItemTag)
        {
            throw Damaged();
        }

        item = rest.Slice(8, (int)length);
        rest = rest[(8 + (int)length)..];
        return true;
    }

    /// <summary>Tells whether all elements, also those in items, end where they should, and ascend.</summary>
    internal static bool IsWellFormed(ReadOnlySpan<byte> blob)
    {
        try
        {
            return IsWellFormed(blob, depth: 0);
        }
        catch (CatalogueException)
        {
            return false;
        }
    }

    private static bool IsWellFormed(ReadOnlySpan<byte> blob, int depth)
    {
        uint previous = 0;
        while (TryRead(ref blob, out Tag tag, out Vr vr, out ReadOnlySpan<byte> value))
        {
            if (tag.Value <= previous || depth > AttributeEncoder.DepthLimit)
            {
                return false;
            }

            previous = tag.Value;
            while (vr == Vr.SQ && TryReadItem(ref value, out ReadOnlySpan<byte> item))
            {
                if (!IsWellFormed(item, depth + 1))
                {
                    return false;
                }
            }
        }

        return true;
    }

    internal static void WriteTag(Span<byte> target, Tag tag)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(target, tag.Group);
        BinaryPrimitives.WriteUInt16LittleEndian(target[2..], tag.Element);
    }

    private static Tag ReadTag(ReadOnlySpan<byte> source) =>
        new(((uint)BinaryPrimitives.ReadUInt16LittleEndian(source) << 16) | BinaryPrimitives.ReadUInt16LittleEndian(source[2..]));

    private static CatalogueException Damaged() =>
        new(CatalogueFailure.Corrupt, "Catalogue: attributes of a row are damaged; restore the file from a backup, or move it away and import the volumes again.");
}
