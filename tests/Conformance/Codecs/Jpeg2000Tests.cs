using Panal.Codecs.Jpeg2000;

namespace Panal.Conformance.Codecs;

public sealed class Jpeg2000Tests
{
    private const string Lossless = "1.2.840.10008.1.2.4.90", Lossy = "1.2.840.10008.1.2.4.91";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_lossless_file_of_the_corpus_decodes_as_GDCM_decodes_it()
    {
        var compared = await ForeignFrames.DecodeLikeAsync(Jpeg2000Decoder.Instance, [Lossless], "gdcmconv", ["--raw"], difference: 0, Ct, IsDecoded);
        Assert.InRange(compared, 10, int.MaxValue);
    }

    [Fact]
    public async Task Every_lossy_file_of_the_corpus_decodes_to_within_one_of_what_GDCM_makes_of_it()
    {
        var compared = await ForeignFrames.DecodeLikeAsync(Jpeg2000Decoder.Instance, [Lossy], "gdcmconv", ["--raw"], difference: 1, Ct, IsDecoded);
        Assert.InRange(compared, 7, int.MaxValue);
    }

    /// <summary>A codestream, not a JP2 file in its place, of more than one bit (SIZ, T.800 Table A.9).</summary>
    private static bool IsDecoded(byte[] frame) => frame is [0xFF, 0x4F, ..] && frame.Length > 42 && (frame[42] & 0x7F) > 0;
}
