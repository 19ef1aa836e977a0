using System.Buffers;
using System.Globalization;
using Panal.Dicom;

namespace Panal.Catalogue.Attributes;

/// <summary>
/// Original Attributes Sequence (0400,0561) among the attributes of a study: what corrections replaced, and when. It makes a corrected study known as such wherever
/// its attributes go; see docs/formats/catalogue.md, "Corrections".
/// </summary>
/// <remarks>PS3.3 §C.12.1, Table C.12-1; §C.12.1.1.9.</remarks>
internal static class OriginalAttributes
{
    /// <summary>Corrections of one study at most: the sequence stays within what an attribute may have.</summary>
    internal const int ItemLimit = 64;

    private const string Format = "yyyyMMddHHmmss.ffffff+0000";
    private const string Correction = "CORRECT";

    /// <summary>The attributes of a study with one more item; null when there are as many as there may be.</summary>
    /// <param name="study">Attributes of the study.</param>
    /// <param name="replaced">Elements that were replaced, ascending, as they were; empty ones where there was nothing.</param>
    /// <param name="system">Modifying System (0400,0563).</param>
    /// <param name="at">Attribute Modification DateTime (0400,0562).</param>
    internal static ReadOnlyMemory<byte>? Add(ReadOnlySpan<byte> study, ReadOnlySpan<byte> replaced, string system, DateTimeOffset at)
    {
        AttributeBlob.TryFind(study, Tags.OriginalAttributesSequence, out _, out ReadOnlySpan<byte> items);
        int count = 0;
        for (ReadOnlySpan<byte> rest = items; AttributeBlob.TryReadItem(ref rest, out _);)
        {
            count++;
        }

        var modified = new ArrayBufferWriter<byte>();
        AttributeEncoder.WriteItem(replaced, modified);
        var item = new ArrayBufferWriter<byte>();
        AttributeEncoder.WriteSequence(Tags.ModifiedAttributesSequence, modified.WrittenSpan, item);
        AttributeEncoder.WriteText(Tags.AttributeModificationDateTime, Vr.DT, at.UtcDateTime.ToString(Format, CultureInfo.InvariantCulture), item);
        AttributeEncoder.WriteText(Tags.ModifyingSystem, Vr.LO, system, item);
        AttributeEncoder.WriteText(Tags.ReasonForTheAttributeModification, Vr.CS, Correction, item);
        var content = new ArrayBufferWriter<byte>();
        content.Write(items);
        AttributeEncoder.WriteItem(item.WrittenSpan, content);
        if (count >= ItemLimit || content.WrittenCount > AttributeEncoder.ValueLimitBytes)
        {
            return null;
        }

        var sequence = new ArrayBufferWriter<byte>();
        AttributeEncoder.WriteSequence(Tags.OriginalAttributesSequence, content.WrittenSpan, sequence);
        return AttributeOverlay.Over(study, sequence.WrittenSpan);
    }

    /// <summary>When a study was corrected last, in milliseconds since 1970; 0 for never, or where that is not said.</summary>
    internal static long LastAt(ReadOnlySpan<byte> study)
    {
        if (!AttributeBlob.TryFind(study, Tags.OriginalAttributesSequence, out Vr vr, out ReadOnlySpan<byte> items) || vr != Vr.SQ)
        {
            return 0;
        }

        long last = 0;
        while (AttributeBlob.TryReadItem(ref items, out ReadOnlySpan<byte> item))
        {
            string text = AttributeBlob.FirstText(item, Tags.AttributeModificationDateTime);
            if (DateTimeOffset.TryParseExact(
                text.Replace("+0000", "", StringComparison.Ordinal), "yyyyMMddHHmmss.ffffff", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset at))
            {
                last = Math.Max(last, at.ToUnixTimeMilliseconds());
            }
        }

        return last;
    }

    /// <summary>Modifying System (0400,0563) of the last item; empty when there is none.</summary>
    internal static string LastSystem(ReadOnlySpan<byte> study)
    {
        AttributeBlob.TryFind(study, Tags.OriginalAttributesSequence, out _, out ReadOnlySpan<byte> items);
        string system = "";
        while (AttributeBlob.TryReadItem(ref items, out ReadOnlySpan<byte> item))
        {
            system = AttributeBlob.FirstText(item, Tags.ModifyingSystem);
        }

        return system;
    }

    /// <summary>Tags of what corrections replaced.</summary>
    internal static SortedSet<Tag> Corrected(ReadOnlySpan<byte> study)
    {
        var tags = new SortedSet<Tag>(Comparer<Tag>.Create(static (a, b) => a.Value.CompareTo(b.Value)));
        if (!AttributeBlob.TryFind(study, Tags.OriginalAttributesSequence, out Vr vr, out ReadOnlySpan<byte> items) || vr != Vr.SQ)
        {
            return tags;
        }

        while (AttributeBlob.TryReadItem(ref items, out ReadOnlySpan<byte> item))
        {
            AttributeBlob.TryFind(item, Tags.ModifiedAttributesSequence, out _, out ReadOnlySpan<byte> modified);
            while (AttributeBlob.TryReadItem(ref modified, out ReadOnlySpan<byte> replaced))
            {
                while (AttributeBlob.TryRead(ref replaced, out Tag tag, out _, out _))
                {
                    tags.Add(tag);
                }
            }
        }

        return tags;
    }
}
