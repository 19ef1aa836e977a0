using System.Buffers.Binary;

namespace Panal.Dicom;

/// <summary>Finds how the first element of a data set is encoded, when the transfer syntax does not tell the truth or is missing.</summary>
internal static class EncodingDetection
{
    /// <param name="header">The first 8 bytes of the data set.</param>
    /// <param name="isExplicit">What the transfer syntax says.</param>
    /// <param name="isBigEndian">What the transfer syntax says.</param>
    public static (bool IsExplicit, bool IsBigEndian) Detect(ReadOnlySpan<byte> header, bool isExplicit, bool isBigEndian)
    {
        var little = new Tag(BinaryPrimitives.ReadUInt16LittleEndian(header), BinaryPrimitives.ReadUInt16LittleEndian(header[2..]));
        var big = new Tag(BinaryPrimitives.ReadUInt32BigEndian(header));
        var (declared, other) = isBigEndian ? (big, little) : (little, big);

        // The byte order is doubted only when the tag makes sense in the other order alone.
        var foundBigEndian = !IsPlausible(declared) && IsPlausible(other) ? !isBigEndian : isBigEndian;
        var tag = foundBigEndian ? big : little;
        var vr = (Vr)((header[4] << 8) | header[5]);
        if (isExplicit)
        {
            // A blank or broken VR of one element does not make the data set implicit; a length that fits in 16 bits does.
            var looksImplicit = !VrExtensions.IsVrCode(header[4], header[5])
                && (foundBigEndian ? header[4] == 0 && header[5] == 0 : header[6] == 0 && header[7] == 0);
            return (!looksImplicit || !IsPlausible(tag), foundBigEndian);
        }

        var expected = DataDictionary.VrOf(tag, out var choice);
        var looksExplicit = vr.IsKnown() && (expected == vr || choice != VrChoice.One || expected == Vr.UN);
        return (looksExplicit, foundBigEndian);
    }

    private static bool IsPlausible(Tag tag) => tag.IsGroupLength ? tag.Group is < 0x100 or 0x7FE0 : DataDictionary.TryFind(tag, out _);
}
