using SkiaSharp;

namespace Panal.Imaging.Rendering.Presentation;

/// <summary>Where a frame stands on the display: a part of it, turned, then mirrored. PS3.3 §C.10.4, §C.10.6.</summary>
/// <param name="Left">First column of the part, from 0.</param>
/// <param name="Top">First row of the part, from 0.</param>
/// <param name="Width">Columns of the part.</param>
/// <param name="Height">Rows of the part.</param>
/// <param name="Quarters">Turns of 90 degrees clockwise.</param>
/// <param name="IsMirrored">Left and right are exchanged after that.</param>
internal readonly record struct Placing(int Left, int Top, int Width, int Height, int Quarters, bool IsMirrored)
{
    /// <summary>Where a point of the image, whose first pixel has its middle at 1\1, lies on the display, whose first pixel begins at 0\0.</summary>
    internal SKPoint Map(SKPoint point)
    {
        var (x, y, width, height) = (point.X - 0.5f - Left, point.Y - 0.5f - Top, (float)Width, (float)Height);
        for (var quarter = 0; quarter < Quarters; quarter++)
        {
            (x, y, width, height) = (height - y, x, height, width);
        }

        return new SKPoint(IsMirrored ? width - x : x, y);
    }
}
