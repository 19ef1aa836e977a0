using Panal.Dicom;
using Panal.Imaging.Frames;

namespace Panal.Imaging.Transcoding;

/// <summary>What the attributes of an image must say once its frames are in another transfer syntax.</summary>
internal static class TargetAttributes
{
    private const string Rgb = "RGB", YbrFull = "YBR_FULL", YbrFull422 = "YBR_FULL_422", YbrReversible = "YBR_RCT";

    /// <summary>Whether the samples of a stored image become RGB when they are decoded.</summary>
    /// <remarks>
    /// JPEG with the discrete cosine transform is lossy already, and workstations that take no JPEG seldom take YCbCr. What was
    /// coded without loss keeps its colour space, because the conversion would round.
    /// </remarks>
    internal static bool BecomesRgb(PixelDescription pixels, FrameCodec? source) =>
        source?.LossyMethod is not null && pixels is { SamplesPerPixel: 3, BitsAllocated: 8, Photometric: YbrFull or YbrFull422 };

    /// <summary>Changes the attributes for a target.</summary>
    /// <exception cref="ImageException">The image cannot be put into the target.</exception>
    internal static void Change(StoredImage image, PixelDescription pixels, FrameCodec? source, TransferSyntax target)
    {
        var attributes = image.Attributes;
        var isSubsampled = pixels.Photometric.EndsWith("_422", StringComparison.Ordinal) || pixels.Photometric.EndsWith("_420", StringComparison.Ordinal);
        if ((source is null && isSubsampled && target.IsEncapsulated) || pixels.Photometric.Contains("PARTIAL", StringComparison.Ordinal))
        {
            throw new ImageException(ImageFault.Unsupported, $"Samples of {pixels.Photometric} are not transcoded.");
        }

        if (pixels.BitsAllocated == 1 && (target.IsEncapsulated || image.IsEncapsulated))
        {
            throw new ImageException(ImageFault.Unsupported, "Samples of one bit are not transcoded.");
        }

        if (BecomesRgb(pixels, source) || pixels.Photometric is YbrReversible or "YBR_ICT")
        {
            // What JPEG 2000 transforms its decoder transforms back.
            attributes.Set(Tags.PhotometricInterpretation, Rgb);
        }
        else if (isSubsampled && source is not null)
        {
            // The decoder has repeated what was left out.
            attributes.Set(Tags.PhotometricInterpretation, YbrFull);
        }

        if (pixels.SamplesPerPixel == 3 && FrameCodec.Find(target) is { TransformsRgb: true } && attributes.GetString(Tags.PhotometricInterpretation) == Rgb)
        {
            attributes.Set(Tags.PhotometricInterpretation, YbrReversible);
        }

        if (pixels.SamplesPerPixel > 1 && (target.IsEncapsulated || source is not null))
        {
            attributes.SetUInt16(Tags.PlanarConfiguration, 0);
        }

        if (source?.LossyMethod is { } method && attributes.GetString(Tags.LossyImageCompression) != "01")
        {
            attributes.Set(Tags.LossyImageCompression, "01");
            if (!attributes.HasValue(Tags.LossyImageCompressionMethod))
            {
                attributes.Set(Tags.LossyImageCompressionMethod, method);
            }
        }

        attributes.Remove(Tags.ExtendedOffsetTable);
        attributes.Remove(Tags.ExtendedOffsetTableLengths);

        // An icon that is compressed like the image would contradict the new transfer syntax; it is a preview that anyone can make again.
        if (attributes.GetSequence(Tags.IconImageSequence).Any(icon => icon.TryGet(Tags.PixelData, out var data) && data.IsEncapsulated))
        {
            attributes.Remove(Tags.IconImageSequence);
        }
    }
}
