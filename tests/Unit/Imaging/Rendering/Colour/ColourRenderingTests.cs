using Panal.Dicom;
using Panal.Imaging;
using Panal.Imaging.Rendering;
using Panal.Imaging.Rendering.Colour;

namespace Panal.Unit.Imaging.Rendering.Colour;

public sealed class ColourRenderingTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void RGB_is_given_as_it_is_whichever_way_it_lies(bool isPlanar)
    {
        var image = new RenderedImage(2, 1, "RGB", bits: 8, samples: 3);
        image.Attributes.SetUInt16(Tags.PlanarConfiguration, isPlanar ? (ushort)1 : (ushort)0);
        Assert.Equal([1, 2, 3, 4, 5, 6], image.Render(isPlanar ? [1, 4, 2, 5, 3, 6] : [1, 2, 3, 4, 5, 6]).Samples);
    }

    [Fact]
    public void Colours_of_more_bits_keep_their_highest_eight()
    {
        var image = new RenderedImage(1, 1, "RGB", stored: 12, samples: 3);
        Assert.Equal([0xFF, 0x80, 0x01], image.Render(RenderedImage.Bytes(0x0FFF, 0x0800, 0x0010)).Samples);
    }

    // T.871 §7: R = Y + 1.402 (Cr - 128), G = Y - 0.344136 (Cb - 128) - 0.714136 (Cr - 128), B = Y + 1.772 (Cb - 128).
    [Fact]
    public void YBR_FULL_becomes_RGB()
    {
        var image = new RenderedImage(3, 1, "YBR_FULL", bits: 8, samples: 3);
        Assert.Equal([255, 255, 255, 254, 0, 0, 100, 100, 100], image.Render([255, 128, 128, 76, 85, 255, 100, 128, 128]).Samples);
    }

    [Fact]
    public void In_YBR_FULL_422_two_pixels_share_their_colour()
    {
        var image = new RenderedImage(4, 1, "YBR_FULL_422", bits: 8, samples: 3);

        // Y1 Y2 Cb Cr, twice.
        var samples = image.Render([10, 20, 128, 128, 76, 150, 85, 255]).Samples;
        Assert.Equal([10, 10, 10, 20, 20, 20, 254, 0, 0], samples[..9]);
        Assert.Equal([255, 74, 74], samples[9..]);
    }

    // PS3.3 §C.7.6.3.1.2: Y from 16 to 235.
    [Fact]
    public void The_range_of_studios_is_stretched()
    {
        var image = new RenderedImage(2, 1, "YBR_PARTIAL_422", bits: 8, samples: 3);
        Assert.Equal([0, 0, 0, 255, 255, 255], image.Render([16, 235, 128, 128]).Samples);
    }

    [Fact]
    public void A_colour_space_that_is_not_known_is_refused()
    {
        var image = new RenderedImage(1, 1, "HSV", bits: 8, samples: 3);
        Assert.Equal(ImageFault.Unsupported, Assert.Throws<ImageException>(() => image.Render([1, 2, 3])).Fault);
    }

    [Fact]
    public void A_palette_gives_each_value_its_colour()
    {
        var image = new RenderedImage(4, 1, "PALETTE COLOR", bits: 8);
        Palette(image, first: 1, bits: 16, [0x0000, 0xFF00], [0x8000, 0x4000], [0x00FF, 0xFFFF]);
        Assert.Equal([0, 128, 0, 0, 128, 0, 255, 64, 255, 255, 64, 255], image.Render([0, 1, 2, 200]).Samples);
    }

    [Fact]
    public void A_palette_that_is_missing_or_cut_is_damage()
    {
        var image = new RenderedImage(1, 1, "PALETTE COLOR", bits: 8);
        Assert.Equal(ImageFault.Damaged, Assert.Throws<ImageException>(() => image.Render([0])).Fault);
        Palette(image, 0, 16, [1, 2], [1, 2], [1, 2]);
        image.Attributes.SetUInt16(Tags.RedPaletteColorLookupTableDescriptor, 300, 0, 16);
        Assert.Equal(ImageFault.Damaged, Assert.Throws<ImageException>(() => image.Render([0])).Fault);
    }

    // PS3.3 §C.7.9.2: discrete 0 n values; linear 1 n end; indirect 2 n offset.
    [Fact]
    public void Segments_of_a_palette_are_expanded()
    {
        byte[] data = [.. new ushort[] { 0, 2, 7, 10, 1, 4, 50, 2, 2, 0, 0 }.SelectMany(BitConverter.GetBytes)];

        // Two values, a line to 50, and both again; the line then begins at the 10 that stands before it.
        Assert.Equal([7, 10, 20, 30, 40, 50, 7, 10, 20, 30, 40, 50], Panal.Imaging.Rendering.Colour.Palette.Expand(data, new LookupTable.Descriptor(12, 0, 16)).Select(value => (int)value));
    }

    [Fact]
    public void Segments_that_repeat_themselves_or_end_early_are_damage()
    {
        byte[] data = [.. new ushort[] { 0, 2, 7, 10, 2, 2, 0, 0, 1, 4, 50 }.SelectMany(BitConverter.GetBytes)];
        for (var length = 0; length < data.Length; length++)
        {
            var cut = data[..length];
            Assert.Throws<ImageException>(() => Panal.Imaging.Rendering.Colour.Palette.Expand(cut, new LookupTable.Descriptor(200, 0, 16)));
        }

        byte[] itself = [.. new ushort[] { 2, 0xFFFF, 0, 0 }.SelectMany(BitConverter.GetBytes)];
        Assert.Throws<ImageException>(() => Panal.Imaging.Rendering.Colour.Palette.Expand(itself, new LookupTable.Descriptor(2, 0, 16)));
        byte[] nothing = [.. Enumerable.Repeat((ushort)0, 200_000).SelectMany(BitConverter.GetBytes)];
        Assert.Equal(ImageFault.LimitExceeded, Assert.Throws<ImageException>(() => Panal.Imaging.Rendering.Colour.Palette.Expand(nothing, new LookupTable.Descriptor(2, 0, 16))).Fault);
    }

    private static void Palette(RenderedImage image, int first, int bits, ushort[] red, ushort[] green, ushort[] blue)
    {
        foreach (var (descriptor, data, values) in new[]
        {
            (Tags.RedPaletteColorLookupTableDescriptor, Tags.RedPaletteColorLookupTableData, red),
            (Tags.GreenPaletteColorLookupTableDescriptor, Tags.GreenPaletteColorLookupTableData, green),
            (Tags.BluePaletteColorLookupTableDescriptor, Tags.BluePaletteColorLookupTableData, blue),
        })
        {
            image.Attributes.SetUInt16(descriptor, (ushort)values.Length, (ushort)first, (ushort)bits);
            image.Attributes.SetBytes(data, Vr.OW, (byte[])[.. values.SelectMany(BitConverter.GetBytes)]);
        }
    }
}
