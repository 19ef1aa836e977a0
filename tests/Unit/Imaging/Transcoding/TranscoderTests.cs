using Panal.Codecs;
using Panal.Codecs.Jpeg;
using Panal.Codecs.Jpeg.Dct;
using Panal.Codecs.Jpeg.Lossless;
using Panal.Codecs.Jpeg2000;
using Panal.Codecs.Jpeg2000.Codestream;
using Panal.Codecs.JpegLs;
using Panal.Codecs.Rle;
using Panal.Codecs.Samples;
using Panal.Dicom;
using Panal.Imaging;
using Panal.Imaging.Transcoding;
using Panal.Unit.Codecs.Support;

namespace Panal.Unit.Imaging.Transcoding;

public sealed class TranscoderTests
{
    private static readonly SampleLayout[] Layouts =
    [
        new(37, 23, 1, 16, 12), new(37, 23, 1, 16, 16, IsSigned: true), new(37, 23, 1, 16, 10, IsSigned: true), new(37, 23, 1, 8, 8), new(37, 23, 3, 8, 8),
        new(37, 23, 3, 8, 8, IsPlanar: true),
    ];

    public static TheoryData<string> Lossless => [Uids.JPEGLSLossless, Uids.JPEGLosslessSV1, Uids.JPEGLossless, Uids.RLELossless, Uids.JPEG2000Lossless, Uids.JPEG2000, Uids.HTJ2KLossless, Uids.HTJ2KLosslessRPCL, Uids.HTJ2K];

    [Theory]
    [MemberData(nameof(Lossless))]
    public void What_is_compressed_without_loss_comes_back_sample_by_sample(string syntaxUid)
    {
        foreach (var layout in Layouts)
        {
            foreach (var plain in (TransferSyntax[])[TransferSyntax.ExplicitVrLittleEndian, TransferSyntax.ImplicitVrLittleEndian])
            {
                var images = new Images { Layout = layout, Frames = 3, Photometric = layout.Components > 1 ? "RGB" : "MONOCHROME2", HasTrailing = true };
                var native = images.Native(plain);
                var compressed = Transcode(native, plain, TransferSyntax.ForUid(syntaxUid));
                var back = Decode(Transcode(compressed, TransferSyntax.ForUid(syntaxUid), plain), plain);
                var expected = images with { Layout = layout with { IsPlanar = false } };
                Assert.True(back.ContentEquals(Decode(expected.Native(plain), plain)), $"{layout} in {plain.Name}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Lossless))]
    public void From_one_compressed_syntax_to_another_nothing_changes(string syntaxUid)
    {
        var images = new Images { Frames = 2, FragmentsPerFrame = 3, HasExtendedTable = true };
        var stored = images.Encapsulated(Uids.JPEGLSLossless, new JpegLsEncoder());
        var syntax = TransferSyntax.ForUid(syntaxUid);
        var other = syntax.Uid == Uids.JPEGLSLossless ? TransferSyntax.ForUid(Uids.RLELossless) : syntax;
        var transcoded = Decode(Transcode(stored, TransferSyntax.ForUid(Uids.JPEGLSLossless), other), other);
        Assert.True(transcoded.TryGet(Tags.PixelData, out var pixels));
        Assert.Equal(3, pixels.Fragments.Count);
        Assert.True(pixels.Fragments[0].IsEmpty);
        Assert.False(transcoded.Contains(Tags.ExtendedOffsetTable));
        Assert.False(transcoded.Contains(Tags.ExtendedOffsetTableLengths));
        Assert.False(transcoded.Contains(Tags.LossyImageCompression));
        IFrameDecoder decoder = other.Uid switch
        {
            Uids.RLELossless => RleDecoder.Instance,
            Uids.JPEGLossless or Uids.JPEGLosslessSV1 => JpegDecoder.Instance,
            _ => Jpeg2000Decoder.Instance,
        };
        for (var frame = 0; frame < 2; frame++)
        {
            var samples = new byte[images.Layout.LengthBytes];
            decoder.Decode(pixels.Fragments[frame + 1].Span, images.Layout, samples, CodecLimits.Default);
            Assert.Equal(images.Samples[frame], samples);
        }
    }

    [Fact]
    public void Bits_above_those_stored_are_not_lost()
    {
        // 12 of 16 bits, with an overlay in bit 15 as scanners of the nineties wrote it.
        var images = new Images { Layout = new(9, 7, 1, 16, 12) };
        var native = Decode(images.Native(TransferSyntax.ExplicitVrLittleEndian), TransferSyntax.ExplicitVrLittleEndian);
        var pixels = images.Samples[0];
        pixels[1] |= 0x80;
        native.SetBytes(Tags.PixelData, Vr.OW, pixels);
        var target = new System.Buffers.ArrayBufferWriter<byte>();
        DataSetEncoding.Encode(native, TransferSyntax.ExplicitVrLittleEndian, target);
        foreach (var syntax in Transcoder.Lossless)
        {
            var compressed = Transcode(target.WrittenSpan.ToArray(), TransferSyntax.ExplicitVrLittleEndian, syntax);
            var back = Decode(Transcode(compressed, syntax, TransferSyntax.ExplicitVrLittleEndian), TransferSyntax.ExplicitVrLittleEndian);
            Assert.True(back.ContentEquals(native), syntax.Name);
        }
    }

    [Fact]
    public void Lossy_colours_become_RGB_and_are_marked_as_lossy()
    {
        // An even grey: every decoder gives it back exactly, and as RGB it has three equal components.
        var layout = new SampleLayout(16, 16, 3, 8, 8);
        var grey = new byte[layout.LengthBytes];
        for (var i = 0; i < grey.Length; i++)
        {
            grey[i] = (byte)(i % 3 == 0 ? 90 : 128);
        }

        var encoded = Hostile.Encode(new JpegBaselineEncoder(100, isYcc: true), grey, layout);
        var dataSet = new Images { Layout = layout, Photometric = "YBR_FULL_422" }.Attributes();
        dataSet.Set(new Element(Tags.PixelData, Vr.OB, new ReadOnlyMemory<byte>[] { default, encoded }));
        var target = new System.Buffers.ArrayBufferWriter<byte>();
        var baseline = TransferSyntax.ForUid(Uids.JPEGBaseline8Bit);
        DataSetEncoding.Encode(dataSet, baseline, target);

        var decoded = Decode(Transcode(target.WrittenSpan.ToArray(), baseline, TransferSyntax.ExplicitVrLittleEndian), TransferSyntax.ExplicitVrLittleEndian);
        Assert.Equal("RGB", decoded.GetString(Tags.PhotometricInterpretation));
        Assert.Equal((ushort)0, decoded.GetUInt16(Tags.PlanarConfiguration));
        Assert.Equal("01", decoded.GetString(Tags.LossyImageCompression));
        Assert.Equal("ISO_10918_1", decoded.GetString(Tags.LossyImageCompressionMethod));
        Assert.True(decoded.TryGet(Tags.PixelData, out var pixels));
        Assert.All(pixels.Value.ToArray(), sample => Assert.Equal(90, sample));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Samples_that_were_deflated_frame_by_frame_as_pixels_or_as_planes_are_pixels_again(bool isPlanar)
    {
        var images = new Images { Layout = new(37, 21, 3, 8, 8, IsPlanar: isPlanar), Photometric = "RGB", Frames = 2 };
        var dataSet = images.Attributes();
        dataSet.Set(new Element(Tags.PixelData, Vr.OB, (ReadOnlyMemory<byte>[])[default, .. images.Samples.Select(Deflate)]));
        var target = new System.Buffers.ArrayBufferWriter<byte>();
        var syntax = TransferSyntax.ForUid(Uids.DeflatedImageFrameCompression);
        DataSetEncoding.Encode(dataSet, syntax, target);
        var decoded = Decode(Transcode(target.WrittenSpan.ToArray(), syntax, TransferSyntax.ExplicitVrLittleEndian), TransferSyntax.ExplicitVrLittleEndian);
        Assert.Equal((ushort)0, decoded.GetUInt16(Tags.PlanarConfiguration));
        Assert.Null(decoded.GetString(Tags.LossyImageCompression));
        Assert.True(decoded.TryGet(Tags.PixelData, out var pixels));
        var frame = images.Layout.LengthBytes;
        for (var i = 0; i < 2 * frame; i++)
        {
            var (at, from) = ((int)(i % frame), images.Samples[(int)(i / frame)]);
            Assert.Equal(from[isPlanar ? (at % 3 * 37 * 21) + (at / 3) : at], pixels.Value.Span[i]);
        }
    }

    private static ReadOnlyMemory<byte> Deflate(byte[] frame)
    {
        var target = new MemoryStream();
        using (var deflate = new System.IO.Compression.DeflateStream(target, System.IO.Compression.CompressionLevel.Fastest, leaveOpen: true))
        {
            deflate.Write(frame);
        }

        return target.ToArray();
    }

    [Fact]
    public void What_JPEG_2000_transformed_is_RGB_again()
    {
        var layout = new SampleLayout(40, 33, 3, 8, 8);
        var dataSet = new Images { Layout = layout, Photometric = "YBR_RCT" }.Attributes();
        dataSet.Set(new Element(Tags.PixelData, Vr.OB, new ReadOnlyMemory<byte>[] { default, CodestreamVectors.Read("rgb-reversible") }));
        var target = new System.Buffers.ArrayBufferWriter<byte>();
        var syntax = TransferSyntax.ForUid(Uids.JPEG2000Lossless);
        DataSetEncoding.Encode(dataSet, syntax, target);
        var decoded = Decode(Transcode(target.WrittenSpan.ToArray(), syntax, TransferSyntax.ImplicitVrLittleEndian), TransferSyntax.ImplicitVrLittleEndian);
        Assert.Equal("RGB", decoded.GetString(Tags.PhotometricInterpretation));
        Assert.True(decoded.TryGet(Tags.PixelData, out var pixels));
        var planes = CodestreamVectors.Samples("rgb-reversible");
        Assert.All(Enumerable.Range(0, planes.Length), i => Assert.Equal(planes[(i % 3 * 40 * 33) + (i / 3)], pixels.Value.Span[i]));
    }

    [Theory]
    [InlineData("RGB", "YBR_RCT", true)]
    [InlineData("YBR_FULL", "YBR_FULL", false)]
    public void JPEG_2000_transforms_red_green_and_blue_only_and_says_so(string photometric, string expected, bool isTransformed)
    {
        var images = new Images { Layout = new(40, 33, 3, 8, 8), Photometric = photometric };
        var syntax = TransferSyntax.ForUid(Uids.JPEG2000Lossless);
        var encoded = Decode(Transcode(images.Native(TransferSyntax.ExplicitVrLittleEndian), TransferSyntax.ExplicitVrLittleEndian, syntax), syntax);
        Assert.Equal(expected, encoded.GetString(Tags.PhotometricInterpretation));
        Assert.True(encoded.TryGet(Tags.PixelData, out var pixels));
        Assert.Equal(isTransformed, CodestreamHeaders.Read(pixels.Fragments[1].Span, CodecLimits.Default).StyleOf(0).HasComponentTransform);
    }

    [Fact]
    public void An_odd_number_of_bytes_is_padded_once()
    {
        var images = new Images { Layout = new(3, 3, 1, 8, 8), Frames = 3 };
        var rle = Transcode(images.Native(TransferSyntax.ExplicitVrLittleEndian), TransferSyntax.ExplicitVrLittleEndian, TransferSyntax.ForUid(Uids.RLELossless));
        var back = Decode(Transcode(rle, TransferSyntax.ForUid(Uids.RLELossless), TransferSyntax.ExplicitVrLittleEndian), TransferSyntax.ExplicitVrLittleEndian);
        Assert.True(back.TryGet(Tags.PixelData, out var pixels));
        Assert.Equal(Vr.OB, pixels.Vr);
        Assert.Equal([.. images.Samples.SelectMany(frame => frame), 0], pixels.Value.ToArray());
    }

    [Fact]
    public void Big_endian_and_deflated_are_reached_through_the_converter()
    {
        var images = new Images { Layout = new(8, 8, 1, 16, 16) };
        var stored = images.Encapsulated(Uids.RLELossless, RleEncoder.Instance);
        foreach (var plain in (TransferSyntax[])[TransferSyntax.ExplicitVrBigEndian, TransferSyntax.DeflatedExplicitVrLittleEndian])
        {
            var decoded = Decode(Transcode(stored, TransferSyntax.ForUid(Uids.RLELossless), plain), plain);
            Assert.True(decoded.ContentEquals(Decode(images.Native(plain), plain)), plain.Name);
        }
    }

    [Fact]
    public void The_best_choice_is_as_stored_then_lossless_then_uncompressed()
    {
        string[] all = [Uids.ExplicitVRLittleEndian, Uids.ImplicitVRLittleEndian, Uids.RLELossless, Uids.JPEGLSLossless, Uids.JPEGBaseline8Bit, Uids.MPEG4HP41];
        Assert.Equal(
            [Uids.JPEGBaseline8Bit, Uids.JPEGLSLossless, Uids.RLELossless, Uids.ExplicitVRLittleEndian, Uids.ImplicitVRLittleEndian],
            Choices(Uids.JPEGBaseline8Bit, all));
        Assert.Equal(
            [Uids.ImplicitVRLittleEndian, Uids.ExplicitVRLittleEndian, Uids.JPEGLSLossless, Uids.RLELossless],
            Choices(Uids.ImplicitVRLittleEndian, all));
        Assert.Equal([Uids.MPEG4HP41], Choices(Uids.MPEG4HP41, all));
        Assert.Empty(Choices(Uids.MPEG4HP41, [Uids.ExplicitVRLittleEndian]));
        Assert.Empty(Choices(Uids.ExplicitVRLittleEndian, [Uids.JPEGBaseline8Bit]));

        static string[] Choices(string stored, string[] accepted) => [.. Transcoder.Choices(TransferSyntax.ForUid(stored), accepted).Select(syntax => syntax.Uid)];
    }

    [Fact]
    public void What_cannot_be_transcoded_is_refused_before_anything_is_sent_and_the_source_is_closed()
    {
        var damaged = new Images().Encapsulated(Uids.JPEGLSLossless, JpegLsEncoder.Lossless);
        damaged.AsSpan(damaged.Length - 200).Clear();
        Assert.Equal(ImageFault.Damaged, FaultOf(damaged, Uids.JPEGLSLossless, TransferSyntax.ExplicitVrLittleEndian));

        var single = new Images { Layout = new(16, 4, 1, 1, 1) }.Native(TransferSyntax.ExplicitVrLittleEndian);
        Assert.Equal(ImageFault.Unsupported, FaultOf(single, Uids.ExplicitVRLittleEndian, TransferSyntax.ForUid(Uids.RLELossless)));

        var dose = new Images { Layout = new(16, 4, 1, 32, 32) }.Native(TransferSyntax.ExplicitVrLittleEndian);
        Assert.Equal(ImageFault.Unsupported, FaultOf(dose, Uids.ExplicitVRLittleEndian, TransferSyntax.ForUid(Uids.JPEGLSLossless)));
        Assert.NotEmpty(Transcode(dose, TransferSyntax.ExplicitVrLittleEndian, TransferSyntax.ForUid(Uids.RLELossless)));

        var huge = new Images().Attributes();
        huge.Set(Tags.NumberOfFrames, "2000000000");
        huge.SetBytes(Tags.PixelData, Vr.OW, new byte[16]);
        var target = new System.Buffers.ArrayBufferWriter<byte>();
        DataSetEncoding.Encode(huge, TransferSyntax.ExplicitVrLittleEndian, target);
        Assert.Equal(ImageFault.LimitExceeded, FaultOf(target.WrittenSpan.ToArray(), Uids.ExplicitVRLittleEndian, TransferSyntax.ForUid(Uids.RLELossless)));

        static ImageFault FaultOf(byte[] dataSet, string fromUid, TransferSyntax to)
        {
            var source = new MemoryStream(dataSet);
            var fault = Assert.Throws<ImageException>(() => Transcoder.Open(source, TransferSyntax.ForUid(fromUid), to, ImageLimits.Default)).Fault;
            Assert.False(source.CanRead);
            return fault;
        }
    }

    [Fact]
    public async Task A_file_keeps_its_identity_in_its_new_syntax()
    {
        var images = new Images { Frames = 2 };
        var file = new System.Buffers.ArrayBufferWriter<byte>();
        FileMeta.WriteHeader(Uids.CTImageStorage, "1.2.3.4.5", TransferSyntax.ExplicitVrLittleEndian, file);
        System.Buffers.BuffersExtensions.Write(file, images.Native(TransferSyntax.ExplicitVrLittleEndian));
        var rle = TransferSyntax.ForUid(Uids.RLELossless);
        using var target = new MemoryStream();
        var from = await FileTranscoder.TranscodeAsync(new MemoryStream(file.WrittenSpan.ToArray()), target, rle, ImageLimits.Default, TestContext.Current.CancellationToken);
        Assert.Equal(TransferSyntax.ExplicitVrLittleEndian, from);

        target.Position = 0;
        var meta = await FileTranscoder.ReadMetaAsync(target, TestContext.Current.CancellationToken);
        Assert.Equal((rle, Uids.CTImageStorage, "1.2.3.4.5"), (meta.TransferSyntax, meta.MediaStorageSopClassUid, meta.MediaStorageSopInstanceUid));
        using var back = new MemoryStream();
        await FileTranscoder.TranscodeAsync(new MemoryStream(target.ToArray()), back, TransferSyntax.ExplicitVrLittleEndian, ImageLimits.Default, TestContext.Current.CancellationToken);
        Assert.Equal(file.WrittenSpan.ToArray(), back.ToArray());
    }

    [Fact]
    public async Task A_file_whose_UID_is_too_long_for_a_head_is_refused()
    {
        var dataSet = new Images().Attributes();
        dataSet.Set(Tags.SOPInstanceUID, "1." + new string('2', 64));
        dataSet.SetBytes(Tags.PixelData, Vr.OW, new Images().Samples[0]);
        var file = new System.Buffers.ArrayBufferWriter<byte>();
        FileMeta.WriteHeader(Uids.CTImageStorage, "1.2.3", TransferSyntax.ExplicitVrLittleEndian, file);
        DataSetEncoding.Encode(dataSet, TransferSyntax.ExplicitVrLittleEndian, file);
        using var target = new MemoryStream();
        var refused = await Assert.ThrowsAsync<ImageException>(() => FileTranscoder.TranscodeAsync(
            new MemoryStream(file.WrittenSpan.ToArray()), target, TransferSyntax.ForUid(Uids.RLELossless), ImageLimits.Default, TestContext.Current.CancellationToken));
        Assert.Equal((ImageFault.Damaged, 0L), (refused.Fault, target.Length));
    }

    private static byte[] Transcode(byte[] dataSet, TransferSyntax from, TransferSyntax to)
    {
        using var transcoded = Transcoder.Open(new MemoryStream(dataSet), from, to, ImageLimits.Default);
        using var target = new MemoryStream();
        transcoded.CopyTo(target);
        return target.ToArray();
    }

    private static DataSet Decode(byte[] dataSet, TransferSyntax syntax) => DataSetEncoding.Decode(dataSet, syntax, DecodeLimits.Default);
}
