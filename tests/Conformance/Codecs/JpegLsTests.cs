using Panal.Codecs;
using Panal.Codecs.JpegLs;
using Panal.Codecs.Samples;
using Panal.Conformance.Witnesses;

namespace Panal.Conformance.Codecs;

public sealed class JpegLsTests
{
    private const string Lossless = "1.2.840.10008.1.2.4.80", NearLossless = "1.2.840.10008.1.2.4.81";

    private static readonly string[] AsStored = [];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_JPEG_LS_file_of_the_corpus_decodes_as_dcmdjpls_decodes_it()
    {
        var compared = await ForeignFrames.DecodeLikeAsync(
            JpegLsDecoder.Instance, [Lossless, NearLossless], "dcmdjpls", AsStored, difference: 0, Ct);
        Assert.InRange(compared, 15, int.MaxValue);
    }

    [Fact]
    public async Task What_we_encode_lossless_is_decoded_by_dcmdjpls_to_the_original()
    {
        var compared = await ForeignFrames.EncodeForAsync(
            JpegLsEncoder.Lossless, Lossless, "dcmdjpls", AsStored, file => file.Layout.BitsAllocated is 8 or 16 && file.Layout.BitsStored > 1, Ct);
        Assert.InRange(compared, 20, int.MaxValue);
    }

    /// <summary>The streams of T.87 Annex E with the images that they were made of; the second number is NEAR.</summary>
    [Theory]
    [InlineData("t8c0e0", "test8.ppm", 0)]
    [InlineData("t8c0e3", "test8.ppm", 3)]
    [InlineData("t8c1e0", "test8.ppm", 0)]
    [InlineData("t8c1e3", "test8.ppm", 3)]
    [InlineData("t8c2e0", "test8.ppm", 0)]
    [InlineData("t8c2e3", "test8.ppm", 3)]
    [InlineData("t8nde0", "test8bs2.pgm", 0)]
    [InlineData("t8nde3", "test8bs2.pgm", 3)]
    [InlineData("t16e0", "test16.pgm", 0)]
    [InlineData("t16e3", "test16.pgm", 3)]
    public void Streams_of_T87_decode_to_their_images(string stream, string image, int near)
    {
        var (layout, samples) = Decode(Read($"{stream}.jls"));
        ForeignFrames.AssertNear(stream, layout, Image(image), samples, near);
    }

    /// <summary>The reference decoder's own output: near-lossless decoding leaves no freedom.</summary>
    [Fact]
    public void The_near_lossless_stream_of_16_bits_decodes_to_the_very_image_of_the_reference_decoder() =>
        Assert.Equal(Image("t16e3.pgm"), Decode(Read("t16e3.jls")).Samples);

    /// <summary>What the standard's encoder made of these images with default parameters is what ours makes, bit for bit.</summary>
    [Theory]
    [InlineData("t8c1e0", "test8.ppm", 0)]
    [InlineData("t8c1e3", "test8.ppm", 3)]
    [InlineData("t16e0", "test16.pgm", 0)]
    [InlineData("t16e3", "test16.pgm", 3)]
    public void Images_of_T87_encode_to_their_streams(string stream, string image, int near)
    {
        var expected = Read($"{stream}.jls");
        var layout = JpegLsDecoder.Instance.ReadLayout(expected, CodecLimits.Default)!.Value;
        Assert.Equal(expected, ForeignFrames.Encode(new JpegLsEncoder(near), Image(image), layout));
    }

    /// <summary>The second component has a quarter of the lines, the third half of both: each stands in its own file.</summary>
    [Theory]
    [InlineData("t8sse0", 0)]
    [InlineData("t8sse3", 3)]
    public void Subsampled_streams_of_T87_decode_to_the_images_of_their_components(string stream, int near)
    {
        var (layout, samples) = Decode(Read($"{stream}.jls"));
        foreach (var (component, image, across, down) in new[] { (0, "test8r.pgm", 1, 1), (1, "test8gr4.pgm", 1, 4), (2, "test8bs2.pgm", 2, 2) })
        {
            var expected = Image(image);
            for (var i = 0; i < 256 * 256; i++)
            {
                var (x, y) = (i % 256, i / 256);
                Assert.InRange(samples[(i * layout.Components) + component] - expected[(y / down * (256 / across)) + (x / across)], -near, near);
            }
        }
    }

    [Fact]
    public void Streams_with_restart_markers_decode_to_their_images()
    {
        foreach (var (stream, image) in new[] { ("test16_rm_5", "test16.pgm"), ("test8_ilv_none_rm_7", "test8.ppm") })
        {
            var (layout, samples) = Decode(File.ReadAllBytes(Corpus.Path("codec", "jpegls_odd", "charls", $"{stream}.jls")));
            ForeignFrames.AssertNear(stream, layout, Image(image), samples, 0);
        }
    }

    [Theory]
    [InlineData("fuzzy-input-bad-run-mode-golomb-code")]
    [InlineData("fuzzy-input-no-valid-bits-at-the-end")]
    [InlineData("fuzzy_input_golomb_16")]
    public void Streams_that_broke_other_decoders_are_refused(string name)
    {
        var stream = File.ReadAllBytes(Corpus.Path("codec", "jpegls_odd", "charls", $"{name}.jls"));
        Assert.Throws<CodecException>(() => Decode(stream));
    }

    private static byte[] Read(string name) => File.ReadAllBytes(Corpus.Path("codec", "jpegls_t87", "charls", name));

    private static (SampleLayout Layout, byte[] Samples) Decode(byte[] stream)
    {
        var layout = JpegLsDecoder.Instance.ReadLayout(stream, CodecLimits.Default)!.Value;
        var samples = new byte[layout.LengthBytes];
        JpegLsDecoder.Instance.Decode(stream, layout, samples, CodecLimits.Default);
        return (layout, samples);
    }

    /// <summary>The samples of a PGM or PPM file behind its three lines; those of 16 bits, big endian there, in little endian.</summary>
    private static byte[] Image(string name)
    {
        var file = Read(name);
        var at = 0;
        for (var lines = 0; lines < 3; at++)
        {
            lines += file[at] == '\n' ? 1 : 0;
        }

        var samples = file[at..];
        if (name.Contains("16", StringComparison.Ordinal))
        {
            for (var i = 0; i + 1 < samples.Length; i += 2)
            {
                (samples[i], samples[i + 1]) = (samples[i + 1], samples[i]);
            }
        }

        return samples;
    }
}
