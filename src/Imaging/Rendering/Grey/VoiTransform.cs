using Panal.Dicom;

namespace Panal.Imaging.Rendering.Grey;

/// <summary>From values of the modality to brightness: a window or a table. PS3.3 §C.11.2.</summary>
internal sealed record VoiTransform(Window? Window, LookupTable? Table)
{
    /// <summary>Reads the module; null when a data set has none that can be used.</summary>
    /// <remarks>Where both stand, either may be used (§C.11.2.1.1): the window, as most workstations do.</remarks>
    internal static VoiTransform? Read(DataSet dataSet, bool isSigned)
    {
        if (dataSet.GetDouble(Tags.WindowCenter) is { } center && dataSet.GetDouble(Tags.WindowWidth) is { } width)
        {
            var function = dataSet.GetString(Tags.VOILUTFunction) switch
            {
                "SIGMOID" => WindowFunction.Sigmoid,
                "LINEAR_EXACT" => WindowFunction.LinearExact,
                _ => WindowFunction.Linear,
            };
            var window = new Window(center, width, function);
            if (window.IsValid)
            {
                return new VoiTransform(window, null);
            }
        }

        return dataSet.GetSequence(Tags.VOILUTSequence) is [var item, ..] && LookupTable.Read(item, isSigned) is { } table
            ? new VoiTransform(null, table)
            : null;
    }

    /// <summary>The transformation of one frame of an image, or null.</summary>
    internal static VoiTransform? Of(DataSet image, int frame, bool isSigned)
    {
        var group = FunctionalGroups.Find(image, Tags.FrameVOILUTSequence, frame);
        return (group is null ? null : Read(group, isSigned)) ?? Read(image, isSigned);
    }

    /// <summary>The brightness of a value, from 0 to 1.</summary>
    internal double Brightness(double value) => Table is null
        ? Window!.Brightness(value)
        : (double)Table[(int)Math.Clamp(Math.Round(value), int.MinValue, int.MaxValue)] / Table.MaximumValue;
}
