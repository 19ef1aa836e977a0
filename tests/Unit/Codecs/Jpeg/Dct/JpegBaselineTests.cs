using Panal.Codecs;
using Panal.Codecs.Jpeg;
using Panal.Codecs.Jpeg.Dct;
using Panal.Codecs.Samples;
using Panal.Unit.Codecs.Support;

namespace Panal.Unit.Codecs.Jpeg.Dct;

public sealed class JpegBaselineTests
{
    [Fact]
    public void At_the_best_quality_no_sample_is_off_by_more_than_the_rounding_of_64_coefficients_allows()
    {
        foreach (var layout in new[] { new SampleLayout(37, 21, 1, 8, 8), new(1, 1, 1, 8, 8), new(37, 21, 3, 8, 8), new(16, 24, 3, 8, 8, IsPlanar: true) })
        {
            foreach (var isYcc in new[] { false, true })
            {
                var samples = Frames.Make(layout, noise: 20);
                var decoded = new byte[samples.Length];
                JpegDecoder.Instance.Decode(Hostile.Encode(new JpegBaselineEncoder(100, isYcc), samples, layout), layout, decoded, CodecLimits.Default);

                // Each coefficient is off by at most a half, so each sample by at most 64 / 2 / 4 = 8; real errors are far smaller.
                Assert.InRange(samples.Zip(decoded, (a, b) => Math.Abs(a - b)).Max(), 0, 3);
            }
        }
    }

    [Fact]
    public void Flat_blocks_are_exact()
    {
        var layout = new SampleLayout(20, 20, 1, 8, 8);
        foreach (byte value in (int[])[0, 1, 127, 128, 254, 255])
        {
            var samples = Enumerable.Repeat(value, 400).ToArray();
            var decoded = new byte[400];
            JpegDecoder.Instance.Decode(Hostile.Encode(new JpegBaselineEncoder(100), samples, layout), layout, decoded, CodecLimits.Default);
            Assert.Equal(samples, decoded);
        }
    }

    [Fact]
    public void Truncations_and_flipped_bits_end_in_samples_or_in_a_typed_refusal()
    {
        var layout = new SampleLayout(19, 11, 3, 8, 8);
        var encoded = Hostile.Encode(new JpegBaselineEncoder(75, isYcc: true), Frames.Make(layout), layout);
        Assert.InRange(Hostile.TruncateEverywhere(JpegDecoder.Instance, encoded, layout), encoded.Length - 3, encoded.Length);
        Hostile.FlipEveryBit(JpegDecoder.Instance, encoded, layout);
        Hostile.Scramble(JpegDecoder.Instance, encoded, layout, rounds: 3000, seed: 5);
    }

    [Fact]
    public void Processes_that_are_not_decoded_are_refused_as_such()
    {
        var layout = new SampleLayout(8, 8, 1, 8, 8);
        var encoded = Hostile.Encode(new JpegBaselineEncoder(75), Frames.Make(layout), layout);
        var frame = encoded.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0]) + 1;
        foreach (byte marker in (int[])[0xC5, 0xC6, 0xC9])
        {
            encoded[frame] = marker;
            Assert.Equal(CodecFault.Unsupported, Hostile.FaultOf(JpegDecoder.Instance, encoded, layout));
        }
    }

    [Fact]
    public void Decoding_allocates_only_its_tables()
    {
        var layout = new SampleLayout(512, 512, 3, 8, 8);
        var encoded = Hostile.Encode(new JpegBaselineEncoder(90, isYcc: true), Frames.Make(layout), layout);
        Assert.InRange(Hostile.AllocatedBytes(JpegDecoder.Instance, encoded, layout), 0, 16 << 10);
    }
}
