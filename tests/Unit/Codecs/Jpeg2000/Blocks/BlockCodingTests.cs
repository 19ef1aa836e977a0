using Panal.Codecs.Jpeg2000.Blocks;
using Panal.Codecs.Jpeg2000.Codestream;
using Panal.Codecs.Jpeg2000.Packets;

namespace Panal.Unit.Codecs.Jpeg2000.Blocks;

public sealed class BlockCodingTests
{
    [Theory]
    [InlineData((int)BandKind.Low)]
    [InlineData((int)BandKind.HighX)]
    [InlineData((int)BandKind.HighY)]
    [InlineData((int)BandKind.HighBoth)]
    public void Blocks_of_every_size_give_the_bytes_of_the_plain_passes_and_come_back(int band)
    {
        var random = new Random(band);
        var (encoder, decoder) = (new BlockEncoder(0), new BlockDecoder());
        for (var round = 0; round < 60; round++)
        {
            var (width, height) = round == 0 ? (64, 64) : (random.Next(1, 30), random.Next(1, 30));
            var block = Make(random, width * height);
            encoder.Encode(block, width, width, height, (BandKind)band);
            Assert.Equal(new PlainBlockEncoder(block, width, (BandKind)band).Encode(), encoder.Encoded);
            Assert.Equal(block, Decode(decoder, encoder, width, height, (BandKind)band));
        }
    }

    /// <summary>Only a block of more than four bit-planes has something to bypass.</summary>
    [Fact]
    public void Blocks_whose_lower_planes_bypass_the_coder_come_back_whole_and_cut()
    {
        var random = new Random(17);
        var (encoder, decoder) = (new BlockEncoder(ComponentStyle.Bypass), new BlockDecoder());
        for (var round = 0; round < 60; round++)
        {
            var (width, height) = (random.Next(1, 65), random.Next(1, 65));
            var block = Make(random, width * height);
            encoder.Encode(block, width, width, height, BandKind.HighBoth);
            Assert.Equal(block, Decode(decoder, encoder, width, height, BandKind.HighBoth));
            if (encoder.Planes > 6)
            {
                // A cut in the middle of a raw segment: those behind it stay as they were, those before it are not changed by it.
                var ends = encoder.Passes.ToArray();
                decoder.Begin(width, height, ComponentStyle.Bypass);
                decoder.Decode(encoder.Encoded[..ends[9].LengthBytes], 0, 10, encoder.Planes, BandKind.HighBoth, ComponentStyle.Bypass);
                decoder.Decode(encoder.Encoded[ends[9].LengthBytes..ends[10].LengthBytes], 10, 1, encoder.Planes, BandKind.HighBoth, ComponentStyle.Bypass);
                var row = new int[width];
                decoder.CopyRow(0, 0, row);
                var open = 1 << (encoder.Planes - 4);
                Assert.All(row.Select((value, x) => Math.Abs(value - block[x])), difference => Assert.InRange(difference, 0, open - 1));
            }
        }
    }

    [Fact]
    public void A_block_cut_behind_any_pass_decodes_to_what_the_passes_before_told()
    {
        const int Side = 21;
        var block = Make(new Random(7), Side * Side);
        var (encoder, decoder) = (new BlockEncoder(0), new BlockDecoder());
        encoder.Encode(block, Side, Side, Side, BandKind.HighX);
        var values = new int[Side];
        for (var passes = 1; passes <= encoder.Passes.Length; passes += 3)
        {
            // Behind a cleanup every coefficient is known down to the same plane, and stands in the middle of what the lower ones leave open.
            var plane = encoder.Planes - 1 - (passes / 3);
            decoder.Begin(Side, Side, 0);
            decoder.Decode(encoder.Encoded[..encoder.Passes[passes - 1].LengthBytes], 0, passes, encoder.Planes, BandKind.HighX, 0);
            for (var y = 0; y < Side; y++)
            {
                decoder.CopyRow(y, 0, values);
                Assert.Equal(block.Skip(y * Side).Take(Side).Select(value => Math.Sign(value) * Known(Math.Abs(value), plane)), values);
            }
        }

        static int Known(int magnitude, int plane) => magnitude >> plane == 0 ? 0 : (magnitude >> plane << plane) | (plane > 0 ? 1 << (plane - 1) : 0);
    }

    [Fact]
    public void Blocks_take_nothing_from_the_heap()
    {
        const int Side = 64;
        var block = Make(new Random(3), Side * Side);
        var (encoder, decoder, values) = (new BlockEncoder(0), new BlockDecoder(), new int[Side]);
        Assert.Equal(0, Allocated.Bytes(() =>
        {
            encoder.Encode(block, Side, Side, Side, BandKind.HighBoth);
            decoder.Begin(Side, Side, 0);
            decoder.Decode(encoder.Encoded, 0, encoder.Passes.Length, encoder.Planes, BandKind.HighBoth, 0);
            decoder.CopyRow(Side - 1, 0, values);
        }));
    }

    /// <summary>Decodes segment by segment, as packets tell them.</summary>
    private static int[] Decode(BlockDecoder decoder, BlockEncoder encoder, int width, int height, BandKind band)
    {
        decoder.Begin(width, height, encoder.Style);
        var passes = encoder.Passes;
        for (int first = 0, count; first < passes.Length; first += count)
        {
            count = Math.Min(passes.Length - first, BlockSegments.PassesFrom(first, passes.Length - first, encoder.Style));
            var begin = first == 0 ? 0 : passes[first - 1].LengthBytes;
            decoder.Decode(encoder.Encoded[begin..passes[first + count - 1].LengthBytes], first, count, encoder.Planes, band, encoder.Style);
        }

        var values = new int[width * height];
        for (var y = 0; y < height; y++)
        {
            decoder.CopyRow(y, 0, values.AsSpan(y * width, width));
        }

        return values;
    }

    /// <summary>Noise of some height, with more or fewer zeros in it.</summary>
    private static int[] Make(Random random, int count)
    {
        var (height, zeros) = (1 << random.Next(1, 14), random.NextDouble());
        return [.. Enumerable.Range(0, count).Select(_ => random.NextDouble() < zeros ? 0 : random.Next(-height, height))];
    }
}
