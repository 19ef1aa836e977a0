using Panal.Codecs;
using Panal.Codecs.Jpeg;
using Panal.Codecs.Jpeg.Dct;
using Panal.Codecs.Jpeg.Lossless;
using Panal.Codecs.Samples;
using Panal.Conformance.Witnesses;

namespace Panal.Conformance.Codecs;

public sealed class JpegTests
{
    private const string Baseline = "1.2.840.10008.1.2.4.50", Extended = "1.2.840.10008.1.2.4.51", Lossless = "1.2.840.10008.1.2.4.57", FirstOrder = "1.2.840.10008.1.2.4.70";

    private static readonly string[] WithoutColourConversion = ["+cn"];

    private static string Colours => Corpus.Path("dicom", "single_frame", "sc_ot", "pydicom-data", "SC_rgb.dcm");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_lossless_file_of_the_corpus_decodes_as_dcmdjpeg_decodes_it()
    {
        var compared = await ForeignFrames.DecodeLikeAsync(JpegDecoder.Instance, [Lossless, FirstOrder], "dcmdjpeg", WithoutColourConversion, difference: 0, Ct, encoded => FrameHeader(encoded)[0] == 0xC3);
        Assert.InRange(compared, 10, int.MaxValue);
    }

    [Fact]
    public async Task What_we_encode_lossless_is_decoded_by_dcmdjpeg_to_the_original()
    {
        var compared = await ForeignFrames.EncodeForAsync(
            JpegLosslessEncoder.Instance, FirstOrder, "dcmdjpeg", WithoutColourConversion, file => file.Layout.BitsAllocated is 8 or 16, Ct);
        Assert.InRange(compared, 20, int.MaxValue);
    }

    [Fact]
    public async Task Every_predictor_and_point_transform_of_dcmcjpeg_is_decoded()
    {
        using var folder = new TemporaryDirectory("frames");
        var slice = Directory.EnumerateFiles(Corpus.CtStudy, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).First();
        foreach (var path in new[] { slice, Colours })
        {
            for (var selection = 1; selection <= 7; selection++)
            {
                var target = folder.Combine($"{selection}.dcm");
                (await ForeignProgram.RunAsync("dcmcjpeg", ["+el", "+sv", $"{selection}", "+cn", path, target], Ct)).Succeeded();
                await ForeignFrames.AssertDecodesLikeAsync(JpegDecoder.Instance, await PixelFile.ReadAsync(target, Ct), "dcmdjpeg", WithoutColourConversion, 0, folder, Ct);
            }
        }
    }

    /// <summary>Two decoders that round differently in their cosine transform may differ by 1 in each sample (T.83 allows it).</summary>
    [Fact]
    public async Task Every_baseline_and_extended_file_without_subsampling_decodes_as_dcmdjpeg_decodes_it()
    {
        var compared = await ForeignFrames.DecodeLikeAsync(
            JpegDecoder.Instance, [Baseline, Extended], "dcmdjpeg", WithoutColourConversion, difference: 1, Ct, IsFullySampled);
        Assert.InRange(compared, 5, int.MaxValue);
    }

    [Fact]
    public async Task What_we_encode_as_baseline_is_decoded_by_dcmdjpeg_as_we_decode_it()
    {
        using var folder = new TemporaryDirectory("frames");
        PixelFile native = await PixelFile.ReadAsync(Colours, Ct);
        var target = folder.Combine("baseline.dcm");
        await native.WriteAsync(target, Baseline, native.Frames.Select(frame => ForeignFrames.Encode(new JpegBaselineEncoder(90), frame, native.Layout)), Ct);
        await ForeignFrames.AssertDecodesLikeAsync(JpegDecoder.Instance, await PixelFile.ReadAsync(target, Ct), "dcmdjpeg", WithoutColourConversion, 1, folder, Ct);
    }

    /// <summary>D16.SRC is the fourth component of stream O2 before it was encoded: a third of the columns, all lines, big endian.</summary>
    [Fact]
    public void The_lossless_streams_of_T83_decode_and_O2_to_its_source()
    {
        var (layout, samples) = DecodeStream("p14", "O2.JPG");
        Assert.Equal(new SampleLayout(255, 257, 4, 16, 16), layout);
        var source = File.ReadAllBytes(Corpus.Path("codec", "jpeg_t83", "pylibjpeg-data", "p14", "D16.SRC"));
        for (var i = 0; i < 85 * 257; i++)
        {
            var at = 2 * ((((i / 85 * 255) + (i % 85 * 3)) * 4) + 3);
            Assert.Equal((source[2 * i], source[(2 * i) + 1]), (samples[at + 1], samples[at]));
        }

        // O1 codes the 8-bit images from which those of 16 bits were constructed.
        Assert.Equal(new SampleLayout(255, 257, 4, 8, 8), DecodeStream("p14", "O1.JPG").Layout);
    }

    /// <summary>Streams 1 and 2 of a process code the same source, interleaved and not.</summary>
    [Theory]
    [InlineData("p2", "C1.JPG", "C2.JPG")]
    [InlineData("p4", "E1.JPG", "E2.JPG")]
    public void Interleaved_and_not_interleaved_streams_of_T83_decode_alike(string folder, string interleaved, string alone)
    {
        var (layout, one) = DecodeStream(folder, interleaved);
        var (otherLayout, other) = DecodeStream(folder, alone);
        Assert.Equal(layout, otherLayout);
        Assert.Equal(4, layout.Components);
        Assert.Equal(one, other);
    }

    private static (SampleLayout Layout, byte[] Samples) DecodeStream(string folder, string name)
    {
        var stream = File.ReadAllBytes(Corpus.Path("codec", "jpeg_t83", "pylibjpeg-data", folder, name));
        var layout = JpegDecoder.Instance.ReadLayout(stream, CodecLimits.Default)!.Value;
        var samples = new byte[layout.LengthBytes];
        JpegDecoder.Instance.Decode(stream, layout, samples, CodecLimits.Default);
        return (layout, samples);
    }

    /// <summary>Sequential, and not one of several components the first of which is sampled more often than once.</summary>
    private static bool IsFullySampled(byte[] stream)
    {
        var header = FrameHeader(stream);
        return header[0] is 0xC0 or 0xC1 && (header[8] == 1 || header[10] == 0x11);
    }

    /// <summary>The marker of the frame header and what follows.</summary>
    private static ReadOnlySpan<byte> FrameHeader(byte[] stream)
    {
        for (var i = 2; i + 12 < stream.Length; i += 2 + ((stream[i + 2] << 8) | stream[i + 3]))
        {
            if (stream[i + 1] is >= 0xC0 and <= 0xC3)
            {
                return stream.AsSpan(i + 1);
            }
        }

        // Another process, or no JPEG at all: the corpus has both under these transfer syntaxes.
        return new byte[16];
    }
}
