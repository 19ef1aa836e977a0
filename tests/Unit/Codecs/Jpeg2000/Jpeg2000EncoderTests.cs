using Panal.Codecs;
using Panal.Codecs.Jpeg2000;
using Panal.Codecs.Jpeg2000.Codestream;
using Panal.Codecs.Jpeg2000.Packets;
using Panal.Codecs.Samples;
using Panal.Unit.Codecs.Support;

namespace Panal.Unit.Codecs.Jpeg2000;

public sealed class Jpeg2000EncoderTests
{
    private static readonly SampleLayout Slice = new(256, 256, 1, 16, 12);

    [Fact]
    public void Every_layout_and_form_comes_back_sample_by_sample_and_is_indexed_alike_by_PLT_and_by_packet_headers()
    {
        var random = new Random(11);
        for (var round = 0; round < 60; round++)
        {
            var bits = random.Next(1, 17);
            var layout = new SampleLayout(
                random.Next(1, 150), random.Next(1, 150), random.Next(1, 5), bits > 8 || random.Next(4) == 0 ? 16 : 8, bits, random.Next(2) == 0, random.Next(2) == 0);
            var form = new Jpeg2000Form
            {
                Levels = random.Next(8),
                Layers = random.Next(1, 9),
                PrecinctLog = random.Next(1, 9),
                BlockLog = random.Next(2, 7),
                TransformsColour = random.Next(2) == 0,
            };
            Assert.True(ComesBack(new Jpeg2000Encoder(form), Frames.Make(layout, round, random.Next(30)), layout), $"{layout}, {form}");
        }
    }

    /// <summary>Every subband reaches its largest magnitude for some of these.</summary>
    [Theory]
    [InlineData(8)]
    [InlineData(16)]
    public void The_wildest_samples_fit_into_the_bit_planes_that_the_header_promises(int bits)
    {
        foreach (var layout in (SampleLayout[])[new(96, 80, 1, 16, bits), new(96, 80, 3, 16, bits), new(96, 80, 3, 16, bits, IsSigned: true)])
        {
            for (var pattern = 0; pattern < 9; pattern++)
            {
                var random = new Random(pattern);
                var samples = new byte[layout.LengthBytes];
                for (var i = 0; i < samples.Length / 2; i++)
                {
                    var (x, y, c) = (i / layout.Components % layout.Width, i / layout.Components / layout.Width, i % layout.Components);
                    var isHigh = pattern == 8 ? random.Next(2) == 0 : ((pattern & 1 & x) ^ (pattern >> 1 & 1 & y) ^ (pattern >> 2 & c & 1)) != 0;
                    var value = isHigh ? (1 << bits) - 1 : 0;
                    value -= layout.IsSigned ? 1 << (bits - 1) : 0;
                    (samples[2 * i], samples[(2 * i) + 1]) = ((byte)value, (byte)(value >> 8));
                }

                Assert.True(ComesBack(Jpeg2000Encoder.Lossless, samples, layout), $"{layout}, pattern {pattern}");
            }
        }
    }

    [Fact]
    public void The_default_form_is_RPCL_in_precincts_of_128_with_six_layers_and_PLT()
    {
        var encoded = Hostile.Encode(Jpeg2000Encoder.Lossless, Frames.Make(Slice), Slice);
        var index = PacketIndex.Read(encoded, CodecLimits.Default, PacketLengthSource.PacketLengths);
        Assert.Equal(new CodingStyle(ProgressionOrder.Rpcl, 6, false, false, false), index.Headers.StyleOf(0));
        Assert.Equal(Enumerable.Repeat((byte)0x77, 6), index.Headers.StyleOf(0, 0).Precincts);
        Assert.True(index.Headers.StyleOf(0, 0).IsReversible);
        Assert.NotEmpty(Assert.Single(index.Headers.TileParts).PacketLengths);
    }

    [Fact]
    public void Layers_take_about_the_shares_that_they_are_meant_to_take()
    {
        var index = PacketIndex.Read(Hostile.Encode(Jpeg2000Encoder.Lossless, Frames.Make(Slice), Slice), CodecLimits.Default);
        var packets = index.Packets.ToArray();
        double total = packets.Sum(packet => packet.LengthBytes);
        foreach (var (layer, share) in new[] { (0, 1 / 40.0), (1, 1 / 20.0), (2, 1 / 10.0), (3, 1 / 5.0), (4, 2 / 5.0) })
        {
            // Passes are not cut, and packets have headers.
            Assert.InRange(packets.Where(packet => packet.Layer <= layer).Sum(packet => packet.LengthBytes) / total, share * 0.5, share * 1.5);
        }
    }

    [Fact]
    public void Planes_and_pixels_give_the_same_codestream()
    {
        var layout = new SampleLayout(50, 40, 3, 8, 8);
        var pixels = Frames.Make(layout);
        var planes = Frames.Make(layout with { IsPlanar = true });
        Assert.Equal(Hostile.Encode(Jpeg2000Encoder.Lossless, pixels, layout), Hostile.Encode(Jpeg2000Encoder.Lossless, planes, layout with { IsPlanar = true }));
    }

    [Fact]
    public void What_does_not_fit_is_not_written_and_what_cannot_be_encoded_is_refused()
    {
        var samples = Frames.Make(Slice);
        var encoded = Hostile.Encode(Jpeg2000Encoder.Lossless, samples, Slice);
        Assert.True(Jpeg2000Encoder.Lossless.TryEncode(samples, Slice, new byte[encoded.Length], CodecLimits.Default, out _));
        Assert.False(Jpeg2000Encoder.Lossless.TryEncode(samples, Slice, new byte[encoded.Length - 1], CodecLimits.Default, out _));
        Assert.False(Jpeg2000Encoder.Lossless.TryEncode(samples, Slice, [], CodecLimits.Default, out _));
        Assert.Equal(CodecFault.Unsupported, Fault(new(8, 8, 1, 32, 20)));
        Assert.Equal(CodecFault.Unsupported, Fault(new(8, 8, 1, 1, 1)));
        Assert.Equal(CodecFault.Malformed, Fault(new(0, 8, 1, 8, 8)));
        Assert.Equal(CodecFault.LimitExceeded, Fault(new(9, 8, 1, 8, 8)));
        Assert.Throws<ArgumentException>(() => Jpeg2000Encoder.Lossless.TryEncode(new byte[63], new(8, 8, 1, 8, 8), new byte[99], CodecLimits.Default, out _));
        Assert.Throws<ArgumentException>(() => new Jpeg2000Encoder(new Jpeg2000Form { Layers = 0 }));
        Assert.Throws<ArgumentException>(() => new Jpeg2000Encoder(new Jpeg2000Form { BlockLog = 7 }));

        static CodecFault Fault(SampleLayout layout) => Assert.Throws<CodecException>(() => Jpeg2000Encoder.Lossless.TryEncode(
            new byte[layout.LengthBytes], layout, new byte[999], new CodecLimits { Width = 8 }, out _)).Fault;
    }

    [Fact]
    public void A_slice_takes_no_more_from_the_heap_than_its_bookkeeping()
    {
        var samples = Frames.Make(Slice);
        var encoded = new byte[Jpeg2000Encoder.Lossless.MaximumLengthBytes(Slice)];
        Assert.InRange(Allocated.Bytes(() => Jpeg2000Encoder.Lossless.TryEncode(samples, Slice, encoded, CodecLimits.Default, out _)), 0, 400 << 10);
    }

    private static bool ComesBack(Jpeg2000Encoder encoder, byte[] samples, SampleLayout layout)
    {
        var encoded = Hostile.Encode(encoder, samples, layout);
        var back = new byte[samples.Length];
        Jpeg2000Decoder.Instance.Decode(encoded, layout, back, CodecLimits.Default);
        var headers = PacketIndex.Read(encoded, CodecLimits.Default, PacketLengthSource.PacketHeaders);
        var lengths = PacketIndex.Read(encoded, CodecLimits.Default, PacketLengthSource.PacketLengths);
        return samples.AsSpan().SequenceEqual(back) && headers.Packets.SequenceEqual(lengths.Packets);
    }
}
