using Panal.Imaging;
using Panal.Imaging.Compact.Stages;

namespace Panal.Archive.Retrieve;

/// <summary>
/// An image of which only the first stages are here (docs/formats/stages.md): a file that says of itself that it is a lossy preview. It is shown, and
/// never stored or sent as the instance.
/// </summary>
/// <param name="File">A Part 10 file in explicit VR little endian, in memory.</param>
/// <param name="DataSetOffsetBytes">Where its data set begins.</param>
/// <param name="Layers">Quality layers that it is made of.</param>
/// <param name="AllLayers">Quality layers that the image has.</param>
public sealed record ImagePreview(ReadOnlyMemory<byte> File, int DataSetOffsetBytes, int Layers, int AllLayers)
{
    /// <summary>Makes a preview of stages; null when they are none, or it would take too much memory.</summary>
    internal static ImagePreview? Of(IReadOnlyList<ReadOnlyMemory<byte>> stages)
    {
        if (stages.Count == 0)
        {
            return null;
        }

        try
        {
            var preview = StagedFile.Read(stages).Preview(ImageLimits.Default);
            return new ImagePreview(preview.Bytes, preview.DataSetOffsetBytes, preview.Layers, preview.AllLayers);
        }
        catch (ImageException)
        {
            // What is damaged is found out when the whole has come.
            return null;
        }
    }

    /// <summary>No patient data in logs.</summary>
    public override string ToString() => $"{Layers} of {AllLayers} layers";
}
