using Panal.Codecs;
using Panal.Codecs.Jpeg;
using Panal.Codecs.Jpeg.Lossless;
using Panal.Codecs.Samples;
using Panal.Unit.Codecs.Support;

namespace Panal.Unit.Codecs.Jpeg.Lossless;

public sealed class JpegLosslessTests
{
    [Fact]
    public void Every_number_of_bits_and_every_layout_comes_back_as_it_was()
    {
        for (var bits = 1; bits <= 16; bits++)
        {
            foreach (var (components, signed, planar) in new[] { (1, false, false), (1, true, false), (3, false, false), (3, true, true), (4, false, false) })
            {
                foreach (var noise in (int[])[0, 4, 1 << 20])
                {
                    var layout = new SampleLayout(37, 23, components, bits <= 8 ? 8 : 16, bits, signed, planar);
                    var samples = Frames.Make(layout, seed: bits, noise);
                    var encoded = Hostile.Encode(JpegLosslessEncoder.Instance, samples, layout);
                    if (bits > 1 || !signed)
                    {
                        Assert.Equal(samples, Decode(encoded, layout));
                    }
                }
            }
        }
    }

    [Fact]
    public void The_largest_differences_are_coded_modulo_65536()
    {
        var layout = new SampleLayout(4, 1, 1, 16, 16);
        byte[] samples = [0, 0, 0, 0x80, 0, 0, 0xFF, 0xFF];
        Assert.Equal(samples, Decode(Hostile.Encode(JpegLosslessEncoder.Instance, samples, layout), layout));
    }

    [Fact]
    public void A_hand_made_stream_shows_predictors_restarts_and_the_point_transform()
    {
        // Legend: SOF3 of 8 bits, 2 x 2; DHT with code 0 for a difference of 0 bits and 10 for one of 1 bit; predictor 7, point transform 1;
        // a restart after every line. Line 1: start 2^(8-1-1) = 64, +1 (bits 10 1), then 0 (bit 0): 65, 65. Restarted, line 2: the same, -1
        // (bits 10 0) and 0: 63, 63. Shifted by one: 130 130 126 126.
        byte[] stream =
        [
            0xFF, 0xD8, 0xFF, 0xC3, 0, 11, 8, 0, 2, 0, 2, 1, 9, 0x11, 0,
            0xFF, 0xC4, 0, 21, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
            0xFF, 0xDD, 0, 4, 0, 2, 0xFF, 0xDA, 0, 8, 1, 9, 0, 7, 0, 1,
            0b1010_1111, 0xFF, 0xD0, 0b1000_1111, 0xFF, 0xD9,
        ];
        Assert.Equal([130, 130, 126, 126], Decode(stream, new(2, 2, 1, 8, 8)));
        Assert.Equal(new SampleLayout(2, 2, 1, 8, 8), JpegDecoder.Instance.ReadLayout(stream, CodecLimits.Default));
    }

    [Fact]
    public void Truncations_and_flipped_bits_end_in_samples_or_in_a_typed_refusal()
    {
        var layout = new SampleLayout(19, 11, 1, 16, 12);
        var encoded = Hostile.Encode(JpegLosslessEncoder.Instance, Frames.Make(layout), layout);

        // The last bytes are EOI and, at most, padding of the last byte of data.
        Assert.InRange(Hostile.TruncateEverywhere(JpegDecoder.Instance, encoded, layout), encoded.Length - 3, encoded.Length);
        Hostile.FlipEveryBit(JpegDecoder.Instance, encoded, layout);
        Hostile.Scramble(JpegDecoder.Instance, encoded, layout, rounds: 3000, seed: 3);
    }

    [Fact]
    public void A_frame_that_is_not_the_one_described_is_refused()
    {
        var layout = new SampleLayout(19, 11, 1, 16, 12);
        var encoded = Hostile.Encode(JpegLosslessEncoder.Instance, Frames.Make(layout), layout);
        Assert.Equal(CodecFault.Mismatch, Hostile.FaultOf(JpegDecoder.Instance, encoded, layout with { Width = 11, Height = 19 }));
        Assert.Equal(CodecFault.Mismatch, Hostile.FaultOf(JpegDecoder.Instance, encoded, layout with { Components = 3 }));
        Assert.Equal(CodecFault.Mismatch, Hostile.FaultOf(JpegDecoder.Instance, encoded, layout with { BitsAllocated = 8, BitsStored = 8 }));
        Assert.Equal(CodecFault.LimitExceeded, Hostile.FaultOf(JpegDecoder.Instance, encoded, layout, new() { Width = 18 }));
    }

    [Fact]
    public void A_header_that_promises_a_huge_frame_costs_nothing()
    {
        var layout = new SampleLayout(19, 11, 1, 8, 8);
        var encoded = Hostile.Encode(JpegLosslessEncoder.Instance, Frames.Make(layout), layout);
        encoded.AsSpan(7, 4).Fill(0xFF);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var limits = new CodecLimits { FrameLengthBytes = 1 << 20 };
        Assert.Equal(CodecFault.LimitExceeded, Assert.Throws<CodecException>(() => JpegDecoder.Instance.ReadLayout(encoded, limits)).Fault);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 10);
    }

    [Fact]
    public void A_buffer_that_may_be_too_short_is_refused_without_writing_past_it()
    {
        var layout = new SampleLayout(19, 11, 1, 16, 12);
        var samples = Frames.Make(layout, noise: 1 << 20);
        for (var length = 0; length < 300; length++)
        {
            Assert.False(JpegLosslessEncoder.Instance.TryEncode(samples, layout, new byte[length], CodecLimits.Default, out _));
        }
    }

    [Fact]
    public void Decoding_allocates_only_its_tables()
    {
        var layout = new SampleLayout(512, 512, 1, 16, 12);
        var encoded = Hostile.Encode(JpegLosslessEncoder.Instance, Frames.Make(layout), layout);
        Assert.InRange(Hostile.AllocatedBytes(JpegDecoder.Instance, encoded, layout), 0, 4096);
    }

    private static byte[] Decode(byte[] encoded, SampleLayout layout)
    {
        var samples = new byte[layout.LengthBytes];
        JpegDecoder.Instance.Decode(encoded, layout, samples, CodecLimits.Default);
        return samples;
    }
}
