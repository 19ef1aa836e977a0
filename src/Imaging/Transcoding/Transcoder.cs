using Panal.Dicom;
using Panal.Imaging.Frames;

namespace Panal.Imaging.Transcoding;

/// <summary>
/// Puts images into another transfer syntax without loss: as stored first, then between uncompressed ones, then compressed
/// without loss, uncompressed last. Lossy syntaxes are read, never written.
/// </summary>
/// <remarks>PS3.5 §8.2, §A.4; PS3.3 §C.7.6.3.</remarks>
public static class Transcoder
{
    private static readonly string[] Plain =
        [Uids.ExplicitVRLittleEndian, Uids.ImplicitVRLittleEndian, Uids.DeflatedExplicitVRLittleEndian, Uids.ExplicitVRBigEndian];

    /// <summary>The syntaxes that images are compressed in, the preferred one first.</summary>
    public static IReadOnlyList<TransferSyntax> Lossless { get; } =
        [.. FrameCodec.All.Where(codec => codec.Encoder is not null).Select(codec => codec.Syntax)];

    /// <summary>The compressed syntaxes that are read.</summary>
    public static IReadOnlyList<TransferSyntax> Decoded { get; } = [.. FrameCodec.All.Select(codec => codec.Syntax)];

    /// <summary>Whether a stored image of one syntax can be given in another, as far as the syntaxes tell.</summary>
    public static bool CanTranscode(TransferSyntax from, TransferSyntax to)
    {
        if (TransferSyntaxConverter.CanConvert(from, to))
        {
            return true;
        }

        var isRead = from.Uid is Uids.ExplicitVRLittleEndian or Uids.ImplicitVRLittleEndian || FrameCodec.Find(from) is not null;
        return isRead && (Plain.Contains(to.Uid) || FrameCodec.Find(to)?.Encoder is not null);
    }

    /// <summary>What a stored image can be given as, of what a receiver accepts; the best first.</summary>
    public static IEnumerable<TransferSyntax> Choices(TransferSyntax stored, IReadOnlyCollection<string> acceptedUids)
    {
        var plain = Plain.Select(TransferSyntax.ForUid);
        return new[] { stored }
            .Concat(stored.IsEncapsulated ? Lossless.Concat(plain) : plain.Concat(Lossless))
            .Where(syntax => acceptedUids.Contains(syntax.Uid) && CanTranscode(stored, syntax))
            .DistinctBy(syntax => syntax.Uid);
    }

    /// <summary>
    /// Opens a data set in another transfer syntax. The first frame is transcoded at once, so that what cannot be transcoded is
    /// known before anything is sent.
    /// </summary>
    /// <param name="dataSet">The stored data set, standing at its first element; it can seek. Owned by the result, closed with it; on an exception closed too.</param>
    /// <param name="from">How it is stored.</param>
    /// <param name="to">How it is wanted.</param>
    /// <param name="limits">What is taken at most.</param>
    /// <exception cref="ImageException">It is damaged, beyond a limit, or cannot be put into that syntax.</exception>
    public static Stream Open(Stream dataSet, TransferSyntax from, TransferSyntax to, ImageLimits limits)
    {
        ArgumentNullException.ThrowIfNull(dataSet);
        if (TransferSyntaxConverter.CanConvert(from, to))
        {
            return from.Uid == to.Uid ? dataSet : new ConvertingStream(dataSet, from, to);
        }

        try
        {
            if (!CanTranscode(from, to))
            {
                throw new ImageException(ImageFault.Unsupported, $"{from.Name} is not transcoded to {to.Name}.");
            }

            var isDirect = to.Uid is Uids.ExplicitVRLittleEndian or Uids.ImplicitVRLittleEndian || to.IsEncapsulated;
            var target = isDirect ? to : TransferSyntax.ExplicitVrLittleEndian;
            var transcoded = new TranscodedStream(dataSet, StoredImage.Read(dataSet, from, limits), target, limits);
            return isDirect ? transcoded : new ConvertingStream(transcoded, target, to);
        }
        catch
        {
            dataSet.Dispose();
            throw;
        }
    }
}
