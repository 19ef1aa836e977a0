using Panal.Dicom;
using Panal.Imaging.Rendering;

namespace Panal.Unit.Imaging.Rendering.Planes;

public sealed class OverlayPlaneTests
{
    [Fact]
    public void Graphics_are_white_where_they_lie_and_regions_show_their_border()
    {
        var image = new RenderedImage(3, 3, bits: 8);
        Plane(image, 0x6000, rows: 2, columns: 2, row: 2, column: 0, "G", 0b11, 0b11);
        Assert.Equal([10, 20, 30, 255, 50, 60, 255, 80, 90], Render(image));
        Plane(image, 0x6000, rows: 3, columns: 3, row: 1, column: 1, "R", 0b111, 0b111, 0b111);
        Assert.Equal([255, 255, 255, 255, 50, 255, 255, 255, 255], Render(image));
    }

    [Fact]
    public void A_caller_can_do_without_them()
    {
        var image = new RenderedImage(3, 3, bits: 8);
        Plane(image, 0x6002, rows: 1, columns: 3, row: 1, column: 1, "G", 0b111);
        Assert.Equal([10, 20, 30, 40, 50, 60, 70, 80, 90], image.Render(Pixels, Options with { ShowsOverlays = false }).Samples);
    }

    [Fact]
    public void A_plane_may_stand_in_the_unused_bits_of_the_pixels()
    {
        var image = new RenderedImage(2, 1, stored: 12);
        image.Attributes.SetUInt16(Tag(0x6000, Tags.OverlayRows), 1);
        image.Attributes.SetUInt16(Tag(0x6000, Tags.OverlayColumns), 2);
        image.Attributes.SetUInt16(Tag(0x6000, Tags.OverlayBitsAllocated), 16);
        image.Attributes.SetUInt16(Tag(0x6000, Tags.OverlayBitPosition), 12);
        Assert.Equal([0, 255], image.Render(RenderedImage.Bytes(0x0100, 0x1000), new RenderOptions { Window = new(0x200, 0x200) }).Samples);
    }

    [Fact]
    public void Each_frame_has_its_own_plane_and_those_outside_have_none()
    {
        var image = new RenderedImage(3, 1, bits: 8);
        image.Attributes.Set(Tags.NumberOfFrames, "3");
        Plane(image, 0x6000, rows: 1, columns: 3, row: 1, column: 1, "G", 0b001, 0b100);
        image.Attributes.Set(Tag(0x6000, Tags.NumberOfFramesInOverlay), Vr.IS, "2");
        image.Attributes.SetUInt16(Tag(0x6000, Tags.ImageFrameOrigin), 2);
        byte[] pixels = [1, 2, 3, 1, 2, 3, 1, 2, 3];
        Assert.Equal([1, 2, 3], image.Render(pixels, Options, frame: 0).Samples);
        Assert.Equal([255, 2, 3], image.Render(pixels, Options, frame: 1).Samples);
        Assert.Equal([1, 2, 255], image.Render(pixels, Options, frame: 2).Samples);
    }

    [Fact]
    public void A_plane_with_too_few_bits_is_left_out()
    {
        var image = new RenderedImage(3, 3, bits: 8);
        Plane(image, 0x6000, rows: 9, columns: 9, row: 1, column: 1, "G", 0b1);
        Assert.Equal(Pixels, Render(image));
    }

    private static byte[] Pixels => [10, 20, 30, 40, 50, 60, 70, 80, 90];

    private static RenderOptions Options { get; } = new() { Window = new(128, 256) };

    private static byte[] Render(RenderedImage image) => image.Render(Pixels, Options).Samples;

    /// <summary>Each number is a row of the plane, its first pixel in the lowest bit.</summary>
    private static void Plane(RenderedImage image, ushort group, int rows, int columns, short row, short column, string type, params int[] bits)
    {
        image.Attributes.SetUInt16(Tag(group, Tags.OverlayRows), (ushort)rows);
        image.Attributes.SetUInt16(Tag(group, Tags.OverlayColumns), (ushort)columns);
        image.Attributes.Set(Tag(group, Tags.OverlayType), Vr.CS, type);
        image.Attributes.SetInt16(Tag(group, Tags.OverlayOrigin), row, column);
        image.Attributes.SetUInt16(Tag(group, Tags.OverlayBitsAllocated), 1);
        image.Attributes.SetUInt16(Tag(group, Tags.OverlayBitPosition), 0);
        var data = new byte[2 * ((bits.Length * columns / 16) + 1)];
        for (var index = 0; index < bits.Length * columns; index++)
        {
            data[index >> 3] |= (byte)(((bits[index / columns] >> (index % columns)) & 1) << (index & 7));
        }

        image.Attributes.SetBytes(Tag(group, Tags.OverlayData), Vr.OW, data);
    }

    private static Tag Tag(ushort group, Tag tag) => new(group, tag.Element);
}
