using Panal.Dicom;

namespace Panal.Imaging.Rendering.Grey;

/// <summary>From stored values to values of the modality: a table, or slope and intercept. PS3.3 §C.11.1.</summary>
internal sealed record ModalityTransform(double Slope, double Intercept, LookupTable? Table)
{
    internal static ModalityTransform Identity { get; } = new(1, 0, null);

    /// <summary>Reads the module; null when a data set has none.</summary>
    internal static ModalityTransform? Read(DataSet dataSet, bool isSigned)
    {
        if (dataSet.GetSequence(Tags.ModalityLUTSequence) is [var item, ..] && LookupTable.Read(item, isSigned) is { } table)
        {
            return new ModalityTransform(1, 0, table);
        }

        var (slope, intercept) = (dataSet.GetDouble(Tags.RescaleSlope), dataSet.GetDouble(Tags.RescaleIntercept));
        return slope is null && intercept is null ? null : new ModalityTransform(slope is null or 0 ? 1 : slope.Value, intercept ?? 0, null);
    }

    /// <summary>The transformation of one frame of an image.</summary>
    internal static ModalityTransform Of(DataSet image, int frame, bool isSigned)
    {
        // X-ray angiography: the table leads back to linear values, which are not for display (PS3.3 §C.8.7.1.1.2).
        var isXray = image.GetString(Tags.SOPClassUID) is Uids.XRayAngiographicImageStorage or Uids.XRayRadiofluoroscopicImageStorage;
        if (isXray && image.GetString(Tags.PixelIntensityRelationship) is "LOG" or "DISP")
        {
            return Identity;
        }

        var group = FunctionalGroups.Find(image, Tags.PixelValueTransformationSequence, frame);
        return (group is null ? null : Read(group, isSigned)) ?? Read(image, isSigned) ?? Identity;
    }

    internal double Map(long stored) => Table is null ? (stored * Slope) + Intercept : Table[(int)Math.Clamp(stored, int.MinValue, int.MaxValue)];
}
