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

    /// <summary>The uncompressed syntax that the first element of a data set shows; false when the element is not in the dictionary.</summary>
    /// <param name="header">The first 8 bytes of the data set.</param>
    /// <param name="syntax">The syntax; when the answer is false, little endian with or without VR as the bytes look.</param>
    public static bool TryGuess(ReadOnlySpan<byte> header, out TransferSyntax syntax)
    {
        var isExplicit = ((Vr)((header[4] << 8) | header[5])).IsKnown();
        syntax = isExplicit ? TransferSyntax.ExplicitVrLittleEndian : TransferSyntax.ImplicitVrLittleEndian;
        var little = new Tag(BinaryPrimitives.ReadUInt16LittleEndian(header), BinaryPrimitives.ReadUInt16LittleEndian(header[2..]));
        var big = new Tag(BinaryPrimitives.ReadUInt32BigEndian(header));

        // Group 0000 stands in messages only: zeros are no file.
        var isLittle = little.Group != 0 && IsPlausible(little);
        if (!isLittle && (big.Group == 0 || !IsPlausible(big)))
        {
            return false;
        }

        syntax = isExplicit && !isLittle ? TransferSyntax.ExplicitVrBigEndian : syntax;
        return isExplicit || isLittle;
    }

    /// <remarks>The retired groups 1000 and 1010 match almost any element, and are what 0010 looks like in the other byte order.</remarks>
    private static bool IsPlausible(Tag tag) => tag.IsGroupLength
        ? tag.Group is < 0x100 or 0x7FE0
        : tag.Group is not (0x1000 or 0x1010) && DataDictionary.TryFind(tag, out _);
}
