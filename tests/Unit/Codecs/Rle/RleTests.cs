using System.Buffers;
using Panal.Codecs;
using Panal.Codecs.Rle;
using Panal.Codecs.Samples;
using Panal.Unit.Codecs.Support;

namespace Panal.Unit.Codecs.Rle;

public sealed class RleTests
{
    private static readonly SampleLayout[] Layouts =
    [
        new(1, 1, 1, 8, 8), new(37, 21, 1, 8, 8), new(300, 5, 1, 8, 7), new(37, 21, 1, 16, 12), new(37, 21, 1, 16, 16, IsSigned: true),
        new(19, 11, 1, 32, 32), new(37, 21, 3, 8, 8), new(37, 21, 3, 8, 8, IsPlanar: true), new(37, 21, 3, 16, 16),
        new(37, 21, 3, 16, 16, IsPlanar: true), new(9, 9, 3, 32, 32), new(37, 21, 1, 1, 1), new(400, 3, 1, 8, 8),
    ];

    [Fact]
    public void What_was_encoded_decodes_to_the_same_bytes_in_every_layout()
    {
        foreach (var (layout, noise) in Layouts.SelectMany(l => new[] { 0, 5, 1 << 20 }.Select(n => (l, n))))
        {
            var samples = Frames.Make(layout, noise: noise);
            var encoded = Encode(samples, layout);
            Assert.Equal(0, encoded.Length % 2);
            Assert.Equal(samples, Decode(encoded, layout));
        }
    }

    [Fact]
    public void Runs_are_decoded_as_PS3_5_G_3_2_says()
    {
        // Legend: 02 + three literals; FE: the next byte three times; 80: nothing; 00 + one literal. The last byte is padding.
        byte[] segment = [0x02, 0x0A, 0x0B, 0x0C, 0xFE, 0x07, 0x80, 0x00, 0x09, 0x00];
        Assert.Equal([0x0A, 0x0B, 0x0C, 0x07, 0x07, 0x07, 0x09], Decode(Frame(segment), new(7, 1, 1, 8, 8)));
    }

    [Fact]
    public void The_first_segment_holds_the_most_significant_bytes()
    {
        var layout = new SampleLayout(2, 1, 1, 16, 16);
        Assert.Equal([0x34, 0x12, 0x78, 0x56], Decode(Frame([0x01, 0x12, 0x56, 0x00], [0x01, 0x34, 0x78, 0x00]), layout));
        Assert.Equal(Frame([0x01, 0x12, 0x56, 0x00], [0x01, 0x34, 0x78, 0x00]), Encode([0x34, 0x12, 0x78, 0x56], layout));
    }

    [Fact]
    public void Rows_are_encoded_each_by_itself()
    {
        // Six equal samples in two rows are two runs, not one (PS3.5 G.3.1).
        Assert.Equal(Frame([0xFE, 0x05, 0xFE, 0x05]), Encode([5, 5, 5, 5, 5, 5], new(3, 2, 1, 8, 8)));
    }

    [Fact]
    public void A_run_may_cross_rows_and_run_past_the_end_all_the_same() =>
        Assert.Equal([5, 5, 5, 5, 5, 5], Decode(Frame([0xF0, 0x05]), new(3, 2, 1, 8, 8)));

    [Fact]
    public void A_frame_in_several_pieces_is_decoded_like_a_whole_one()
    {
        var layout = new SampleLayout(37, 21, 1, 16, 12);
        var samples = Frames.Make(layout);
        var encoded = Encode(samples, layout);
        var decoded = new byte[samples.Length];
        RleDecoder.Instance.Decode(Pieces.Of(encoded, 10), layout, decoded, CodecLimits.Default);
        Assert.Equal(samples, decoded);
    }

    [Fact]
    public void Every_truncation_is_refused_and_every_flipped_bit_survived()
    {
        var layout = new SampleLayout(17, 9, 1, 16, 12);
        var encoded = Encode(Frames.Make(layout), layout);
        Assert.InRange(Hostile.TruncateEverywhere(RleDecoder.Instance, encoded, layout), encoded.Length - 1, encoded.Length);
        Hostile.FlipEveryBit(RleDecoder.Instance, encoded, layout);
        Hostile.Scramble(RleDecoder.Instance, encoded, layout, rounds: 2000, seed: 7);
    }

    [Fact]
    public void Wrong_headers_are_refused_with_the_kind_of_their_fault()
    {
        var layout = new SampleLayout(3, 2, 1, 8, 8);
        var good = Frame([0xFB, 0x05]);
        Assert.Equal(CodecFault.Mismatch, Hostile.FaultOf(RleDecoder.Instance, With(good, 0, 0), layout));
        Assert.Equal(CodecFault.Mismatch, Hostile.FaultOf(RleDecoder.Instance, With(good, 0, 15), layout));
        Assert.Equal(CodecFault.Malformed, Hostile.FaultOf(RleDecoder.Instance, With(good, 0, 16), layout));
        Assert.Equal(CodecFault.Malformed, Hostile.FaultOf(RleDecoder.Instance, With(good, 4, 63), layout));
        Assert.Equal(CodecFault.Truncated, Hostile.FaultOf(RleDecoder.Instance, With(good, 7, 0xFF), layout));
        Assert.Equal(CodecFault.Truncated, Hostile.FaultOf(RleDecoder.Instance, good[..63], layout));
        Assert.Equal(CodecFault.Unsupported, Hostile.FaultOf(RleDecoder.Instance, good, new(3, 2, 4, 32, 32)));
    }

    [Fact]
    public void Decoding_allocates_nothing()
    {
        var layout = new SampleLayout(256, 256, 3, 16, 16);
        Assert.Equal(0, Hostile.AllocatedBytes(RleDecoder.Instance, Encode(Frames.Make(layout), layout), layout));
    }

    [Fact]
    public void A_buffer_that_may_be_too_short_is_refused_without_writing_past_it()
    {
        var layout = new SampleLayout(37, 21, 1, 16, 12);
        var samples = Frames.Make(layout, noise: 1 << 20);
        var needed = Encode(samples, layout).Length;
        for (var length = 0; length < needed; length++)
        {
            Assert.False(RleEncoder.Instance.TryEncode(samples, layout, new byte[length], CodecLimits.Default, out _));
        }
    }

    private static byte[] Encode(byte[] samples, SampleLayout layout) => Hostile.Encode(RleEncoder.Instance, samples, layout);

    private static byte[] Decode(byte[] encoded, SampleLayout layout)
    {
        var samples = new byte[layout.LengthBytes];
        RleDecoder.Instance.Decode(encoded, layout, samples, CodecLimits.Default);
        return samples;
    }

    /// <summary>A frame of hand-made segments: PS3.5 Table G.5-1 before them.</summary>
    private static byte[] Frame(params byte[][] segments)
    {
        var header = new byte[64];
        header[0] = (byte)segments.Length;
        var offset = 64;
        for (var i = 0; i < segments.Length; i++)
        {
            header[4 + (4 * i)] = (byte)offset;
            offset += segments[i].Length;
        }

        return [.. header, .. segments.SelectMany(s => s)];
    }

    private static byte[] With(byte[] frame, int at, byte value)
    {
        var changed = (byte[])frame.Clone();
        changed[at] = value;
        return changed;
    }
}
