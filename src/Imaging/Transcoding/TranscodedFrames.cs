using Panal.Codecs;
using Panal.Dicom;
using Panal.Imaging.Frames;
using Panal.Imaging.Rendering;

namespace Panal.Imaging.Transcoding;

/// <summary>Single frames of a stored image in another transfer syntax: those that the whole image would have there.</summary>
public sealed class TranscodedFrames : IDisposable
{
    private readonly StoredImage _image;
    private readonly ImageLimits _limits;
    private readonly FrameTranscoder _transcoder;

    /// <param name="image">The image; its stream is read, its attributes become those of the target.</param>
    /// <param name="to">How its frames are wanted; not deflated and not big endian.</param>
    /// <param name="limits">What is taken at most.</param>
    /// <exception cref="ImageException">It has no pixels, or cannot be put into that syntax.</exception>
    public TranscodedFrames(StoredImage image, TransferSyntax to, ImageLimits limits)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(to);
        ArgumentNullException.ThrowIfNull(limits);
        (_image, _limits) = (image, limits);
        var pixels = image.Pixels ?? throw new ImageException(ImageFault.Unsupported, "There is no pixel data.");
        var source = image.IsEncapsulated ? FrameCodec.Find(image.Syntax) : null;
        var target = FrameCodec.Find(to);
        if ((image.IsEncapsulated && source is null) || (to.IsEncapsulated && target?.Encoder is null))
        {
            throw new ImageException(ImageFault.Unsupported, $"{image.Syntax.Name} is not transcoded to {to.Name}.");
        }

        try
        {
            var becomesRgb = TargetAttributes.BecomesRgb(pixels, source);
            TargetAttributes.Change(image, pixels, source, to);
            _transcoder = new FrameTranscoder(
                pixels, source, target?.EncoderFor(image.Attributes.GetString(Tags.PhotometricInterpretation)), becomesRgb, limits);
        }
        catch (CodecException e)
        {
            throw ImageException.Of(e);
        }
    }

    /// <summary>Frames that there are.</summary>
    public int Count => _image.Pixels!.Frames;

    /// <summary>One frame in the new syntax, without padding.</summary>
    /// <param name="frame">The frame, from 0.</param>
    /// <exception cref="ImageException">It is damaged or beyond a limit.</exception>
    public byte[] Read(int frame)
    {
        try
        {
            return _transcoder.Transcode(DecodedFrame.ReadFragments(_image, _image.FragmentsOf(frame), _limits)).ToArray();
        }
        catch (CodecException e)
        {
            throw ImageException.Of(e);
        }
        catch (EndOfStreamException e)
        {
            throw new ImageException(ImageFault.Damaged, $"Frame {frame} is cut.", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _transcoder.Dispose();
}
