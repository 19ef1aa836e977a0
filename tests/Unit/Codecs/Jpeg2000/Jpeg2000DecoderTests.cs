using System.Buffers.Binary;
using Panal.Codecs;
using Panal.Codecs.Jpeg2000;
using Panal.Codecs.Samples;
using Panal.Unit.Codecs.Support;

namespace Panal.Unit.Codecs.Jpeg2000;

public sealed class Jpeg2000DecoderTests
{
    private static readonly Dictionary<string, SampleLayout> Layouts = new()
    {
        ["rpcl-layers-precincts"] = new(61, 45, 1, 8, 8),
        ["lrcp-tiles-parts-sop-eph-modes"] = new(20, 17, 3, 8, 8),
        ["pcrl-offset-bypass"] = new(61, 45, 1, 8, 8),
        ["rgb-irreversible"] = new(40, 33, 3, 8, 8),
        ["rgb-reversible"] = new(40, 33, 3, 8, 8),
        ["region-reset-causal"] = new(40, 33, 1, 16, 12),
        ["changing-progression"] = new(20, 17, 3, 8, 8),
        ["changing-progression-in-tile-parts"] = new(20, 17, 3, 8, 8),
        ["headers-in-main-header"] = new(20, 17, 3, 8, 8),
        ["headers-in-tile-parts"] = new(20, 17, 3, 8, 8),
    };

    public static TheoryData<string> Names => [.. Layouts.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Samples_are_those_that_OpenJPEG_finds(string name)
    {
        var codestream = CodestreamVectors.Read(name);
        var expected = CodestreamVectors.Samples(name);
        var layout = Layouts[name] with { IsPlanar = true };
        Assert.Equal(Layouts[name], Jpeg2000Decoder.Instance.ReadLayout(codestream, CodecLimits.Default));
        var samples = new byte[layout.LengthBytes];
        Jpeg2000Decoder.Instance.Decode(codestream, layout, samples, CodecLimits.Default);

        // The irreversible transform leaves the rounding to the decoder.
        var tolerance = name == "rgb-irreversible" ? 1 : 0;
        for (var i = 0; i < expected.Length / layout.BytesPerSample; i++)
        {
            var (theirs, ours) = layout.BytesPerSample == 1
                ? (expected[i], samples[i])
                : (BinaryPrimitives.ReadUInt16LittleEndian(expected.AsSpan(2 * i)), (int)BinaryPrimitives.ReadUInt16LittleEndian(samples.AsSpan(2 * i)));
            Assert.InRange(ours - theirs, -tolerance, tolerance);
        }
    }

    [Fact]
    public void Samples_stand_side_by_side_and_carry_the_sign_where_the_caller_wants_it()
    {
        var codestream = CodestreamVectors.Read("rgb-reversible");
        var layout = Layouts["rgb-reversible"];
        var planes = new byte[layout.LengthBytes];
        var pixels = new byte[layout.LengthBytes];
        Jpeg2000Decoder.Instance.Decode(codestream, layout with { IsPlanar = true }, planes, CodecLimits.Default);
        Jpeg2000Decoder.Instance.Decode(codestream, layout, pixels, CodecLimits.Default);
        Assert.All(Enumerable.Range(0, pixels.Length), i => Assert.Equal(planes[(i % 3 * 40 * 33) + (i / 3)], pixels[i]));

        var wide = new SampleLayout(40, 33, 1, 16, 12);
        var plain = new byte[wide.LengthBytes];
        var signed = new byte[wide.LengthBytes];
        Jpeg2000Decoder.Instance.Decode(CodestreamVectors.Read("region-reset-causal"), wide, plain, CodecLimits.Default);
        Jpeg2000Decoder.Instance.Decode(CodestreamVectors.Read("region-reset-causal"), wide with { IsSigned = true }, signed, CodecLimits.Default);
        for (var i = 0; i < plain.Length; i += 2)
        {
            Assert.Equal((short)(BinaryPrimitives.ReadInt16LittleEndian(plain.AsSpan(i)) << 4) >> 4, BinaryPrimitives.ReadInt16LittleEndian(signed.AsSpan(i)));
        }
    }

    /// <summary>OpenJPH and OpenJPEG were given the same image.</summary>
    [Fact]
    public void Samples_of_high_throughput_code_blocks_are_those_that_OpenJPH_was_given()
    {
        var samples = new byte[61 * 45];
        Jpeg2000Decoder.Instance.Decode(CodestreamVectors.Read("htj2k-rpcl"), new(61, 45, 1, 8, 8), samples, CodecLimits.Default);
        Assert.Equal(CodestreamVectors.Samples("rpcl-layers-precincts"), samples);
    }

    [Fact]
    public void Damaged_high_throughput_codestreams_end_in_samples_or_in_a_typed_refusal()
    {
        var codestream = CodestreamVectors.Read("htj2k-rpcl");
        Assert.Equal(codestream.Length - 2, Hostile.TruncateEverywhere(Jpeg2000Decoder.Instance, codestream, new(61, 45, 1, 8, 8)));
        Hostile.FlipEveryBit(Jpeg2000Decoder.Instance, codestream, new(61, 45, 1, 8, 8));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Damaged_codestreams_end_in_samples_or_in_a_typed_refusal(string name)
    {
        var codestream = CodestreamVectors.Read(name);

        // Without its EOC a codestream is whole; everything shorter is cut.
        Assert.Equal(codestream.Length - 2, Hostile.TruncateEverywhere(Jpeg2000Decoder.Instance, codestream, Layouts[name]));
        Hostile.Scramble(Jpeg2000Decoder.Instance, codestream, Layouts[name], rounds: 1000, seed: 7);
    }

    [Fact]
    public void Every_flipped_bit_ends_in_samples_or_in_a_typed_refusal() =>
        Hostile.FlipEveryBit(Jpeg2000Decoder.Instance, CodestreamVectors.Read("lrcp-tiles-parts-sop-eph-modes"), Layouts["lrcp-tiles-parts-sop-eph-modes"]);

    [Theory]
    [InlineData("changing-progression-in-tile-parts")]
    [InlineData("headers-in-main-header")]
    [InlineData("headers-in-tile-parts")]
    public void Every_flipped_byte_ends_in_samples_or_in_a_typed_refusal(string name) =>
        Hostile.FlipEveryByte(Jpeg2000Decoder.Instance, CodestreamVectors.Read(name), Layouts[name]);

    /// <summary>The same packets in another order, or with their headers elsewhere, are the same image in every view.</summary>
    [Theory]
    [InlineData("changing-progression-in-tile-parts")]
    [InlineData("headers-in-main-header")]
    [InlineData("headers-in-tile-parts")]
    public void A_view_does_not_depend_on_where_packets_and_their_headers_stand(string name)
    {
        foreach (var view in from layers in Enumerable.Range(1, 3) from halvings in Enumerable.Range(0, 3) select new Jpeg2000View(layers, halvings))
        {
            Assert.Equal(Decode("changing-progression", view), Decode(name, view));
        }

        static byte[] Decode(string name, Jpeg2000View view)
        {
            var codestream = CodestreamVectors.Read(name);
            var layout = Jpeg2000Decoder.ReadLayout(codestream, view, CodecLimits.Default);
            var samples = new byte[layout.LengthBytes];
            Jpeg2000Decoder.Decode(codestream, view, layout, samples, CodecLimits.Default);
            return samples;
        }
    }

    [Fact]
    public void What_does_not_match_is_told_apart()
    {
        var layout = Layouts["rgb-reversible"];
        var codestream = CodestreamVectors.Read("rgb-reversible");
        Assert.Equal(CodecFault.Mismatch, Hostile.FaultOf(Jpeg2000Decoder.Instance, codestream, layout with { Width = 39 }));
        Assert.Equal(CodecFault.Mismatch, Hostile.FaultOf(Jpeg2000Decoder.Instance, codestream, layout with { Components = 1 }));
        Assert.Equal(CodecFault.LimitExceeded, Hostile.FaultOf(Jpeg2000Decoder.Instance, codestream, layout, new CodecLimits { Width = 39 }));
    }
}
