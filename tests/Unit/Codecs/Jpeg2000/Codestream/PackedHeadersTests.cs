using Panal.Codecs;
using Panal.Codecs.Jpeg2000;
using Panal.Codecs.Jpeg2000.Codestream;
using Panal.Codecs.Samples;
using Panal.Unit.Codecs.Support;

namespace Panal.Unit.Codecs.Jpeg2000.Codestream;

public sealed class PackedHeadersTests
{
    private const byte Unused = 200;

    private static readonly SampleLayout Layout = new(20, 17, 3, 8, 8);

    [Theory]
    [InlineData("headers-in-main-header", CodestreamMarker.PackedHeaders)]
    [InlineData("headers-in-tile-parts", CodestreamMarker.PackedTileHeaders)]
    public void A_segment_without_an_index_or_with_that_of_another_is_refused(string name, ushort marker)
    {
        var codestream = CodestreamVectors.Read(name);
        foreach (byte[] content in (byte[][])[[], [0]])
        {
            Assert.Equal(CodecFault.Malformed, Fault(Insert(codestream, marker, content)));
        }
    }

    [Theory]
    [InlineData("headers-in-main-header", CodestreamMarker.PackedHeaders)]
    [InlineData("headers-in-tile-parts", CodestreamMarker.PackedTileHeaders)]
    public void Headers_of_which_a_segment_is_missing_are_refused(string name, ushort marker) =>
        Assert.InRange(Fault(Segments.Remove(CodestreamVectors.Read(name), marker)), CodecFault.Truncated, CodecFault.Malformed);

    [Fact]
    public void A_tile_part_whose_headers_are_longer_than_all_segments_is_refused()
    {
        var codestream = CodestreamVectors.Read("changing-progression");
        Assert.Equal(CodecFault.Malformed, Fault(Segments.Insert(codestream, CodestreamMarker.PackedHeaders, [0])));
        Assert.Equal(CodecFault.Malformed, Fault(Segments.Insert(codestream, CodestreamMarker.PackedHeaders, [0, 0, 0, 0])));
        Assert.Equal(CodecFault.Malformed, Fault(Segments.Insert(codestream, CodestreamMarker.PackedHeaders, [0, 0, 0, 0, 2, 0])));
        Assert.Equal(CodecFault.Malformed, Fault(Segments.Insert(codestream, CodestreamMarker.PackedHeaders, [0, 0xFF, 0xFF, 0xFF, 0xFF, 0])));
    }

    [Fact]
    public void Bodies_of_which_no_header_tells_are_refused()
    {
        var codestream = CodestreamVectors.Read("changing-progression");
        Assert.Equal(CodecFault.Malformed, Fault(Segments.InsertInTilePart(codestream, CodestreamMarker.PackedTileHeaders, [0])));
        Assert.Equal(CodecFault.Malformed, Fault(Segments.InsertInTilePart(codestream, CodestreamMarker.PackedTileHeaders, [0, 0])));
    }

    [Fact]
    public void Headers_stand_in_the_main_header_or_in_tile_parts_and_not_in_both()
    {
        Assert.Equal(CodecFault.Malformed, Fault(Segments.InsertInTilePart(CodestreamVectors.Read("headers-in-main-header"), CodestreamMarker.PackedTileHeaders, [Unused])));
        Assert.Equal(CodecFault.Malformed, Fault(Segments.Insert(CodestreamVectors.Read("changing-progression"), CodestreamMarker.PackedTileHeaders, [Unused])));
        Assert.Equal(CodecFault.Malformed, Fault(Segments.InsertInTilePart(CodestreamVectors.Read("changing-progression"), CodestreamMarker.PackedHeaders, [Unused])));
    }

    private static byte[] Insert(byte[] codestream, ushort marker, byte[] content) =>
        marker == CodestreamMarker.PackedHeaders ? Segments.Insert(codestream, marker, content) : Segments.InsertInTilePart(codestream, marker, content);

    private static CodecFault Fault(byte[] codestream) => Hostile.FaultOf(Jpeg2000Decoder.Instance, codestream, Layout);
}
