using Panal.Codecs;
using Panal.Codecs.JpegLs;
using Panal.Codecs.Samples;
using Panal.Unit.Codecs.Support;

namespace Panal.Unit.Codecs.JpegLs;

public sealed class JpegLsTests
{
    [Fact]
    public void The_example_of_T87_Annex_H_3_is_encoded_and_decoded_as_printed()
    {
        // T.87 H.3: a 4 x 4 image of 8 bits, and the stream that the standard prints for it.
        byte[] samples = [0, 0, 90, 74, 68, 50, 43, 205, 64, 145, 145, 145, 100, 145, 145, 145];
        byte[] stream =
        [
            0xFF, 0xD8, 0xFF, 0xF7, 0x00, 0x0B, 0x08, 0x00, 0x04, 0x00, 0x04, 0x01, 0x01, 0x11, 0x00, 0xFF, 0xDA, 0x00, 0x08, 0x01, 0x01, 0x00, 0x00,
            0x00, 0x00, 0xC0, 0x00, 0x00, 0x6C, 0x80, 0x20, 0x8E, 0x01, 0xC0, 0x00, 0x00, 0x57, 0x40, 0x00, 0x00, 0x6E, 0xE6, 0x00, 0x00, 0x01, 0xBC,
            0x18, 0x00, 0x00, 0x05, 0xD8, 0x00, 0x00, 0x91, 0x60, 0xFF, 0xD9,
        ];
        var layout = new SampleLayout(4, 4, 1, 8, 8);
        Assert.Equal(samples, Decode(stream, layout));
        Assert.Equal(stream, Hostile.Encode(JpegLsEncoder.Lossless, samples, layout));
    }

    [Fact]
    public void The_default_thresholds_are_those_of_T87_Table_C_3()
    {
        Assert.Equal(new CodingParameters(255, 0, 3, 7, 21, 64), CodingParameters.Default(255, 0));
        Assert.Equal(new CodingParameters(4095, 0, 18, 67, 276, 64), CodingParameters.Default(4095, 0));
        Assert.Equal(new CodingParameters(65_535, 0, 18, 67, 276, 64), CodingParameters.Default(65_535, 0));
        Assert.Equal(new CodingParameters(255, 3, 12, 22, 42, 64), CodingParameters.Default(255, 3));
    }

    [Fact]
    public void Every_number_of_bits_and_every_layout_comes_back_as_it_was()
    {
        foreach (var layout in Layouts())
        {
            foreach (var noise in (int[])[0, 4, 1 << 20])
            {
                var samples = Frames.Make(layout, seed: layout.BitsStored, noise);
                Assert.Equal(samples, Decode(Hostile.Encode(JpegLsEncoder.Lossless, samples, layout), layout));
            }
        }
    }

    [Fact]
    public void No_sample_differs_by_more_than_was_allowed()
    {
        foreach (var layout in Layouts().Where(l => !l.IsSigned))
        {
            foreach (var near in new[] { 1, 3, 10, 255 }.Where(n => n <= ((1 << layout.BitsStored) - 1) / 2))
            {
                var samples = Frames.Make(layout, seed: near, noise: 9);
                var decoded = Decode(Hostile.Encode(new JpegLsEncoder(near), samples, layout), layout);
                var largest = 0L;
                for (var i = 0; i < layout.Width * layout.Height * layout.Components; i++)
                {
                    var (component, x, y) = (i % layout.Components, i / layout.Components % layout.Width, i / layout.Components / layout.Width);
                    largest = Math.Max(largest, Math.Abs(Frames.Get(layout, samples, component, x, y) - Frames.Get(layout, decoded, component, x, y)));
                }

                Assert.InRange(largest, 0, near);
            }
        }
    }

    [Fact]
    public void Truncations_and_flipped_bits_end_in_samples_or_in_a_typed_refusal()
    {
        foreach (var layout in new[] { new SampleLayout(19, 11, 1, 16, 12), new(9, 7, 3, 8, 8) })
        {
            var encoded = Hostile.Encode(JpegLsEncoder.Lossless, Frames.Make(layout), layout);
            Assert.InRange(Hostile.TruncateEverywhere(JpegLsDecoder.Instance, encoded, layout), encoded.Length - 4, encoded.Length);
            Hostile.FlipEveryBit(JpegLsDecoder.Instance, encoded, layout);
            Hostile.Scramble(JpegLsDecoder.Instance, encoded, layout, rounds: 3000, seed: 3);

            // The same frame as sample-interleaved, which its data are not.
            var scan = encoded.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xDA]);
            encoded[scan + 6 + (2 * layout.Components)] = 2;
            Hostile.Scramble(JpegLsDecoder.Instance, encoded, layout, rounds: 3000, seed: 4);
        }
    }

    [Fact]
    public void Preset_parameters_that_contradict_each_other_are_refused()
    {
        byte[] preset = [1, 0, 255, 0, 9, 0, 9, 0, 9, 0, 31];
        Assert.Equal(new CodingParameters(255, 0, 9, 9, 9, 31), CodingParameters.Read(preset, 8, 0));
        foreach (var (at, value) in new[] { (1, 1), (4, 10), (6, 8), (8, 1), (10, 2) })
        {
            var damaged = (byte[])preset.Clone();
            damaged[at] = (byte)value;
            Assert.Equal(CodecFault.Malformed, Assert.Throws<CodecException>(() => CodingParameters.Read(damaged, 8, 0)).Fault);
        }

        Assert.Equal(CodecFault.Malformed, Assert.Throws<CodecException>(() => CodingParameters.Read(default, 8, 128)).Fault);
    }

    [Fact]
    public void A_frame_that_is_not_the_one_described_is_refused()
    {
        var layout = new SampleLayout(19, 11, 1, 16, 12);
        var encoded = Hostile.Encode(JpegLsEncoder.Lossless, Frames.Make(layout), layout);
        Assert.Equal(layout, JpegLsDecoder.Instance.ReadLayout(encoded, CodecLimits.Default));
        Assert.Equal(CodecFault.Mismatch, Hostile.FaultOf(JpegLsDecoder.Instance, encoded, layout with { Height = 12 }));
        Assert.Equal(CodecFault.LimitExceeded, Hostile.FaultOf(JpegLsDecoder.Instance, encoded, layout, new() { Height = 10 }));
    }

    [Fact]
    public void A_buffer_that_may_be_too_short_is_refused_without_writing_past_it()
    {
        var layout = new SampleLayout(19, 11, 1, 16, 12);
        var samples = Frames.Make(layout, noise: 1 << 20);
        for (var length = 0; length < 300; length++)
        {
            Assert.False(JpegLsEncoder.Lossless.TryEncode(samples, layout, new byte[length], CodecLimits.Default, out _));
        }
    }

    [Fact]
    public void Decoding_allocates_only_its_contexts()
    {
        var layout = new SampleLayout(512, 512, 1, 16, 12);
        var encoded = Hostile.Encode(JpegLsEncoder.Lossless, Frames.Make(layout), layout);
        Assert.InRange(Hostile.AllocatedBytes(JpegLsDecoder.Instance, encoded, layout), 0, 16 << 10);
    }

    private static IEnumerable<SampleLayout> Layouts()
    {
        for (var bits = 2; bits <= 16; bits++)
        {
            foreach (var (components, signed, planar) in new[] { (1, false, false), (1, true, false), (3, false, false), (3, true, true), (4, false, false) })
            {
                yield return new SampleLayout(37, 23, components, bits <= 8 ? 8 : 16, bits, signed, planar);
            }
        }
    }

    private static byte[] Decode(byte[] encoded, SampleLayout layout)
    {
        var samples = new byte[layout.LengthBytes];
        JpegLsDecoder.Instance.Decode(encoded, layout, samples, CodecLimits.Default);
        return samples;
    }
}
