using System.Runtime.InteropServices;
using Panal.Dicom;
using SkiaSharp;

namespace Panal.Imaging.Rendering.Output;

/// <summary>Draws the graphics of a presentation state in the shade of their layer: points, lines, circles and ellipses. PS3.3 §C.10.5.</summary>
internal static class Drawing
{
    /// <summary>Most points of one graphic object.</summary>
    private const int PointLimit = 100_000;

    private const float PointRadius = 1.5f;

    /// <summary>Draws the graphic objects in coordinates of the image over an image, or those in coordinates of the display over what is displayed.</summary>
    /// <param name="target">The image before it is turned, or what is displayed.</param>
    /// <param name="annotations">Items of the Graphic Annotation Sequence, each with the shade of its layer.</param>
    /// <param name="isDisplay">Which objects are meant.</param>
    internal static void Draw(RenderedFrame target, IEnumerable<(DataSet Annotation, byte Grey)> annotations, bool isDisplay)
    {
        // The middle of the first pixel is 1\1 in the standard and 0.5\0.5 on a canvas; a display is as wide and as high as 1.
        var toCanvas = isDisplay ? SKMatrix.CreateScale(target.Width, target.Height) : SKMatrix.CreateTranslation(-0.5f, -0.5f);
        foreach (var (annotation, grey) in annotations)
        {
            var objects = annotation.GetSequence(Tags.GraphicObjectSequence).Where(one => one.GetString(Tags.GraphicAnnotationUnits) == "DISPLAY" == isDisplay).ToArray();
            if (objects.Length > 0)
            {
                Paint(target, grey, (canvas, paint) =>
                {
                    foreach (var one in objects)
                    {
                        Draw(canvas, paint, one, toCanvas);
                    }
                });
            }
        }
    }

    /// <summary>Draws a line between two points, in pixels from the corner of the frame.</summary>
    internal static void DrawLine(RenderedFrame target, SKPoint from, SKPoint to, byte grey) => Paint(target, grey, (canvas, paint) => canvas.DrawLine(from, to, paint));

    private static void Paint(RenderedFrame target, byte grey, Action<SKCanvas, SKPaint> draw)
    {
        using var mask = new SKBitmap(new SKImageInfo(target.Width, target.Height, SKColorType.Gray8, SKAlphaType.Opaque));
        using (var canvas = new SKCanvas(mask))
        using (var paint = new SKPaint { Color = SKColors.White, IsAntialias = true, StrokeWidth = 1 })
        {
            canvas.Clear(SKColors.Black);
            draw(canvas, paint);
        }

        Blend(target, mask, grey);
    }

    private static void Draw(SKCanvas canvas, SKPaint paint, DataSet graphic, SKMatrix toCanvas)
    {
        var points = toCanvas.MapPoints(Points(graphic));
        var isFilled = graphic.GetString(Tags.GraphicFilled) == "Y";
        paint.Style = isFilled ? SKPaintStyle.StrokeAndFill : SKPaintStyle.Stroke;
        switch (graphic.GetString(Tags.GraphicType))
        {
            case "POINT" when points.Length >= 1:
                paint.Style = SKPaintStyle.Fill;
                canvas.DrawCircle(points[0], PointRadius, paint);
                break;
            case "POLYLINE" or "INTERPOLATED" when points.Length >= 2:
                using (var path = new SKPathBuilder())
                {
                    path.AddPoly(points, close: false);
                    using var line = path.Detach();
                    canvas.DrawPath(line, paint);
                }

                break;
            case "CIRCLE" when points.Length >= 2:
                canvas.DrawCircle(points[0], SKPoint.Distance(points[0], points[1]), paint);
                break;
            case "ELLIPSE" when points.Length >= 4:
                DrawEllipse(canvas, paint, points);
                break;
        }
    }

    /// <summary>The ends of the major axis, then those of the minor one.</summary>
    private static void DrawEllipse(SKCanvas canvas, SKPaint paint, SKPoint[] ends)
    {
        var center = new SKPoint((ends[0].X + ends[1].X) / 2, (ends[0].Y + ends[1].Y) / 2);
        var (dx, dy) = (ends[1].X - ends[0].X, ends[1].Y - ends[0].Y);
        canvas.Save();
        canvas.RotateDegrees((float)(Math.Atan2(dy, dx) * 180 / Math.PI), center.X, center.Y);
        canvas.DrawOval(center.X, center.Y, SKPoint.Distance(ends[0], ends[1]) / 2, SKPoint.Distance(ends[2], ends[3]) / 2, paint);
        canvas.Restore();
    }

    private static SKPoint[] Points(DataSet graphic)
    {
        graphic.TryGet(Tags.GraphicData, out var data);
        var numbers = MemoryMarshal.Cast<byte, float>(data.Value.Span);
        var points = new SKPoint[Math.Min(numbers.Length / 2, PointLimit)];
        for (var i = 0; i < points.Length; i++)
        {
            points[i] = new SKPoint(numbers[2 * i], numbers[(2 * i) + 1]);
        }

        return points;
    }

    private static void Blend(RenderedFrame target, SKBitmap mask, byte grey)
    {
        var covered = mask.GetPixelSpan();
        for (var row = 0; row < target.Height; row++)
        {
            for (var column = 0; column < target.Width; column++)
            {
                int share = covered[(row * mask.RowBytes) + column];
                var pixel = target.Samples.AsSpan(((row * target.Width) + column) * target.Channels, target.Channels);
                for (var channel = 0; share > 0 && channel < pixel.Length; channel++)
                {
                    pixel[channel] = (byte)(pixel[channel] + ((grey - pixel[channel]) * share / 255));
                }
            }
        }
    }
}
