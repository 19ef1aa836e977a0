using Panal.Dicom;

namespace Panal.Imaging.Rendering.Presentation;

/// <summary>What is left visible of a frame: all shapes together, nothing outside any of them. PS3.3 §C.7.6.11.</summary>
internal sealed class Shutter
{
    /// <summary>Most corners of a polygon; each pixel is held against each.</summary>
    private const int CornerLimit = 1024;

    private readonly byte _grey;
    private readonly List<Func<int, int, bool>> _shapes = [];

    private Shutter(byte grey) => _grey = grey;

    /// <summary>Reads the module; null when a data set has none.</summary>
    internal static Shutter? Read(DataSet dataSet)
    {
        // A P-Value of 16 bits.
        var shutter = new Shutter((byte)((dataSet.GetUInt16(Tags.ShutterPresentationValue) ?? 0) >> 8));
        foreach (var shape in dataSet.GetStrings(Tags.ShutterShape))
        {
            if (Shape(dataSet, shape) is { } covers)
            {
                shutter._shapes.Add(covers);
            }
        }

        return shutter._shapes.Count > 0 ? shutter : null;
    }

    /// <summary>Paints all that is not visible.</summary>
    internal void Cover(RenderedFrame target)
    {
        for (var row = 0; row < target.Height; row++)
        {
            for (var column = 0; column < target.Width; column++)
            {
                foreach (var isVisible in _shapes)
                {
                    if (!isVisible(column + 1, row + 1))
                    {
                        target.Paint(column, row, _grey);
                        break;
                    }
                }
            }
        }
    }

    private static Func<int, int, bool>? Shape(DataSet dataSet, string shape)
    {
        int Number(Tag tag, int otherwise) => dataSet.GetInt32(tag) ?? otherwise;
        switch (shape)
        {
            case "RECTANGULAR":
                var (left, right) = (Number(Tags.ShutterLeftVerticalEdge, int.MinValue), Number(Tags.ShutterRightVerticalEdge, int.MaxValue));
                var (top, bottom) = (Number(Tags.ShutterUpperHorizontalEdge, int.MinValue), Number(Tags.ShutterLowerHorizontalEdge, int.MaxValue));
                return (column, row) => column >= left && column <= right && row >= top && row <= bottom;
            case "CIRCULAR" when Numbers(dataSet, Tags.CenterOfCircularShutter) is [var centerRow, var centerColumn, ..]:
                var radius = Number(Tags.RadiusOfCircularShutter, 0);
                return (column, row) => Square(column - centerColumn) + Square(row - centerRow) <= Square(radius);
            case "POLYGONAL" when Numbers(dataSet, Tags.VerticesOfThePolygonalShutter) is { Length: >= 6 and <= 2 * CornerLimit } corners:
                return (column, row) => IsWithin(corners, column, row);
            default:
                return null;
        }
    }

    private static double Square(double number) => number * number;

    private static double[] Numbers(DataSet dataSet, Tag tag) =>
        [.. dataSet.GetStrings(tag).Select(text => double.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : 0)];

    /// <summary>Whether a ray to the right crosses the border an odd number of times. Corners are row and column in turn.</summary>
    private static bool IsWithin(double[] corners, double column, double row)
    {
        var isWithin = false;
        var count = corners.Length / 2;
        for (int i = 0, before = count - 1; i < count; before = i++)
        {
            var (y, x, otherY, otherX) = (corners[2 * i], corners[(2 * i) + 1], corners[2 * before], corners[(2 * before) + 1]);
            if (y > row != otherY > row && column < ((otherX - x) * (row - y) / (otherY - y)) + x)
            {
                isWithin = !isWithin;
            }
        }

        return isWithin;
    }
}
