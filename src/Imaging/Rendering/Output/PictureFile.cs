using SkiaSharp;

namespace Panal.Imaging.Rendering.Output;

/// <summary>The file formats that rendered frames are given in.</summary>
public enum PictureFormat
{
    /// <summary>JPEG, with loss (T.81).</summary>
    Jpeg,

    /// <summary>PNG, without loss (ISO/IEC 15948).</summary>
    Png,
}

/// <summary>Files of rendered frames.</summary>
public static class PictureFile
{
    /// <summary>The quality of JPEG that cannot be told from the original at reading distance.</summary>
    public const int DefaultQuality = 92;

    /// <summary>Encodes a frame; grey ones stay grey.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="format">The format.</param>
    /// <param name="quality">Of JPEG, 1 to 100.</param>
    /// <exception cref="ImageException">The frame is larger than the format allows.</exception>
    public static unsafe byte[] Encode(RenderedFrame frame, PictureFormat format, int quality)
    {
        ArgumentNullException.ThrowIfNull(frame);
        ArgumentOutOfRangeException.ThrowIfLessThan(quality, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(quality, 100);
        var (type, bytesPerPixel) = frame.Channels == 1 ? (SKColorType.Gray8, 1) : (SKColorType.Rgb888x, 4);
        var pixels = frame.Channels == 1 ? frame.Samples : Widen(frame.Samples);
        fixed (byte* first = pixels)
        {
            using var map = new SKPixmap(
                new SKImageInfo(frame.Width, frame.Height, type, SKAlphaType.Opaque), (nint)first, frame.Width * bytesPerPixel);
            using var data = format == PictureFormat.Png
                ? map.Encode(new SKPngEncoderOptions(SKPngEncoderFilterFlags.Sub | SKPngEncoderFilterFlags.Up, zLibLevel: 3))
                : map.Encode(new SKJpegEncoderOptions(quality));
            return data?.ToArray() ?? throw new ImageException(ImageFault.LimitExceeded, $"A picture of {frame.Width} x {frame.Height} pixels cannot be encoded.");
        }
    }

    /// <summary>Red, green, blue and a byte that counts for nothing.</summary>
    private static byte[] Widen(byte[] colours)
    {
        var wide = new byte[colours.Length / 3 * 4];
        for (int from = 0, to = 0; from < colours.Length; from += 3, to += 4)
        {
            wide[to] = colours[from];
            wide[to + 1] = colours[from + 1];
            wide[to + 2] = colours[from + 2];
        }

        return wide;
    }
}
