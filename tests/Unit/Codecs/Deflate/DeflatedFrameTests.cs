using System.IO.Compression;
using Panal.Codecs;
using Panal.Codecs.Deflate;
using Panal.Codecs.Samples;
using Panal.Unit.Codecs.Support;

namespace Panal.Unit.Codecs.Deflate;

public sealed class DeflatedFrameTests
{
    // Made by zlib: six by five pixels, the sample of x, y and component c is (7 x + 3 y + 40 c) modulo 251.
    private const string Colours =
        "63d00860d70fe7338b13b54d9571c951f62e66d60ee6328a12b44c9470c89077cf57f32b63d30be3358d15b1499176ce56f22ad20cace4348c14b04810b74f9773cb53f52dd509a9e1318911b64e9672ca52f42cd408a8d00faf0700";

    private static readonly SampleLayout Pixels = new(6, 5, 3, 8, 8);

    [Fact]
    public void What_zlib_deflated_comes_back_as_pixels_and_as_planes()
    {
        var encoded = Convert.FromHexString(Colours);
        foreach (var isPlanar in (bool[])[false, true])
        {
            var samples = Decode(DeflatedFrameDecoder.OfPixels, encoded, Pixels with { IsPlanar = isPlanar });
            for (var i = 0; i < samples.Length; i++)
            {
                var (x, y, c) = isPlanar ? (i % 6, i / 6 % 5, i / 30) : (i / 3 % 6, i / 18, i % 3);
                Assert.Equal(((7 * x) + (3 * y) + (40 * c)) % 251, samples[i]);
            }
        }
    }

    /// <summary>A stored block of RFC 1951 §3.2.4, made by hand.</summary>
    [Fact]
    public void A_stored_block_of_wide_samples_in_planes_becomes_pixels()
    {
        byte[] planes = [1, 2, 3, 4, 5, 6, 7, 8];
        byte[] encoded = [1, 8, 0, 0xF7, 0xFF, .. planes];
        var layout = new SampleLayout(2, 1, 2, 16, 16);
        Assert.Equal([1, 2, 5, 6, 3, 4, 7, 8], Decode(DeflatedFrameDecoder.OfPlanes, encoded, layout));
        Assert.Equal(planes, Decode(DeflatedFrameDecoder.OfPlanes, encoded, layout with { IsPlanar = true }));
        Assert.Equal(planes, Decode(DeflatedFrameDecoder.OfPixels, encoded, layout));
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(8, 8, 4)]
    [InlineData(16, 12, 1)]
    [InlineData(32, 32, 1)]
    public void Every_width_of_samples_comes_back_and_padding_behind_them_is_passed_over(int allocated, int stored, int components)
    {
        var layout = new SampleLayout(37, 21, components, allocated, stored);
        var samples = new byte[layout.LengthBytes];
        new Random(allocated).NextBytes(samples);
        Assert.Equal(samples, Decode(DeflatedFrameDecoder.OfPixels, [.. Deflate([.. samples, 0]), 0], layout));
    }

    [Fact]
    public void Damaged_frames_end_in_samples_or_in_a_typed_refusal()
    {
        var encoded = Convert.FromHexString(Colours);
        Assert.InRange(Hostile.TruncateEverywhere(DeflatedFrameDecoder.OfPixels, encoded, Pixels), encoded.Length - 3, encoded.Length);
        Hostile.FlipEveryBit(DeflatedFrameDecoder.OfPixels, encoded, Pixels);
        Hostile.Scramble(DeflatedFrameDecoder.OfPlanes, encoded, Pixels, rounds: 2000, seed: 7);
        Assert.Equal(CodecFault.Truncated, Hostile.FaultOf(DeflatedFrameDecoder.OfPixels, encoded, Pixels with { Height = 6 }));
        Assert.Equal(CodecFault.Malformed, Hostile.FaultOf(DeflatedFrameDecoder.OfPixels, [6, 0], Pixels));
        Assert.Equal(CodecFault.LimitExceeded, Hostile.FaultOf(DeflatedFrameDecoder.OfPixels, encoded, Pixels, new() { Height = 4 }));
        Assert.Equal(CodecFault.Unsupported, Hostile.FaultOf(DeflatedFrameDecoder.OfPlanes, encoded, new(8, 1, 2, 1, 1)));
    }

    [Fact]
    public void A_bomb_is_not_inflated_beyond_its_frame()
    {
        var layout = new SampleLayout(64, 64, 1, 8, 8);
        var bomb = Deflate(new byte[64 << 20]);
        Assert.InRange(Hostile.AllocatedBytes(DeflatedFrameDecoder.OfPixels, bomb, layout), 0, 64 << 10);
    }

    private static byte[] Decode(DeflatedFrameDecoder decoder, byte[] encoded, SampleLayout layout)
    {
        var samples = new byte[layout.LengthBytes];
        decoder.Decode(encoded, layout, samples, CodecLimits.Default);
        return samples;
    }

    private static byte[] Deflate(byte[] bytes)
    {
        var target = new MemoryStream();
        using (var deflate = new DeflateStream(target, CompressionLevel.Fastest, leaveOpen: true))
        {
            deflate.Write(bytes);
        }

        return target.ToArray();
    }
}
