using Panal.Dicom;
using Panal.Imaging.Rendering;
using Panal.Imaging.Rendering.Grey;

namespace Panal.Unit.Imaging.Rendering.Grey;

public sealed class GreyRenderingTests
{
    // PS3.3 §C.11.2.1.2.1: c 2048, w 4096 gives y = ((x - 2047.5) / 4095 + 0.5) * 255 from 0 to 4095.
    [Fact]
    public void The_example_of_the_standard_for_a_linear_window_holds()
    {
        var image = new RenderedImage(5, 1, stored: 12);
        image.Attributes.Set(Tags.WindowCenter, "2048");
        image.Attributes.Set(Tags.WindowWidth, "4096");
        Assert.Equal([0, 64, 128, 191, 255], image.Greys(0, 1028, 2056, 3067, 4095));
    }

    // PS3.3 §C.11.2.1.2.1: c 0, w 100 gives x <= -50 black, x > 49 white; c 0, w 1 gives x <= -0.5 black.
    [Theory]
    [InlineData(0, 100, -50, 0)]
    [InlineData(0, 100, 49, 255)]
    [InlineData(0, 100, -60, 0)]
    [InlineData(0, 100, 60, 255)]
    [InlineData(0, 1, -1, 0)]
    [InlineData(0, 1, 0, 255)]
    public void The_ends_of_a_linear_window_are_where_the_standard_puts_them(double center, double width, short value, byte grey)
    {
        var image = new RenderedImage(1, 1, isSigned: true);
        var options = new RenderOptions { Window = new Window(center, width) };
        Assert.Equal([grey], image.Render(RenderedImage.Bytes(value), options).Samples);
    }

    // PS3.3 §C.11.2.1.3.2: c 0, w 100 gives x <= -50 black and x > 50 white, (x / 100 + 0.5) * 255 between.
    [Fact]
    public void An_exact_window_counts_without_half_steps()
    {
        var image = new RenderedImage(4, 1, isSigned: true);
        image.Attributes.Set(Tags.WindowCenter, "0");
        image.Attributes.Set(Tags.WindowWidth, "100");
        image.Attributes.Set(Tags.VOILUTFunction, "LINEAR_EXACT");
        Assert.Equal([0, 76, 255, 128], image.Greys(-50, -20, 50, 0));
    }

    // PS3.3 §C.11.2.1.3.1: y = 255 / (1 + exp(-4 (x - c) / w)); at c half, at c + w / 4 1 / (1 + 1/e) = 0.7311.
    [Fact]
    public void A_sigmoid_window_bends()
    {
        var image = new RenderedImage(3, 1, isSigned: true);
        image.Attributes.Set(Tags.WindowCenter, "0");
        image.Attributes.Set(Tags.WindowWidth, "100");
        image.Attributes.Set(Tags.VOILUTFunction, "SIGMOID");
        Assert.Equal([128, 186, 69], image.Greys(0, 25, -25));
    }

    [Fact]
    public void Slope_and_intercept_come_before_the_window()
    {
        var image = new RenderedImage(3, 1);
        image.Attributes.Set(Tags.RescaleSlope, "2");
        image.Attributes.Set(Tags.RescaleIntercept, "-1024");
        image.Attributes.Set(Tags.WindowCenter, "0.5");
        image.Attributes.Set(Tags.WindowWidth, "2049");
        Assert.Equal([0, 128, 255], image.Greys(0, 512, 1024));
    }

    [Fact]
    public void Tables_of_modality_and_of_interest_are_looked_up_one_after_the_other()
    {
        var image = new RenderedImage(5, 1);
        image.Attributes.SetSequence(Tags.ModalityLUTSequence, [RenderedImage.Table(10, 8, 1, 2, 3)]);
        image.Attributes.SetSequence(Tags.VOILUTSequence, [RenderedImage.Table(1, 12, 0, 2048, 4095)]);

        // Inputs before and behind a table are its first and its last.
        Assert.Equal([0, 0, 128, 255, 255], image.Greys(0, 10, 11, 12, 500));
    }

    [Fact]
    public void A_table_of_eight_bits_may_pack_two_entries_in_a_word()
    {
        var image = new RenderedImage(4, 1);
        var table = RenderedImage.Table(0, 8, 0, 0, 0, 0);
        table.SetBytes(Tags.LUTData, Vr.OW, new byte[] { 0, 85, 170, 255 });
        image.Attributes.SetSequence(Tags.VOILUTSequence, [table]);
        Assert.Equal([0, 85, 170, 255], image.Greys(0, 1, 2, 3));
    }

    [Fact]
    public void An_image_without_a_window_uses_all_greys_and_no_padding()
    {
        var image = new RenderedImage(4, 1, isSigned: true);
        image.Attributes.Set(Tags.PixelPaddingValue, Vr.SS, "-2000");
        Assert.Equal([0, 0, 129, 255], image.Greys(-2000, 0, 64, 127));
    }

    [Fact]
    public void In_MONOCHROME1_the_lowest_value_is_white()
    {
        var image = new RenderedImage(3, 1, photometric: "MONOCHROME1");
        Assert.Equal([255, 126, 0], image.Greys(0, 64, 127));
    }

    [Fact]
    public void Bits_beyond_the_stored_ones_do_not_count()
    {
        var image = new RenderedImage(3, 1, stored: 12, isSigned: true);
        image.Attributes.SetUInt16(Tags.HighBit, 13);

        // Stored -2048, 0 and 2047 in bits 2 to 13, with other bits set around them.
        Assert.Equal([0, 128, 255], image.Greys(unchecked((short)0xE003), unchecked((short)0xC001), 0x1FFC | 0x4000));
    }

    [Fact]
    public void A_functional_group_of_the_frame_comes_before_the_shared_one()
    {
        var image = new RenderedImage(2, 1);
        image.Attributes.Set(Tags.NumberOfFrames, "2");
        image.Attributes.SetSequence(Tags.SharedFunctionalGroupsSequence, [Group("100", "201")]);
        image.Attributes.SetSequence(Tags.PerFrameFunctionalGroupsSequence, [new DataSet(), Group("1000", "1")]);
        var pixels = RenderedImage.Bytes(0, 200, 0, 1000);
        Assert.Equal([1, 255], image.Render(pixels, frame: 0).Samples);
        Assert.Equal([0, 255], image.Render(pixels, frame: 1).Samples);
    }

    [Fact]
    public void Images_of_one_bit_are_black_and_white_even_where_a_frame_begins_within_a_byte()
    {
        var image = new RenderedImage(5, 1, bits: 1);
        image.Attributes.Set(Tags.NumberOfFrames, "3");

        // Lowest bit first: 10101 01110 11111.
        byte[] pixels = [0b11010101, 0b01111101];
        Assert.Equal([255, 0, 255, 0, 255], image.Render(pixels, frame: 0).Samples);
        Assert.Equal([0, 255, 255, 255, 0], image.Render(pixels, frame: 1).Samples);
    }

    [Fact]
    public void Thirty_two_bits_are_rendered_without_a_table()
    {
        var image = new RenderedImage(3, 1, bits: 32);
        byte[] pixels = [.. new uint[] { 0, 0x8000_0000, 0xFFFF_FFFF }.SelectMany(BitConverter.GetBytes)];
        Assert.Equal([0, 128, 255], image.Render(pixels).Samples);
    }

    private static DataSet Group(string center, string width)
    {
        var voi = new DataSet();
        voi.Set(Tags.WindowCenter, center);
        voi.Set(Tags.WindowWidth, width);
        var group = new DataSet();
        group.SetSequence(Tags.FrameVOILUTSequence, [voi]);
        return group;
    }
}
