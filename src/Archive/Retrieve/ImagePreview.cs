using Panal.Imaging;
using Panal.Imaging.Compact.Stages;

namespace Panal.Archive.Retrieve;

/// <summary>
/// An image of which only the first stages are here (docs/formats/stages.md): a file that says of itself that it is a lossy preview. It is shown, and
/// never stored or sent as the instance.
/// </summary>
/// <param name="File">The file.</param>
public sealed record ImagePreview(PreviewFile File)
{
    /// <summary>Quality layers that it is made of.</summary>
    public int Layers => File.Layers;

    /// <summary>Quality layers that the image has.</summary>
    public int AllLayers => File.AllLayers;

    /// <summary>Makes a preview of stages; null when they are none, or what they show cannot be shown.</summary>
    internal static ImagePreview? Of(IReadOnlyList<ReadOnlyMemory<byte>> stages)
    {
        if (stages.Count == 0)
        {
            return null;
        }

        try
        {
            return new ImagePreview(StagedFile.Read(stages).Preview(ImageLimits.Default));
        }
        catch (ImageException)
        {
            // What is damaged is found out when the whole has come.
            return null;
        }
    }

    /// <summary>No patient data in logs.</summary>
    public override string ToString() => File.ToString();
}
