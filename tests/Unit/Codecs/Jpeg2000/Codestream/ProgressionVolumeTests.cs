using Panal.Codecs;
using Panal.Codecs.Jpeg2000;
using Panal.Codecs.Jpeg2000.Codestream;
using Panal.Codecs.Jpeg2000.Packets;
using Panal.Unit.Codecs.Support;

namespace Panal.Unit.Codecs.Jpeg2000.Codestream;

public sealed class ProgressionVolumeTests
{
    /// <summary>All packets of three components, three resolutions and three layers; limits beyond those hold no more.</summary>
    private const string Everything = "00 00 FFFF 21 FF 00";

    [Fact]
    public void A_volume_is_read_as_the_standard_lays_it_out()
    {
        ProgressionVolume[] expected = [new(ProgressionOrder.Rpcl, 1, 5, 2, 3, 0x0104), new(ProgressionOrder.Cprl, 0, 33, 0, 256, 1)];
        Assert.Equal(expected, ProgressionVolume.Read(Bytes("01 02 0104 05 03 02" + "00 00 0001 21 00 04"), componentBytes: 1));
        expected = [new(ProgressionOrder.Pcrl, 1, 2, 0x0102, 65_536, 3)];
        Assert.Equal(expected, ProgressionVolume.Read(Bytes("01 0102 0003 02 0000 03"), componentBytes: 2));
    }

    [Theory]
    [InlineData("")]
    [InlineData("00 00 0001 03 03")]
    [InlineData(Everything + "00")]
    [InlineData("02 00 0001 02 03 00")]
    [InlineData("03 00 0001 02 03 00")]
    [InlineData("00 00 0001 22 03 00")]
    [InlineData("00 02 0001 03 02 00")]
    [InlineData("00 00 0000 03 03 00")]
    [InlineData("00 00 0001 03 03 05")]
    public void A_volume_that_is_cut_or_holds_nothing_is_refused(string content)
    {
        var codestream = Segments.Insert(CodestreamVectors.Read("changing-progression-in-tile-parts"), CodestreamMarker.ProgressionChange, Bytes(content));
        Assert.Equal(CodecFault.Malformed, Hostile.FaultOf(Jpeg2000Decoder.Instance, codestream, new(20, 17, 3, 8, 8)));
    }

    /// <summary>Of the tiles only the first has its own volumes; the others have their packets in the order that is inserted.</summary>
    [Fact]
    public void What_a_tile_says_of_its_progression_is_stronger_than_what_is_said_of_all()
    {
        var plain = CodestreamVectors.Read("changing-progression-in-tile-parts");
        Assert.Equal(CodestreamVectors.Samples("changing-progression-in-tile-parts"), Decode(Segments.Insert(plain, CodestreamMarker.ProgressionChange, Bytes(Everything))));
    }

    [Fact]
    public void Volumes_that_leave_packets_out_are_taken_for_cut()
    {
        var codestream = Segments.Insert(CodestreamVectors.Read("rgb-reversible"), CodestreamMarker.ProgressionChange, Bytes("00 00 0001 01 00 04"));
        Assert.Equal(CodecFault.Truncated, Hostile.FaultOf(Jpeg2000Decoder.Instance, codestream, new(40, 33, 3, 8, 8)));
    }

    [Fact]
    public void Volumes_that_have_been_given_are_not_given_again_and_their_number_is_limited()
    {
        const int Limit = 32;
        var plain = CodestreamVectors.Read("changing-progression-in-tile-parts");
        byte[] With(int volumes) => Segments.Insert(plain, CodestreamMarker.ProgressionChange, Bytes(string.Concat(Enumerable.Repeat(Everything, volumes))));
        Assert.Equal(CodestreamVectors.Samples("changing-progression-in-tile-parts"), Decode(With(Limit)));
        Assert.Equal(CodecFault.LimitExceeded, Hostile.FaultOf(Jpeg2000Decoder.Instance, With(Limit + 1), new(20, 17, 3, 8, 8)));
    }

    [Fact]
    public void Packets_come_in_the_order_of_the_volumes()
    {
        var index = PacketIndex.Read(CodestreamVectors.Read("changing-progression"), CodecLimits.Default);
        var first = index.Packets.ToArray().Where(packet => packet.Tile == 0).Select(packet => (packet.Layer, packet.Resolution, packet.Component));
        IEnumerable<(int, int, int)> expected =
        [
            // Resolutions 0 and 1 of the first layer; the rest of components 1 and 2 up to the second layer; what is left.
            .. from resolution in new[] { 0, 1 } from component in new[] { 0, 1, 2 } select (0, resolution, component),
            .. from component in new[] { 1, 2 } from packet in new[] { (1, 0), (1, 1), (0, 2), (1, 2) } select (packet.Item1, packet.Item2, component),
            (1, 0, 0), (2, 0, 0), (2, 0, 1), (2, 0, 2), (1, 1, 0), (2, 1, 0), (2, 1, 1), (2, 1, 2), (0, 2, 0), (1, 2, 0), (2, 2, 0), (2, 2, 1), (2, 2, 2),
        ];
        Assert.Equal(expected, first);
    }

    private static byte[] Bytes(string hexadecimal) => Convert.FromHexString(hexadecimal.Replace(" ", string.Empty, StringComparison.Ordinal));

    private static byte[] Decode(byte[] codestream)
    {
        var samples = new byte[20 * 17 * 3];
        Jpeg2000Decoder.Instance.Decode(codestream, new(20, 17, 3, 8, 8, IsPlanar: true), samples, CodecLimits.Default);
        return samples;
    }
}
