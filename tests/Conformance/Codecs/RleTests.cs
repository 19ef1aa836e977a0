using Panal.Codecs.Rle;

namespace Panal.Conformance.Codecs;

public sealed class RleTests
{
    private const string Syntax = "1.2.840.10008.1.2.5";

    [Fact]
    public async Task Every_RLE_file_of_the_corpus_decodes_as_dcmdrle_decodes_it()
    {
        var compared = await ForeignFrames.DecodeLikeAsync(
            RleDecoder.Instance, [Syntax], "dcmdrle", [], difference: 0, TestContext.Current.CancellationToken);
        Assert.InRange(compared, 10, int.MaxValue);
    }

    [Fact]
    public async Task What_we_encode_as_RLE_is_decoded_by_dcmdrle_to_the_original()
    {
        var compared = await ForeignFrames.EncodeForAsync(
            RleEncoder.Instance, Syntax, "dcmdrle", [], file => file.Layout.BitsAllocated > 1, TestContext.Current.CancellationToken);
        Assert.InRange(compared, 20, int.MaxValue);
    }
}
