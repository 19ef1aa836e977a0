using Panal.Codecs;
using Panal.Codecs.Jpeg2000;
using Panal.Codecs.Jpeg2000.Codestream;
using Panal.Codecs.Jpeg2000.Packets;
using Panal.Codecs.Jpeg2000.Wavelets;
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
        for (var round = 0; round < 90; round++)
        {
            var bits = random.Next(1, 17);
            var layout = new SampleLayout(
                random.Next(1, 150), random.Next(1, 150), random.Next(1, 5), bits > 8 || random.Next(4) == 0 ? 16 : 8, bits, random.Next(2) == 0, random.Next(2) == 0);
            var isFast = random.Next(3) == 0;
            var form = new Jpeg2000Form
            {
                Levels = random.Next(8),
                Layers = isFast ? 1 : random.Next(1, 9),
                IsHighThroughput = isFast,
                BypassesCoder = !isFast && random.Next(2) == 0,
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
                Assert.True(ComesBack(Jpeg2000Encoder.HighThroughput, samples, layout), $"{layout}, pattern {pattern}, high throughput");
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

    [Theory]
    [InlineData(512, 512, 5)]
    [InlineData(200, 4000, 5)]
    [InlineData(2100, 2300, 6)]
    [InlineData(20, 30, 4)]
    public void High_throughput_codestreams_begin_with_a_thumbnail_as_DICOM_wants_it(int width, int height, int levels)
    {
        var layout = new SampleLayout(width, height, 1, 8, 8);
        var index = PacketIndex.Read(Hostile.Encode(Jpeg2000Encoder.HighThroughput, new byte[width * height], layout), CodecLimits.Default);
        Assert.Equal(new CodingStyle(ProgressionOrder.Rpcl, 1, false, false, false), index.Headers.StyleOf(0));
        Assert.Equal(levels, index.Headers.StyleOf(0, 0).Levels);
        Assert.Equal(0x40, index.Headers.StyleOf(0, 0).BlockStyle);
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
        Assert.Throws<ArgumentException>(() => new Jpeg2000Encoder(new Jpeg2000Form { IsHighThroughput = true }));
        Assert.Throws<ArgumentException>(() => new Jpeg2000Encoder(new Jpeg2000Form { IsHighThroughput = true, Layers = 1, BypassesCoder = true }));

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

    [Fact]
    public void Each_layer_more_brings_the_samples_nearer_to_the_original_and_the_last_makes_them_equal()
    {
        var samples = Frames.Make(Slice);
        var encoded = Hostile.Encode(Jpeg2000Encoder.Lossless, samples, Slice);
        var errors = Enumerable.Range(1, 6).Select(layers => Error(samples, Decode(encoded, new Jpeg2000View(layers, 0)))).ToArray();
        Assert.Equal(0, errors[^1]);
        Assert.Equal(errors.OrderDescending(), errors);

        // Made frames are hard: stripes of both ends of the range. A tenth of the bytes still finds five sixths of what is there.
        Assert.InRange(errors[2], 1, 1 / 6.0 * Error(samples, Enumerable.Repeat((byte)8, samples.Length).ToArray()));
    }

    [Fact]
    public void A_halved_view_is_the_low_band_of_the_samples()
    {
        var layout = new SampleLayout(131, 77, 1, 16, 12);
        var samples = Frames.Make(layout);
        var encoded = Hostile.Encode(Jpeg2000Encoder.Lossless, samples, layout);
        int[] plane = [.. Enumerable.Range(0, 131 * 77).Select(i => samples[2 * i] + (samples[(2 * i) + 1] << 8) - 2048)];
        for (var halvings = 1; halvings <= 3; halvings++)
        {
            var (from, to) = (new Area(0, 0, 131, 77).Reduce(1 << (halvings - 1), 1 << (halvings - 1)), new Area(0, 0, 131, 77).Reduce(1 << halvings, 1 << halvings));
            Analysis.Transform(plane, 131, [to, from], new int[Analysis.ScratchLength(131, 77)]);
            var view = Jpeg2000Decoder.ReadLayout(encoded, new Jpeg2000View(6, halvings), CodecLimits.Default);
            Assert.Equal((to.X1, to.Y1), (view.Width, view.Height));
            var halved = Decode(encoded, new Jpeg2000View(6, halvings));
            for (var i = 0; i < halved.Length / 2; i++)
            {
                var expected = Math.Clamp(plane[(i / to.X1 * 131) + (i % to.X1)] + 2048, 0, 4095);
                Assert.Equal(expected, halved[2 * i] + (halved[(2 * i) + 1] << 8));
            }
        }
    }

    [Fact]
    public void A_view_needs_the_bytes_of_its_own_packets_only()
    {
        var encoded = Hostile.Encode(Jpeg2000Encoder.Lossless, Frames.Make(Slice), Slice);
        foreach (var view in (Jpeg2000View[])[new(2, 0), new(6, 2), new(1, 1)])
        {
            var expected = Decode(encoded, view);
            var partial = (byte[])encoded.Clone();
            foreach (ref readonly var packet in PacketIndex.Read(encoded, CodecLimits.Default).Packets)
            {
                if (packet.Layer >= view.Layers || packet.Resolution > 5 - view.Halvings)
                {
                    partial.AsSpan((int)packet.Offset, packet.LengthBytes).Fill(0xA5);
                }
            }

            Assert.Equal(expected, Decode(partial, view));
        }

        Assert.Equal(CodecFault.Unsupported, Assert.Throws<CodecException>(() => Decode(encoded, new Jpeg2000View(6, 6))).Fault);
        Assert.Throws<ArgumentException>(() => Decode(encoded, new Jpeg2000View(0, 0)));
    }

    /// <summary>What a frame allocates are its headers, its packets and where its code-blocks lie; samples, coefficients and coders come from pools: 2 MB and more.</summary>
    [Theory]
    [InlineData(false, 64 << 10, 96 << 10)]
    [InlineData(true, 64 << 10, 64 << 10)]
    public void A_slice_is_encoded_and_decoded_in_memory_that_is_used_again(bool isFast, int encodingBudgetBytes, int decodingBudgetBytes)
    {
        var layout = new SampleLayout(512, 512, 1, 16, 12);
        var encoder = isFast ? Jpeg2000Encoder.HighThroughput : Jpeg2000Encoder.Lossless;
        var samples = Frames.Make(layout);
        var target = new byte[encoder.MaximumLengthBytes(layout)];
        var length = 0;
        Assert.InRange(Allocated.Bytes(() => encoder.TryEncode(samples, layout, target, CodecLimits.Default, out length)), 0, encodingBudgetBytes);
        Assert.InRange(Hostile.AllocatedBytes(Jpeg2000Decoder.Instance, target[..length], layout), 0, decodingBudgetBytes);
    }

    private static byte[] Decode(byte[] encoded, Jpeg2000View view)
    {
        var layout = Jpeg2000Decoder.ReadLayout(encoded, view, CodecLimits.Default);
        var samples = new byte[layout.LengthBytes];
        Jpeg2000Decoder.Decode(encoded, view, layout, samples, CodecLimits.Default);
        return samples;
    }

    private static double Error(byte[] one, byte[] other) => Enumerable.Range(0, one.Length / 2).Sum(i =>
        Math.Pow(one[2 * i] + (one[(2 * i) + 1] << 8) - other[2 * i] - (other[(2 * i) + 1] << 8), 2));

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
