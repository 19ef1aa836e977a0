using Panal.Codecs;
using Panal.Dicom;
using Panal.Imaging.Frames;
using Panal.Imaging.Transcoding;

namespace Panal.Imaging.Rendering;

/// <summary>One frame of a stored image, not compressed any more.</summary>
/// <param name="Samples">The samples, as <paramref name="Pixels"/> says.</param>
/// <param name="Pixels">What they are.</param>
/// <param name="IsSubsampled">Two pixels share their colour.</param>
/// <param name="FirstBit">Where the frame begins, in images of one bit.</param>
/// <param name="HasUnusedBits">Bits beyond the stored ones are as they came.</param>
internal sealed record DecodedFrame(byte[] Samples, PixelDescription Pixels, bool IsSubsampled, int FirstBit, bool HasUnusedBits)
{
    private const int BitsPerByte = 8;

    /// <summary>Reads and decodes a frame.</summary>
    /// <param name="image">The image; its stream is read.</param>
    /// <param name="frame">The frame, from 0.</param>
    /// <param name="limits">What is taken at most.</param>
    /// <exception cref="ImageException">The frame is damaged, beyond a limit or in a syntax that is not decoded.</exception>
    internal static DecodedFrame Read(StoredImage image, int frame, ImageLimits limits)
    {
        var pixels = image.Pixels ?? throw new ImageException(ImageFault.Unsupported, "There is no pixel data.");
        try
        {
            if (image.IsEncapsulated)
            {
                return Decode(image, pixels, frame, limits);
            }

            if (pixels.BitsAllocated == 1)
            {
                return ReadBits(image, pixels, frame);
            }

            return new DecodedFrame(ReadFragments(image, image.FragmentsOf(frame), limits), pixels, image.IsSubsampled, 0, HasUnusedBits: true);
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

    private static DecodedFrame Decode(StoredImage image, PixelDescription pixels, int frame, ImageLimits limits)
    {
        var codec = FrameCodec.Find(image.Syntax) ?? throw new ImageException(ImageFault.Unsupported, $"{image.Syntax.Name} is not decoded.");
        var encoded = ReadFragments(image, image.FragmentsOf(frame), limits);
        var layout = pixels.Layout with { IsPlanar = false };
        var samples = new byte[layout.LengthBytes];
        var decoder = codec.DecoderFor(pixels);
        decoder.Decode(encoded, layout, samples, limits.Codec);

        // What has no header of its own keeps all bits; others keep those that it names.
        var hasUnusedBits = decoder.ReadLayout(encoded, limits.Codec) is not { } coded || coded.BitsStored > pixels.BitsStored;
        return new DecodedFrame(samples, pixels with { IsPlanar = false }, IsSubsampled: false, 0, hasUnusedBits);
    }

    /// <summary>Frames of one bit follow each other without a gap, even within a byte (PS3.5 §8.1.1).</summary>
    private static DecodedFrame ReadBits(StoredImage image, PixelDescription pixels, int frame)
    {
        var count = (long)pixels.Columns * pixels.Rows * pixels.SamplesPerPixel;
        var first = frame * count;
        var samples = new byte[((first % BitsPerByte) + count + BitsPerByte - 1) / BitsPerByte];
        image.Bytes.Position = image.FragmentsOf(0)[0].Offset + (first / BitsPerByte);
        image.Bytes.ReadExactly(samples);
        return new DecodedFrame(samples, pixels, IsSubsampled: false, (int)(first % BitsPerByte), HasUnusedBits: false);
    }

    /// <summary>The bytes of a frame as it is stored.</summary>
    internal static byte[] ReadFragments(StoredImage image, IReadOnlyList<Fragment> fragments, ImageLimits limits)
    {
        var length = fragments.Sum(fragment => (long)fragment.LengthBytes);
        if (length > limits.EncodedFrameLengthBytes)
        {
            throw new ImageException(ImageFault.LimitExceeded, $"A frame of {length} bytes.");
        }

        var bytes = new byte[length];
        var at = 0;
        foreach (var fragment in fragments)
        {
            image.Bytes.Position = fragment.Offset;
            image.Bytes.ReadExactly(bytes, at, fragment.LengthBytes);
            at += fragment.LengthBytes;
        }

        return bytes;
    }
}
