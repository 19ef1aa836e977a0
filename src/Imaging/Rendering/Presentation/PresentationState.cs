using Panal.Dicom;

namespace Panal.Imaging.Rendering.Presentation;

/// <summary>An image that a presentation state is made for.</summary>
/// <param name="SopClassUid">Its SOP Class UID.</param>
/// <param name="SopInstanceUid">Its SOP Instance UID.</param>
/// <param name="SeriesInstanceUid">Its series.</param>
/// <param name="Frames">Its frames, from 1; empty for all.</param>
public sealed record PresentedImage(string SopClassUid, string SopInstanceUid, string SeriesInstanceUid, IReadOnlyList<int> Frames);

/// <summary>A grayscale softcopy presentation state: how somebody has seen images, to be seen so again. PS3.3 §A.33.1; PS3.4 §N.2.</summary>
public sealed class PresentationState
{
    private readonly DataSet _dataSet;

    private PresentationState(DataSet dataSet, IReadOnlyList<PresentedImage> images) => (_dataSet, Images) = (dataSet, images);

    /// <summary>The images that it is made for; at least one.</summary>
    public IReadOnlyList<PresentedImage> Images { get; }

    /// <summary>Whether a SOP class is one of those that are read.</summary>
    public static bool IsOne(string sopClassUid) => sopClassUid == Uids.GrayscaleSoftcopyPresentationStateStorage;

    /// <summary>Reads a state.</summary>
    /// <exception cref="ImageException">It refers to no image.</exception>
    public static PresentationState Read(DataSet dataSet)
    {
        ArgumentNullException.ThrowIfNull(dataSet);
        try
        {
            List<PresentedImage> images = [];
            foreach (var series in dataSet.GetSequence(Tags.ReferencedSeriesSequence))
            {
                images.AddRange(References(series).Select(image => image with { SeriesInstanceUid = series.GetString(Tags.SeriesInstanceUID) ?? "" }));
            }

            return images.Count > 0
                ? new PresentationState(dataSet, images)
                : throw new ImageException(ImageFault.Damaged, "The presentation state refers to no image.");
        }
        catch (DicomFormatException e)
        {
            throw new ImageException(ImageFault.Damaged, e.Message, e);
        }
    }

    /// <summary>What it says of one frame, counted from 0.</summary>
    internal PresentedFrame Of(string sopInstanceUid, int frame) => new(
        _dataSet,
        ItemFor(Tags.SoftcopyVOILUTSequence, sopInstanceUid, frame),
        ItemFor(Tags.DisplayedAreaSelectionSequence, sopInstanceUid, frame),
        [.. _dataSet.GetSequence(Tags.GraphicAnnotationSequence).Where(item => IsMeant(item, sopInstanceUid, frame))]);

    private DataSet? ItemFor(Tag sequence, string sopInstanceUid, int frame) =>
        _dataSet.GetSequence(sequence).FirstOrDefault(item => IsMeant(item, sopInstanceUid, frame));

    /// <summary>An item that names no image is for all.</summary>
    private static bool IsMeant(DataSet item, string sopInstanceUid, int frame)
    {
        var images = References(item).ToArray();
        return images.Length == 0 || images.Any(image =>
            image.SopInstanceUid == sopInstanceUid && (image.Frames.Count == 0 || image.Frames.Contains(frame + 1)));
    }

    private static IEnumerable<PresentedImage> References(DataSet item) => item.GetSequence(Tags.ReferencedImageSequence).Select(image => new PresentedImage(
        image.GetString(Tags.ReferencedSOPClassUID) ?? "",
        image.GetString(Tags.ReferencedSOPInstanceUID) ?? "",
        "",
        [.. image.GetStrings(Tags.ReferencedFrameNumber).Select(text => int.TryParse(text, out var number) ? number : 0).Where(number => number > 0)]));
}
