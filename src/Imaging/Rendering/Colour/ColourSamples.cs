using System.Buffers.Binary;
using Panal.Imaging.Frames;
using Panal.Imaging.Transcoding;

namespace Panal.Imaging.Rendering.Colour;

/// <summary>Frames of three samples a pixel as RGB of 8 bits. PS3.3 §C.7.6.3.1.2.</summary>
internal static class ColourSamples
{
    /// <summary>Turns the samples of a frame into RGB.</summary>
    /// <param name="samples">The frame; not compressed.</param>
    /// <param name="pixels">What they are.</param>
    /// <param name="photometric">The colour space that the samples are in, which decoders may have changed.</param>
    /// <param name="isSubsampled">Two pixels share their colour: Y1 Y2 Cb Cr (YBR_FULL_422).</param>
    /// <exception cref="ImageException">The colour space is not known.</exception>
    internal static RenderedFrame ToRgb(ReadOnlySpan<byte> samples, PixelDescription pixels, string photometric, bool isSubsampled)
    {
        var frame = RenderedFrame.Black(pixels.Columns, pixels.Rows, 3);
        if (isSubsampled)
        {
            Spread(samples, frame, pixels);
        }
        else
        {
            Gather(samples, frame, pixels);
        }

        switch (photometric)
        {
            case "RGB" or "YBR_RCT" or "YBR_ICT" or "":
                break;
            case "YBR_FULL" or "YBR_FULL_422":
                Colours.ToRgb(frame.Samples);
                break;
            case "YBR_PARTIAL_422" or "YBR_PARTIAL_420":
                PartialToRgb(frame.Samples);
                break;
            default:
                throw new ImageException(ImageFault.Unsupported, "The colour space is not rendered.");
        }

        return frame;
    }

    /// <summary>Samples of a pixel side by side, or each component by itself.</summary>
    private static void Gather(ReadOnlySpan<byte> samples, RenderedFrame frame, PixelDescription pixels)
    {
        var count = pixels.Columns * pixels.Rows;
        var target = frame.Samples;
        if (pixels is { BitsAllocated: 8, BitsStored: 8, IsPlanar: false })
        {
            samples[..target.Length].CopyTo(target);
            return;
        }

        for (var component = 0; component < 3; component++)
        {
            var (at, step) = pixels.IsPlanar ? (component * count, 1) : (component, 3);
            for (var i = 0; i < count; i++, at += step)
            {
                target[(3 * i) + component] = Eight(samples, at, pixels);
            }
        }
    }

    private static void Spread(ReadOnlySpan<byte> samples, RenderedFrame frame, PixelDescription pixels)
    {
        var target = frame.Samples;
        for (var i = 0; i < target.Length / 3; i++)
        {
            var pair = 4 * (i / 2);
            target[3 * i] = Eight(samples, pair + (i & 1), pixels);
            target[(3 * i) + 1] = Eight(samples, pair + 2, pixels);
            target[(3 * i) + 2] = Eight(samples, pair + 3, pixels);
        }
    }

    /// <summary>The highest eight of the stored bits.</summary>
    private static byte Eight(ReadOnlySpan<byte> samples, int index, PixelDescription pixels)
    {
        var sample = pixels.BitsAllocated switch
        {
            8 => samples[index],
            16 => BinaryPrimitives.ReadUInt16LittleEndian(samples[(2 * index)..]),
            _ => BinaryPrimitives.ReadUInt32LittleEndian(samples[(4 * index)..]),
        };
        var meant = sample << (31 - pixels.HighBit) >> (32 - pixels.BitsStored);
        return (byte)(pixels.BitsStored >= 8 ? meant >> (pixels.BitsStored - 8) : meant * 255 / ((1u << pixels.BitsStored) - 1));
    }

    /// <summary>YCbCr of the range of studios: black is 16, white 235 (PS3.3 §C.7.6.3.1.2).</summary>
    private static void PartialToRgb(Span<byte> samples)
    {
        for (var i = 0; i + 2 < samples.Length; i += 3)
        {
            var (y, cb, cr) = (1.1644 * (samples[i] - 16), samples[i + 1] - 128, samples[i + 2] - 128);
            samples[i] = Clamp(y + (1.5960 * cr));
            samples[i + 1] = Clamp(y - (0.3917 * cb) - (0.8130 * cr));
            samples[i + 2] = Clamp(y + (2.0173 * cb));
        }
    }

    private static byte Clamp(double value) => (byte)Math.Clamp(Math.Round(value), 0, 255);
}
