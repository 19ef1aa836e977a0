using System.Runtime.InteropServices;
using Panal.Dicom;
using Panal.Imaging.Rendering.Output;
using SkiaSharp;

namespace Panal.Imaging.Rendering.Presentation;

/// <summary>Writes the texts of a presentation state upright over a frame that stands as it is displayed. PS3.3 §C.10.5.1.</summary>
internal static class TextObjects
{
    /// <summary>Most texts of a frame, and characters and lines of a text: more cannot be read on one image.</summary>
    private const int TextLimit = 256, CharacterLimit = 1024, LineLimit = 32;

    /// <summary>Lines of text that fill the height of a frame, at the smallest and the largest size.</summary>
    private const int SmallestLines = 56, LargestLines = 14;

    /// <param name="target">The frame as it is displayed.</param>
    /// <param name="placing">How it came to stand so.</param>
    /// <param name="annotations">Items of the Graphic Annotation Sequence, each with the shade of its layer.</param>
    internal static void Write(RenderedFrame target, Placing placing, IEnumerable<(DataSet Annotation, byte Grey)> annotations)
    {
        foreach (var (text, grey) in annotations.SelectMany(one => one.Annotation.GetSequence(Tags.TextObjectSequence).Select(text => (text, one.Grey))).Take(TextLimit))
        {
            Write(target, placing, text, grey);
        }
    }

    private static void Write(RenderedFrame target, Placing placing, DataSet text, byte grey)
    {
        var value = text.GetString(Tags.UnformattedTextValue) ?? "";
        string[] lines =
        [
            .. value[..Math.Min(value.Length, CharacterLimit)].Split(["\r\n", "\n", "\r", "\f"], StringSplitOptions.None).Take(LineLimit).Select(Lettering.Simplify),
        ];
        var longest = lines.Max(static line => line.Length);
        if (longest == 0)
        {
            return;
        }

        var smallest = Math.Max(1, target.Height / (SmallestLines * Lettering.LineDots));
        var anchor = Point(text, Tags.AnchorPoint, Tags.AnchorPointAnnotationUnits, placing, target);
        if (Point(text, Tags.BoundingBoxTopLeftHandCorner, Tags.BoundingBoxAnnotationUnits, placing, target) is { } corner
            && Point(text, Tags.BoundingBoxBottomRightHandCorner, Tags.BoundingBoxAnnotationUnits, placing, target) is { } other)
        {
            // A turned image turns the corners with it; the text stays upright.
            var box = new SKRect(Math.Min(corner.X, other.X), Math.Min(corner.Y, other.Y), Math.Max(corner.X, other.X), Math.Max(corner.Y, other.Y));
            var largest = Math.Max(smallest, target.Height / (LargestLines * Lettering.LineDots));
            var fitting = Math.Min(box.Width / (longest * Lettering.AdvanceDots), box.Height / (lines.Length * Lettering.LineDots));
            var scale = Math.Clamp((int)fitting, smallest, largest);
            if (anchor is { } visible && text.GetString(Tags.AnchorPointVisibility) == "Y")
            {
                Drawing.DrawLine(target, visible, new SKPoint(Math.Clamp(visible.X, box.Left, box.Right), Math.Clamp(visible.Y, box.Top, box.Bottom)), grey);
            }

            WriteLines(target, lines, box, text.GetString(Tags.BoundingBoxTextHorizontalJustification), scale, grey);
        }
        else if (anchor is { } at)
        {
            WriteLines(target, lines, new SKRect(at.X, at.Y, at.X, at.Y), "LEFT", smallest, grey);
        }
    }

    private static void WriteLines(RenderedFrame target, string[] lines, SKRect box, string? justification, int scale, byte grey)
    {
        for (var index = 0; index < lines.Length; index++)
        {
            var rest = box.Width - (lines[index].Length * Lettering.AdvanceDots * scale);
            var left = box.Left + (rest <= 0 ? 0 : justification switch { "RIGHT" => rest, "CENTER" => rest / 2, _ => 0 });
            Lettering.Write(target, lines[index], (int)left, (int)box.Top + (index * Lettering.LineDots * scale), scale, grey);
        }
    }

    /// <summary>A point on the display; null when the text has none, or one far outside.</summary>
    private static SKPoint? Point(DataSet text, Tag tag, Tag units, Placing placing, RenderedFrame target)
    {
        text.TryGet(tag, out var element);
        var numbers = MemoryMarshal.Cast<byte, float>(element.Value.Span);
        if (numbers.Length < 2)
        {
            return null;
        }

        var point = new SKPoint(numbers[0], numbers[1]);
        point = text.GetString(units) == "DISPLAY" ? new SKPoint(point.X * target.Width, point.Y * target.Height) : placing.Map(point);
        return Math.Abs(point.X) <= ushort.MaxValue && Math.Abs(point.Y) <= ushort.MaxValue ? point : null;
    }
}
