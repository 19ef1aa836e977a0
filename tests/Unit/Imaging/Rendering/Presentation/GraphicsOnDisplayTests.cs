using Panal.Dicom;
using Panal.Imaging.Rendering;
using Panal.Imaging.Rendering.Presentation;

namespace Panal.Unit.Imaging.Rendering.Presentation;

/// <summary>
/// No foreign program at hand draws the graphics of presentation states. So they are held against what PS3.3 says: each pixel of the display is led back to where it is
/// in the image (§C.10.4, §C.10.6), and its distance from the curve (§C.10.5) tells whether it must be lit or dark.
/// </summary>
public sealed class GraphicsOnDisplayTests
{
    private const int Columns = 64, Rows = 48, Left = 5, Top = 3, Right = 60, Bottom = 44;

    /// <summary>In pixels: a line one pixel wide covers half or more of what is nearer, some at its ends, and nothing of what is farther.</summary>
    private const double Lit = 0.2, Dark = 1.3;

    public static TheoryData<string, bool, float[]> Graphics => new()
    {
        { "POLYLINE", false, [10, 8, 50, 8, 41, 38, 12, 30] },
        { "POLYLINE", true, [10, 8, 50, 8, 41, 38, 12, 30, 10, 8] },
        { "INTERPOLATED", false, [8, 40, 30, 12, 55, 35] },
        { "CIRCLE", false, [30, 24, 41, 30] },
        { "CIRCLE", true, [22, 20, 22, 29] },
        { "ELLIPSE", false, [12, 14, 48, 34, 35, 15, 25, 33] },
        { "ELLIPSE", true, [30, 6, 30, 40, 22, 23, 38, 23] },
    };

    [Theory]
    [MemberData(nameof(Graphics))]
    public void Each_curve_lies_where_the_standard_puts_it_however_the_image_is_turned(string type, bool isFilled, float[] points)
    {
        foreach (var (quarters, isMirrored) in from quarters in Enumerable.Range(0, 4) from isMirrored in new[] { false, true } select (quarters, isMirrored))
        {
            var (pixels, width, height) = Render(State(type, isFilled, "PIXEL", points, quarters, isMirrored), quarters);
            var (lit, dark) = (0, 0);
            for (var y = 0; y < height; y++)
            {
                for (var x = 0; x < width; x++)
                {
                    var (column, row) = InImage(x, y, width, quarters, isMirrored);
                    Check(pixels[(y * width) + x], Distance(type, isFilled, points, column, row), ref lit, ref dark);
                }
            }

            Assert.True(lit > 15 && dark > 800, $"{type} {quarters} {isMirrored}: {lit} pixels are lit and {dark} are dark for sure");
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void Curves_of_the_display_stay_where_they_are_when_the_image_is_turned(int quarters)
    {
        float[] points = [0.25f, 0.25f, 0.75f, 0.5f, 0.4f, 0.875f];
        var (pixels, width, height) = Render(State("POLYLINE", false, "DISPLAY", points, quarters, isMirrored: true), quarters);
        float[] onDisplay = [.. points.Select((value, index) => value * (index % 2 == 0 ? width : height))];
        var (lit, dark) = (0, 0);
        for (var pixel = 0; pixel < pixels.Length; pixel++)
        {
            Check(pixels[pixel], Distance("POLYLINE", false, onDisplay, (pixel % width) + 0.5, (pixel / width) + 0.5), ref lit, ref dark);
        }

        Assert.True(lit > 15 && dark > 800, $"{lit} pixels are lit and {dark} are dark for sure");
    }

    [Fact]
    public void A_point_is_a_spot_at_its_place()
    {
        var (pixels, width, height) = Render(State("POINT", false, "PIXEL", [20, 30], 1, isMirrored: false), 1);
        for (var pixel = 0; pixel < pixels.Length; pixel++)
        {
            var (column, row) = InImage(pixel % width, pixel / width, width, 1, isMirrored: false);
            var distance = Math.Sqrt(((column - 20) * (column - 20)) + ((row - 30) * (row - 30)));
            Assert.True(distance is > 0.5 and < 2.5 || (pixels[pixel] > 0) == (distance <= 0.5), $"{column}\\{row} is {pixels[pixel]}");
        }

        Assert.Equal(width * height, pixels.Length);
    }

    private static void Check(byte pixel, double distance, ref int lit, ref int dark)
    {
        if (distance <= Lit)
        {
            Assert.InRange(pixel, 64, 255);
            lit++;
        }
        else if (distance >= Dark)
        {
            Assert.Equal(0, pixel);
            dark++;
        }
    }

    /// <summary>The column and row, from 1, of the image that a pixel of the display shows: mirrored back, then turned back, then out of the displayed area.</summary>
    private static (int Column, int Row) InImage(int x, int y, int width, int quarters, bool isMirrored)
    {
        const int AreaWidth = Right - Left + 1, AreaHeight = Bottom - Top + 1;
        x = isMirrored ? width - 1 - x : x;
        var (column, row) = quarters switch
        {
            // What was turned clockwise has the bottom of its left side at the top left.
            1 => (y, AreaHeight - 1 - x),
            2 => (AreaWidth - 1 - x, AreaHeight - 1 - y),
            3 => (AreaWidth - 1 - y, x),
            _ => (x, y),
        };
        return (Left + column, Top + row);
    }

    /// <summary>How far a place is from a curve; 0 inside of one that is filled.</summary>
    private static double Distance(string type, bool isFilled, float[] points, double x, double y)
    {
        (double X, double Y)[] given = [.. points.Chunk(2).Select(static pair => ((double)pair[0], (double)pair[1]))];
        var curve = type switch
        {
            "CIRCLE" => Ellipse(given[0], (given[1].X - given[0].X, given[1].Y - given[0].Y), (given[0].Y - given[1].Y, given[1].X - given[0].X)),
            "ELLIPSE" => Ellipse(Middle(given[0], given[1]), Half(given[0], given[1]), Half(given[2], given[3])),
            _ => given,
        };
        return isFilled && IsInside(curve, x, y) ? 0 : curve.Zip(curve.Skip(1)).Min(line => FromLine(line.First, line.Second, x, y));
    }

    private static (double X, double Y) Middle((double X, double Y) one, (double X, double Y) other) => ((one.X + other.X) / 2, (one.Y + other.Y) / 2);

    private static (double X, double Y) Half((double X, double Y) one, (double X, double Y) other) => ((other.X - one.X) / 2, (other.Y - one.Y) / 2);

    private static (double X, double Y)[] Ellipse((double X, double Y) middle, (double X, double Y) major, (double X, double Y) minor) =>
    [
        .. Enumerable.Range(0, 721).Select(step => step * Math.PI / 360).Select(angle => (
            middle.X + (Math.Cos(angle) * major.X) + (Math.Sin(angle) * minor.X),
            middle.Y + (Math.Cos(angle) * major.Y) + (Math.Sin(angle) * minor.Y))),
    ];

    private static double FromLine((double X, double Y) from, (double X, double Y) to, double x, double y)
    {
        var (dx, dy) = (to.X - from.X, to.Y - from.Y);
        var along = Math.Clamp((((x - from.X) * dx) + ((y - from.Y) * dy)) / ((dx * dx) + (dy * dy)), 0, 1);
        return Math.Sqrt(Math.Pow(x - from.X - (along * dx), 2) + Math.Pow(y - from.Y - (along * dy), 2));
    }

    /// <summary>Whether a ray from the place crosses the curve an odd number of times.</summary>
    private static bool IsInside((double X, double Y)[] curve, double x, double y) => curve.Zip(curve.Skip(1)).Count(line =>
        line.First.Y > y != line.Second.Y > y && x < line.First.X + ((y - line.First.Y) * (line.Second.X - line.First.X) / (line.Second.Y - line.First.Y))) % 2 == 1;

    private static DataSet State(string type, bool isFilled, string units, float[] points, int quarters, bool isMirrored)
    {
        var image = new DataSet();
        image.Set(Tags.ReferencedSOPInstanceUID, "1.2.3");
        var series = new DataSet();
        series.SetSequence(Tags.ReferencedImageSequence, [image]);
        var graphic = new DataSet();
        graphic.Set(Tags.GraphicAnnotationUnits, units);
        graphic.Set(Tags.GraphicType, type);
        graphic.Set(Tags.GraphicFilled, isFilled ? "Y" : "N");
        graphic.SetSingle(Tags.GraphicData, points);
        var annotation = new DataSet();
        annotation.SetSequence(Tags.GraphicObjectSequence, [graphic]);
        var area = new DataSet();
        area.SetInt32(Tags.DisplayedAreaTopLeftHandCorner, Left, Top);
        area.SetInt32(Tags.DisplayedAreaBottomRightHandCorner, Right, Bottom);
        var state = new DataSet();
        state.SetSequence(Tags.ReferencedSeriesSequence, [series]);
        state.Set(Tags.PresentationLUTShape, "IDENTITY");
        state.SetSequence(Tags.GraphicAnnotationSequence, [annotation]);
        state.SetSequence(Tags.DisplayedAreaSelectionSequence, [area]);
        state.SetUInt16(Tags.ImageRotation, (ushort)(90 * quarters));
        state.Set(Tags.ImageHorizontalFlip, isMirrored ? "Y" : "N");
        return state;
    }

    private static (byte[] Pixels, int Width, int Height) Render(DataSet state, int quarters)
    {
        var rendered = new RenderedImage(Columns, Rows, bits: 8).Render(new byte[Columns * Rows], new RenderOptions { State = PresentationState.Read(state) });
        Assert.Equal(quarters % 2 == 0 ? (Right - Left + 1, Bottom - Top + 1) : (Bottom - Top + 1, Right - Left + 1), (rendered.Width, rendered.Height));
        return (rendered.Samples, rendered.Width, rendered.Height);
    }
}
