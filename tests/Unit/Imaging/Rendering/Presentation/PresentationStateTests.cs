using Panal.Dicom;
using Panal.Imaging;
using Panal.Imaging.Rendering;
using Panal.Imaging.Rendering.Presentation;

namespace Panal.Unit.Imaging.Rendering.Presentation;

public sealed class PresentationStateTests
{
    private readonly DataSet _state = new();

    public PresentationStateTests()
    {
        var image = new DataSet();
        image.Set(Tags.ReferencedSOPClassUID, Uids.SecondaryCaptureImageStorage);
        image.Set(Tags.ReferencedSOPInstanceUID, "1.2.3");
        image.Set(Tags.ReferencedFrameNumber, "1", "3");
        var series = new DataSet();
        series.Set(Tags.SeriesInstanceUID, "1.2");
        series.SetSequence(Tags.ReferencedImageSequence, [image]);
        _state.SetSequence(Tags.ReferencedSeriesSequence, [series]);
        _state.Set(Tags.PresentationLUTShape, "IDENTITY");
    }

    [Fact]
    public void It_knows_the_images_that_it_is_made_for()
    {
        var image = Assert.Single(PresentationState.Read(_state).Images);
        Assert.Equal(("1.2.3", "1.2"), (image.SopInstanceUid, image.SeriesInstanceUid));
        Assert.Equal([1, 3], image.Frames);
        Assert.Equal(ImageFault.Damaged, Assert.Throws<ImageException>(() => PresentationState.Read(new DataSet())).Fault);
    }

    [Fact]
    public void What_the_image_says_of_its_presentation_does_not_count()
    {
        var image = new RenderedImage(3, 1, "MONOCHROME1", bits: 8);
        image.Attributes.Set(Tags.WindowCenter, "1");
        image.Attributes.Set(Tags.WindowWidth, "1");
        image.Attributes.Set(Tags.RescaleIntercept, "100");
        Assert.Equal([0, 128, 255], Render(image, 0, 128, 255));
        _state.Set(Tags.PresentationLUTShape, "INVERSE");
        Assert.Equal([255, 127, 0], Render(image, 0, 128, 255));
    }

    [Fact]
    public void The_window_of_the_frame_is_taken()
    {
        var other = new DataSet();
        var reference = new DataSet();
        reference.Set(Tags.ReferencedSOPInstanceUID, "1.2.3");
        reference.Set(Tags.ReferencedFrameNumber, "2");
        other.SetSequence(Tags.ReferencedImageSequence, [reference]);
        other.Set(Tags.WindowCenter, "0");
        other.Set(Tags.WindowWidth, "1");
        var all = new DataSet();
        all.Set(Tags.WindowCenter, "64");
        all.Set(Tags.WindowWidth, "128");
        _state.SetSequence(Tags.SoftcopyVOILUTSequence, [other, all]);
        Assert.Equal([0, 129, 255], Render(new RenderedImage(3, 1, bits: 8), 0, 64, 127));
    }

    [Fact]
    public void A_presentation_table_comes_last()
    {
        _state.Remove(Tags.PresentationLUTShape);
        _state.SetSequence(Tags.PresentationLUTSequence, [RenderedImage.Table(0, 8, 255, 0, 51)]);
        Assert.Equal([255, 0, 51], Render(new RenderedImage(3, 1, bits: 8), 0, 128, 255));
    }

    [Fact]
    public void Shutters_cover_what_lies_outside()
    {
        _state.Set(Tags.ShutterShape, "RECTANGULAR", "CIRCULAR", "POLYGONAL");
        _state.Set(Tags.ShutterLeftVerticalEdge, "1");
        _state.Set(Tags.ShutterRightVerticalEdge, "3");
        _state.Set(Tags.ShutterUpperHorizontalEdge, "1");
        _state.Set(Tags.ShutterLowerHorizontalEdge, "3");
        _state.Set(Tags.CenterOfCircularShutter, "2", "2");
        _state.Set(Tags.RadiusOfCircularShutter, "1");
        _state.Set(Tags.VerticesOfThePolygonalShutter, "0", "0", "0", "5", "3", "5", "3", "0");
        _state.SetUInt16(Tags.ShutterPresentationValue, 0x4000);

        // The cross of the circle, without its foot, which lies below the polygon.
        Assert.Equal([64, 9, 64, 9, 9, 9, 64, 64, 64], Render(new RenderedImage(3, 3, bits: 8), 9, 9, 9, 9, 9, 9, 9, 9, 9));
    }

    [Fact]
    public void The_displayed_area_is_cut_out_then_turned_then_mirrored()
    {
        var area = new DataSet();
        area.SetInt32(Tags.DisplayedAreaTopLeftHandCorner, 2, 1);
        area.SetInt32(Tags.DisplayedAreaBottomRightHandCorner, 3, 2);
        _state.SetSequence(Tags.DisplayedAreaSelectionSequence, [area]);
        byte[] pixels = [1, 2, 3, 4, 5, 6];
        Assert.Equal([2, 3, 5, 6], Render(new RenderedImage(3, 2, bits: 8), pixels));
        _state.SetUInt16(Tags.ImageRotation, 90);
        Assert.Equal([5, 2, 6, 3], Render(new RenderedImage(3, 2, bits: 8), pixels));
        _state.Set(Tags.ImageHorizontalFlip, "Y");
        Assert.Equal([2, 5, 3, 6], Render(new RenderedImage(3, 2, bits: 8), pixels));
    }

    [Fact]
    public void Lines_and_filled_circles_are_drawn_white()
    {
        _state.SetSequence(Tags.GraphicAnnotationSequence, [Graphic("CIRCLE", "Y", 3, 3, 3, 5), Graphic("POLYLINE", "N", 1, 9, 9, 9)]);
        var pixels = Render(new RenderedImage(9, 9, bits: 8), new byte[81]);
        Assert.Equal(255, pixels[(2 * 9) + 2]);
        Assert.Equal(0, pixels[(2 * 9) + 7]);
        Assert.All(Enumerable.Range(1, 7), column => Assert.Equal(255, pixels[(8 * 9) + column]));
        Assert.All(Enumerable.Range(0, 9), column => Assert.Equal(0, pixels[(6 * 9) + column]));
    }

    [Fact]
    public void Graphics_of_the_display_are_drawn_over_what_is_displayed_in_the_shade_of_their_layer()
    {
        var line = new DataSet();
        line.Set(Tags.GraphicAnnotationUnits, "DISPLAY");
        line.Set(Tags.GraphicType, "POLYLINE");
        line.SetSingle(Tags.GraphicData, 0, 0.5f / 9, 1, 0.5f / 9);
        _state.SetSequence(Tags.GraphicAnnotationSequence, [Annotation(Tags.GraphicObjectSequence, line)]);
        _state.SetSequence(Tags.GraphicLayerSequence, [Layer(0x8000)]);
        _state.SetUInt16(Tags.ImageRotation, 180);
        var pixels = Render(new RenderedImage(9, 9, bits: 8), new byte[81]);
        Assert.All(Enumerable.Range(0, 9), column => Assert.Equal((0x80, 0), (pixels[column], pixels[72 + column])));
    }

    [Theory]
    [InlineData(0, 30, 10)]
    [InlineData(90, 43, 30)]
    [InlineData(180, 24, 43)]
    [InlineData(270, 10, 24)]
    public void Text_stands_upright_where_its_box_is_however_the_image_is_turned(int rotation, int left, int top)
    {
        // A box of 10 × 11 from the corner of the pixel in column 31 and row 11, of an image of 64 × 64.
        var text = Text("I", Tags.BoundingBoxAnnotationUnits, "PIXEL");
        text.SetSingle(Tags.BoundingBoxTopLeftHandCorner, 30.5f, 10.5f);
        text.SetSingle(Tags.BoundingBoxBottomRightHandCorner, 40.5f, 21.5f);
        _state.SetSequence(Tags.GraphicAnnotationSequence, [Annotation(Tags.TextObjectSequence, text)]);
        _state.SetUInt16(Tags.ImageRotation, (ushort)rotation);
        var pixels = Render(new RenderedImage(64, 64, bits: 8), new byte[64 * 64]);

        // The letter has a stem in its third column, and a bar above and below.
        Assert.All(Enumerable.Range(0, 7), row => Assert.Equal(255, pixels[((top + row) * 64) + left + 2]));
        Assert.Equal((255, 255, 0), (pixels[(top * 64) + left + 1], pixels[((top + 6) * 64) + left + 3], pixels[((top + 3) * 64) + left + 1]));
        Assert.Equal(11, pixels.Count(pixel => pixel == 255));
    }

    [Fact]
    public void Text_at_the_right_of_its_box_is_tied_to_its_anchor()
    {
        var text = Text("I", Tags.BoundingBoxAnnotationUnits, "DISPLAY");
        text.Set(Tags.BoundingBoxTextHorizontalJustification, "RIGHT");
        text.SetSingle(Tags.BoundingBoxTopLeftHandCorner, 0.5f, 0.5f);
        text.SetSingle(Tags.BoundingBoxBottomRightHandCorner, 1, 0.75f);
        text.Set(Tags.AnchorPointAnnotationUnits, "PIXEL");
        text.SetSingle(Tags.AnchorPoint, 3, 34);
        text.Set(Tags.AnchorPointVisibility, "Y");
        _state.SetSequence(Tags.GraphicAnnotationSequence, [Annotation(Tags.TextObjectSequence, text)]);
        var pixels = Render(new RenderedImage(64, 64, bits: 8), new byte[64 * 64]);
        Assert.All(Enumerable.Range(32, 7), row => Assert.Equal(255, pixels[(row * 64) + 58 + 2]));
        Assert.All(Enumerable.Range(4, 27), column => Assert.True(pixels[(33 * 64) + column] > 100));
        Assert.All(Enumerable.Range(40, 15), column => Assert.Equal(0, pixels[(33 * 64) + column]));
    }

    [Theory]
    [InlineData(-1e30f)]
    [InlineData(float.NaN)]
    [InlineData(70_000f)]
    public void Text_far_outside_and_text_without_end_change_nothing(float corner)
    {
        var text = Text(new string('W', 100_000), Tags.BoundingBoxAnnotationUnits, "PIXEL");
        text.SetSingle(Tags.BoundingBoxTopLeftHandCorner, corner, corner);
        text.SetSingle(Tags.BoundingBoxBottomRightHandCorner, corner, corner);
        _state.SetSequence(Tags.GraphicAnnotationSequence, [Annotation(Tags.TextObjectSequence, text), Annotation(Tags.TextObjectSequence, Text("", Tags.AnchorPointAnnotationUnits, "PIXEL"))]);
        Assert.All(Render(new RenderedImage(9, 9, bits: 8), new byte[81]), pixel => Assert.Equal(0, pixel));
    }

    [Fact]
    public void Overlays_are_shown_when_the_state_activates_them()
    {
        var image = new RenderedImage(2, 1, bits: 8);
        image.Attributes.SetUInt16(new Tag(0x6000, 0x0010), 1);
        image.Attributes.SetUInt16(new Tag(0x6000, 0x0011), 2);
        image.Attributes.Set(new Tag(0x6000, 0x0040), Vr.CS, "G");
        image.Attributes.SetInt16(new Tag(0x6000, 0x0050), 1, 1);
        image.Attributes.SetUInt16(new Tag(0x6000, 0x0100), 1);
        image.Attributes.SetBytes(new Tag(0x6000, 0x3000), Vr.OB, new byte[] { 1, 0 });
        Assert.Equal([7, 7], Render(image, 7, 7));
        _state.Set(new Tag(0x6000, 0x1001), Vr.CS, "LAYER");
        Assert.Equal([255, 7], Render(image, 7, 7));
    }

    private static DataSet Text(string value, Tag units, string unit)
    {
        var text = new DataSet();
        text.Set(Tags.UnformattedTextValue, value);
        text.Set(units, unit);
        return text;
    }

    private static DataSet Layer(ushort grey)
    {
        var layer = new DataSet();
        layer.Set(Tags.GraphicLayer, "LAYER");
        layer.SetUInt16(Tags.GraphicLayerRecommendedDisplayGrayscaleValue, grey);
        return layer;
    }

    private static DataSet Annotation(Tag sequence, DataSet item)
    {
        var annotation = new DataSet();
        annotation.Set(Tags.GraphicLayer, "LAYER");
        annotation.SetSequence(sequence, [item]);
        return annotation;
    }

    private static DataSet Graphic(string type, string filled, params float[] points)
    {
        var graphic = new DataSet();
        graphic.Set(Tags.GraphicAnnotationUnits, "PIXEL");
        graphic.Set(Tags.GraphicType, type);
        graphic.Set(Tags.GraphicFilled, filled);
        graphic.SetSingle(Tags.GraphicData, points);
        var annotation = new DataSet();
        annotation.SetSequence(Tags.GraphicObjectSequence, [graphic]);
        return annotation;
    }

    private byte[] Render(RenderedImage image, params byte[] pixels) =>
        image.Render(pixels, new RenderOptions { State = PresentationState.Read(_state) }).Samples;
}
