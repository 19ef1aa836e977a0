using Panal.Codecs;
using Panal.Codecs.Jpeg2000.Codestream;
using Panal.Codecs.Jpeg2000.Packets;
using Panal.Unit.Codecs.Support;

namespace Panal.Unit.Codecs.Jpeg2000.Packets;

public sealed class PacketIndexTests
{
    /// <summary>How a byte is damaged: each byte in all of these ways in a long run, else one after the other.</summary>
    private static readonly byte[] Flips = [0xFF, 0x01, 0x10, 0x80];

    public static TheoryData<string> WithLengths => ["rpcl-layers-precincts", "lrcp-tiles-parts-sop-eph-modes", "pcrl-offset-bypass"];

    public static TheoryData<string> WithoutLengths =>
        ["htj2k-rpcl", "changing-progression", "changing-progression-in-tile-parts", "headers-in-main-header", "headers-in-tile-parts"];

    [Theory]
    [MemberData(nameof(WithLengths))]
    public void Lengths_from_packet_headers_equal_those_of_PLT(string name)
    {
        var codestream = CodestreamVectors.Read(name);
        var headers = PacketIndex.Read(codestream, CodecLimits.Default, PacketLengthSource.PacketHeaders);
        var lengths = PacketIndex.Read(codestream, CodecLimits.Default, PacketLengthSource.PacketLengths);
        Assert.Equal(lengths.Packets, headers.Packets);
        Assert.NotEmpty(headers.Packets.ToArray());
    }

    [Theory]
    [MemberData(nameof(WithLengths))]
    [MemberData(nameof(WithoutLengths))]
    public void Packets_cover_the_data_of_the_tile_parts_without_gap(string name)
    {
        var index = PacketIndex.Read(CodestreamVectors.Read(name), CodecLimits.Default, PacketLengthSource.PacketHeaders);
        var ends = new Queue<ByteRange>(index.Headers.TileParts.Select(part => part.Data));
        foreach (var range in index.RangesOf(_ => true))
        {
            Assert.Equal(ends.Dequeue(), range);
        }

        Assert.Empty(ends);
    }

    [Theory]
    [InlineData("headers-in-main-header", 6)]
    [InlineData("headers-in-tile-parts", 0)]
    public void Packets_whose_headers_stand_apart_are_the_bodies(string name, int startBytes)
    {
        var (codestream, plain) = (CodestreamVectors.Read(name), CodestreamVectors.Read("changing-progression"));
        var wholes = PacketIndex.Read(plain, CodecLimits.Default).Packets.ToArray()
            .ToDictionary(packet => (packet.Tile, packet.Component, packet.Resolution, packet.Layer), packet => plain[(int)packet.Offset..(int)(packet.Offset + packet.LengthBytes)]);
        var index = PacketIndex.Read(codestream, CodecLimits.Default);
        Assert.Equal(wholes.Count, index.Packets.Length);
        foreach (ref readonly var packet in index.Packets)
        {
            ReadOnlySpan<byte> whole = wholes[(packet.Tile, packet.Component, packet.Resolution, packet.Layer)];
            var body = codestream.AsSpan((int)packet.Offset + startBytes, packet.LengthBytes - startBytes);
            Assert.True(whole.EndsWith(body));
            Assert.True(index.Headers.PackedHeaders[packet.HeaderOffset..].StartsWith(whole[..^body.Length]));
        }
    }

    [Fact]
    public void PLT_is_not_taken_where_headers_stand_apart()
    {
        var refused = Assert.Throws<CodecException>(() => PacketIndex.Read(CodestreamVectors.Read("headers-in-tile-parts"), CodecLimits.Default, PacketLengthSource.PacketLengths));
        Assert.Equal(CodecFault.Unsupported, refused.Fault);
    }

    [Fact]
    public void Packets_come_in_the_order_of_RPCL_and_have_the_numbers_of_data_bins()
    {
        // 61 x 45 samples, three resolutions (16 x 12, 31 x 23, 61 x 45) in precincts of 16 x 16: 1, 2 x 2 and 4 x 3; three layers.
        var index = PacketIndex.Read(CodestreamVectors.Read("rpcl-layers-precincts"), CodecLimits.Default);
        var expected =
            from resolution in new[] { (Number: 0, Precincts: 1, First: 0), (Number: 1, Precincts: 4, First: 1), (Number: 2, Precincts: 12, First: 5) }
            from precinct in Enumerable.Range(0, resolution.Precincts)
            from layer in Enumerable.Range(0, 3)
            select (resolution.Number, precinct, layer, (long)resolution.First + precinct);
        Assert.Equal(expected, index.Packets.ToArray().Select(p => (p.Resolution, p.Precinct, p.Layer, index.PrecinctIdentifier(p))));
    }

    [Fact]
    public void A_layer_is_a_list_of_ranges_and_all_layers_are_the_whole_data()
    {
        var index = PacketIndex.Read(CodestreamVectors.Read("rpcl-layers-precincts"), CodecLimits.Default);
        var layers = Enumerable.Range(0, 3).Select(layer => index.RangesOf(p => p.Layer == layer)).ToArray();
        Assert.All(layers, ranges => Assert.Equal(17, ranges.Count));
        Assert.Equal(index.Headers.TileParts[0].Data.LengthBytes, layers.Sum(ranges => ranges.Sum(r => r.LengthBytes)));
        Assert.Equal(0, index.Headers.MainHeader.Offset);
        Assert.Equal(index.Headers.MainHeader.LengthBytes, index.Headers.TileParts[0].Header.Offset);
    }

    [Theory]
    [MemberData(nameof(WithLengths))]
    [MemberData(nameof(WithoutLengths))]
    public void Every_truncation_and_every_flipped_byte_ends_in_an_index_or_in_a_typed_refusal(string name)
    {
        var codestream = CodestreamVectors.Read(name);
        foreach (var source in (PacketLengthSource[])[PacketLengthSource.Best, PacketLengthSource.PacketHeaders])
        {
            // Without its EOC a codestream is whole; everything shorter is cut.
            for (var length = 0; length < codestream.Length - 2; length++)
            {
                Assert.False(IsIndexed(codestream.AsSpan(0, length), source), $"{length} of {codestream.Length}");
            }

            var damaged = (byte[])codestream.Clone();
            for (var at = 0; at < damaged.Length; at++)
            {
                foreach (var flipped in LongRun.IsAsked ? Flips : [Flips[at % Flips.Length]])
                {
                    damaged[at] ^= flipped;
                    IsIndexed(damaged, source);
                    damaged[at] = codestream[at];
                }
            }
        }
    }

    [Fact]
    public void A_header_that_promises_more_packets_than_bytes_costs_nothing()
    {
        var codestream = CodestreamVectors.Read("rpcl-layers-precincts");
        codestream.AsSpan(8, 8).Clear();
        (codestream[10], codestream[11], codestream[14], codestream[15]) = (0xFF, 0xFF, 0xFF, 0xFF);
        codestream.AsSpan(24, 8).Clear();
        (codestream[26], codestream[27], codestream[30], codestream[31]) = (0xFF, 0xFF, 0xFF, 0xFF);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(CodecFault.Truncated, Assert.Throws<CodecException>(() => PacketIndex.Read(codestream, CodecLimits.Default)).Fault);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 256 << 10);
        var small = new CodecLimits { Width = 65_534 };
        Assert.Equal(CodecFault.LimitExceeded, Assert.Throws<CodecException>(() => PacketIndex.Read(codestream, small)).Fault);
    }

    private static bool IsIndexed(ReadOnlySpan<byte> codestream, PacketLengthSource source)
    {
        try
        {
            return PacketIndex.Read(codestream, CodecLimits.Default, source).Packets.Length >= 0;
        }
        catch (CodecException)
        {
            return false;
        }
    }
}
