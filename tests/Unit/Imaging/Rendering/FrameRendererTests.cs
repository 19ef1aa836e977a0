using System.Buffers;
using Panal.Codecs;
using Panal.Codecs.Jpeg.Lossless;
using Panal.Codecs.JpegLs;
using Panal.Codecs.Rle;
using Panal.Codecs.Samples;
using Panal.Dicom;
using Panal.Imaging;
using Panal.Imaging.Frames;
using Panal.Imaging.Rendering;
using Panal.Imaging.Rendering.Presentation;

namespace Panal.Unit.Imaging.Rendering;

public sealed class FrameRendererTests
{
    [Theory]
    [InlineData(Uids.RLELossless)]
    [InlineData(Uids.JPEGLosslessSV1)]
    [InlineData(Uids.JPEGLSLossless)]
    public void A_frame_looks_the_same_in_every_lossless_syntax(string uid)
    {
        IFrameEncoder encoder = uid switch
        {
            Uids.RLELossless => RleEncoder.Instance,
            Uids.JPEGLSLossless => JpegLsEncoder.Lossless,
            _ => JpegLosslessEncoder.Instance,
        };
        foreach (var layout in new[] { new SampleLayout(37, 23, 1, 16, 12), new SampleLayout(37, 23, 1, 16, 16, IsSigned: true), new SampleLayout(37, 23, 1, 8, 8), new SampleLayout(37, 23, 3, 8, 8) })
        {
            var images = new Images { Layout = layout, Frames = 3, FragmentsPerFrame = 2, HasBasicTable = true, Photometric = layout.Components == 3 ? "RGB" : "MONOCHROME2" };
            var plain = Read(images.Native(TransferSyntax.ExplicitVrLittleEndian), TransferSyntax.ExplicitVrLittleEndian);
            var encoded = Read(images.Encapsulated(uid, encoder), TransferSyntax.ForUid(uid));
            for (var frame = 0; frame < images.Frames; frame++)
            {
                var expected = Render(plain, frame);
                Assert.Equal((37, 23, layout.Components), (expected.Width, expected.Height, expected.Channels));
                Assert.True(expected.Samples.Distinct().Count() > 10);
                Assert.Equal(expected.Samples, Render(encoded, frame).Samples);
            }
        }
    }

    [Fact]
    public void Four_samples_a_pixel_and_no_pixels_at_all_are_refused()
    {
        Assert.Equal(ImageFault.Unsupported, Assert.Throws<ImageException>(() => new RenderedImage(1, 1, "CMYK", bits: 8, samples: 4).Render([1, 2, 3, 4])).Fault);
        var target = new ArrayBufferWriter<byte>();
        var report = new DataSet();
        report.Set(Tags.SOPClassUID, Uids.BasicTextSRStorage);
        DataSetEncoding.Encode(report, TransferSyntax.ExplicitVrLittleEndian, target);
        Assert.Equal(ImageFault.Unsupported, Assert.Throws<ImageException>(() => Render(Read(target.WrittenSpan.ToArray(), TransferSyntax.ExplicitVrLittleEndian), 0)).Fault);
    }

    [Fact]
    public void A_compression_without_decoder_is_refused()
    {
        var bytes = new Images { Layout = new SampleLayout(8, 8, 1, 8, 8) }.Encapsulated(Uids.RLELossless, RleEncoder.Instance);
        Assert.Equal(ImageFault.Unsupported, Assert.Throws<ImageException>(() => Render(Read(bytes, TransferSyntax.ForUid(Uids.JPEGXL)), 0)).Fault);
    }

    [Fact]
    public void A_frame_beyond_the_limit_is_refused_before_it_is_read()
    {
        var image = new RenderedImage(65535, 65535);
        Assert.Equal(ImageFault.LimitExceeded, Assert.Throws<ImageException>(() => image.Render([0, 0])).Fault);
    }

    [Fact]
    public void Damage_anywhere_is_rendered_or_refused_and_never_anything_else()
    {
        var bytes = Everything();
        for (var length = 0; length < bytes.Length; length++)
        {
            Survive(bytes[..length]);
        }

        for (var at = 0; at < bytes.Length; at++)
        {
            foreach (var bits in (ReadOnlySpan<byte>)[0x01, 0x80, 0xFF])
            {
                bytes[at] ^= bits;
                Survive(bytes);
                bytes[at] ^= bits;
            }
        }

        Assert.Equal(3, Render(Read(bytes, TransferSyntax.ExplicitVrLittleEndian), 0).Channels);
    }

    /// <summary>A picture with a palette, tables, an overlay, and all of a presentation state.</summary>
    private static byte[] Everything()
    {
        var image = new RenderedImage(4, 2, "PALETTE COLOR", bits: 8).Attributes;
        foreach (var descriptor in new[] { Tags.RedPaletteColorLookupTableDescriptor, Tags.GreenPaletteColorLookupTableDescriptor, Tags.BluePaletteColorLookupTableDescriptor })
        {
            image.SetUInt16(descriptor, 2, 0, 16);
        }

        image.SetBytes(Tags.RedPaletteColorLookupTableData, Vr.OW, new byte[] { 1, 2, 3, 4 });
        image.SetBytes(Tags.GreenPaletteColorLookupTableData, Vr.OW, new byte[] { 1, 2, 3, 4 });
        image.SetBytes(Tags.SegmentedBluePaletteColorLookupTableData, Vr.OW, new byte[] { 0, 0, 1, 0, 9, 0, 1, 0, 1, 0, 8, 0 });
        image.SetSequence(Tags.ModalityLUTSequence, [RenderedImage.Table(0, 8, 1, 2)]);
        image.SetSequence(Tags.SoftcopyVOILUTSequence, [RenderedImage.Table(0, 8, 1, 2)]);
        image.SetSequence(Tags.PresentationLUTSequence, [RenderedImage.Table(0, 8, 1, 2)]);
        image.Set(Tags.ShutterShape, "CIRCULAR", "POLYGONAL");
        image.Set(Tags.CenterOfCircularShutter, "2", "2");
        image.Set(Tags.RadiusOfCircularShutter, "1");
        image.Set(Tags.VerticesOfThePolygonalShutter, "0", "0", "0", "5", "3", "5", "3", "0");
        var area = new DataSet();
        area.SetInt32(Tags.DisplayedAreaTopLeftHandCorner, 1, 1);
        area.SetInt32(Tags.DisplayedAreaBottomRightHandCorner, 3, 2);
        image.SetSequence(Tags.DisplayedAreaSelectionSequence, [area]);
        var graphic = new DataSet();
        graphic.Set(Tags.GraphicType, "ELLIPSE");
        graphic.SetSingle(Tags.GraphicData, 1, 1, 3, 1, 2, 0, 2, 2);
        var annotation = new DataSet();
        annotation.SetSequence(Tags.GraphicObjectSequence, [graphic]);
        image.SetSequence(Tags.GraphicAnnotationSequence, [annotation]);
        var reference = new DataSet();
        reference.Set(Tags.ReferencedSOPInstanceUID, "1.2.3");
        var series = new DataSet();
        series.SetSequence(Tags.ReferencedImageSequence, [reference]);
        image.SetSequence(Tags.ReferencedSeriesSequence, [series]);
        image.SetUInt16(new Tag(0x6000, 0x0010), 2);
        image.SetUInt16(new Tag(0x6000, 0x0011), 4);
        image.SetInt16(new Tag(0x6000, 0x0050), 1, 1);
        image.SetBytes(new Tag(0x6000, 0x3000), Vr.OB, new byte[] { 0x5A, 0 });
        image.Set(new Tag(0x6000, 0x1001), Vr.CS, "LAYER");
        image.SetBytes(Tags.PixelData, Vr.OW, new byte[] { 0, 1, 0, 1, 1, 0, 1, 0 });
        var target = new ArrayBufferWriter<byte>();
        DataSetEncoding.Encode(image, TransferSyntax.ExplicitVrLittleEndian, target);
        return target.WrittenSpan.ToArray();
    }

    private static void Survive(byte[] bytes)
    {
        try
        {
            var image = Read(bytes, TransferSyntax.ExplicitVrLittleEndian);
            Render(image, 0);
            FrameRenderer.Render(image, 0, new RenderOptions { State = PresentationState.Read(image.Attributes) }, RenderOptions.Limits);
        }
        catch (ImageException)
        {
            // That is what it may do.
        }
    }

    private static StoredImage Read(byte[] bytes, TransferSyntax syntax) => StoredImage.Read(new MemoryStream(bytes), syntax, Small);

    private static RenderedFrame Render(StoredImage image, int frame) => FrameRenderer.Render(image, frame, RenderOptions.Default, Small);

    /// <summary>So that a size that was made huge is refused and does not take the test's time.</summary>
    private static ImageLimits Small { get; } = RenderOptions.Limits with { Codec = new CodecLimits { FrameLengthBytes = 1 << 16 } };
}
