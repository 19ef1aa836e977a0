using Panal.Codecs.Samples;
using Panal.Dicom;

namespace Panal.Imaging.Frames;

/// <summary>What the Image Pixel module says of the samples (PS3.3 §C.7.6.3).</summary>
/// <param name="Columns">Pixels a row, 1 to 65535.</param>
/// <param name="Rows">Rows, 1 to 65535.</param>
/// <param name="SamplesPerPixel">1 to 4.</param>
/// <param name="BitsAllocated">Bits that a sample takes: 1, 8, 16 or 32.</param>
/// <param name="BitsStored">Bits of it that are meant.</param>
/// <param name="HighBit">The highest of them.</param>
/// <param name="IsSigned">Samples are two's complement.</param>
/// <param name="IsPlanar">Uncompressed, all samples of a component stand together.</param>
/// <param name="Photometric">Photometric Interpretation (0028,0004).</param>
/// <param name="Frames">Number of frames, at least 1.</param>
public sealed record PixelDescription(
    int Columns, int Rows, int SamplesPerPixel, int BitsAllocated, int BitsStored, int HighBit, bool IsSigned, bool IsPlanar, string Photometric, int Frames)
{
    /// <summary>How the samples of one uncompressed frame lie.</summary>
    public SampleLayout Layout => new(Columns, Rows, SamplesPerPixel, BitsAllocated, BitsStored, IsSigned, IsPlanar);

    /// <summary>Reads the description from a data set.</summary>
    /// <exception cref="ImageException">A number is missing or impossible, or there are more frames than allowed.</exception>
    public static PixelDescription Read(DataSet dataSet, ImageLimits limits)
    {
        var samples = dataSet.GetUInt16(Tags.SamplesPerPixel) ?? 1;
        var allocated = Required(dataSet, Tags.BitsAllocated);
        var stored = dataSet.GetUInt16(Tags.BitsStored) ?? allocated;
        var frames = dataSet.HasValue(Tags.NumberOfFrames) ? dataSet.GetInt32(Tags.NumberOfFrames) ?? 0 : 1;
        if (frames < 1 || frames > limits.Fragments)
        {
            throw new ImageException(frames < 1 ? ImageFault.Damaged : ImageFault.LimitExceeded, $"{frames} frames.");
        }

        var description = new PixelDescription(
            Required(dataSet, Tags.Columns),
            Required(dataSet, Tags.Rows),
            samples,
            allocated,
            stored,
            dataSet.GetUInt16(Tags.HighBit) ?? stored - 1,
            dataSet.GetUInt16(Tags.PixelRepresentation) == 1,
            samples > 1 && dataSet.GetUInt16(Tags.PlanarConfiguration) == 1,
            dataSet.GetString(Tags.PhotometricInterpretation) ?? "",
            frames);
        if (description.HighBit >= allocated || description.HighBit < stored - 1)
        {
            throw new ImageException(ImageFault.Damaged, $"High bit {description.HighBit} of {stored} stored and {allocated} allocated bits.");
        }

        return description;
    }

    private static ushort Required(DataSet dataSet, Tag tag) =>
        dataSet.GetUInt16(tag) ?? throw new ImageException(ImageFault.Damaged, $"{tag} is missing.");
}
