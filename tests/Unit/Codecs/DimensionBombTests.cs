using System.Buffers.Binary;
using Panal.Codecs;
using Panal.Codecs.Jpeg;
using Panal.Codecs.Jpeg.Dct;
using Panal.Codecs.Jpeg.Lossless;
using Panal.Codecs.Jpeg2000;
using Panal.Codecs.JpegLs;
using Panal.Codecs.Samples;
using Panal.Unit.Codecs.Support;

namespace Panal.Unit.Codecs;

/// <summary>Headers that promise far more than there is: refused before memory is taken for it. RLE has no dimensions of its own.</summary>
public sealed class DimensionBombTests
{
    // What headers, markers and tables of a small frame may take.
    private const long AllocationLimitBytes = 256 << 10;

    private static readonly SampleLayout Small = new(40, 30, 1, 8, 8);
    private static readonly CodecLimits Limits = new() { FrameLengthBytes = 1 << 20 };

    [Theory]
    [InlineData("baseline")]
    [InlineData("progressive")]
    [InlineData("lossless")]
    [InlineData("JPEG-LS")]
    public void A_JPEG_header_of_the_largest_frame_is_refused(string process)
    {
        var (decoder, encoded, marker) = JpegFrame(process);

        // Marker, length and precision come before the height and the width (T.81 §B.2.2, T.87 Annex C).
        encoded.AsSpan(encoded.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, marker]) + 5, 4).Fill(0xFF);
        AssertRefused(decoder, encoded);
    }

    [Theory]
    [InlineData(false, 65_535, 65_535)]
    [InlineData(true, 65_535, 65_535)]
    [InlineData(false, 65_535, 1)]
    [InlineData(false, uint.MaxValue, uint.MaxValue)]
    [InlineData(false, uint.MaxValue, 1)]
    public void A_codestream_of_the_largest_frame_in_one_tile_or_in_many_is_refused(bool isFast, uint side, uint tileSide)
    {
        var encoded = Hostile.Encode(isFast ? Jpeg2000Encoder.HighThroughput : Jpeg2000Encoder.Lossless, Frames.Make(Small), Small);
        PutSize(encoded, side, tileSide);
        AssertRefused(Jpeg2000Decoder.Instance, encoded);
    }

    [Fact]
    public void A_codestream_of_more_tiles_or_packets_than_it_has_bytes_is_refused_though_the_frame_is_small()
    {
        var encoded = Hostile.Encode(Jpeg2000Encoder.Lossless, Frames.Make(Small), Small);
        var tiles = (byte[])encoded.Clone();
        PutSize(tiles, 30, 1);
        AssertRefused(Jpeg2000Decoder.Instance, tiles);

        // COD: the layers, then the largest precincts made the smallest (T.800 Tables A.12 to A.15, A.21).
        var style = encoded.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0x52]);
        BinaryPrimitives.WriteUInt16BigEndian(encoded.AsSpan(style + 6), ushort.MaxValue);
        var levels = encoded[style + 9];
        encoded.AsSpan(style + 14, levels + 1).Fill(0x11);
        AssertRefused(Jpeg2000Decoder.Instance, encoded);
    }

    private static void AssertRefused(IFrameDecoder decoder, byte[] encoded)
    {
        var samples = new byte[Small.LengthBytes];
        Assert.False(Hostile.Survives(decoder, encoded, Small, samples));
        Assert.InRange(Allocated.Bytes(() => Hostile.Survives(decoder, encoded, Small, samples)), 0, AllocationLimitBytes);
        var read = Record.Exception(() => decoder.ReadLayout(encoded, Limits));
        Assert.True(read is null or CodecException, $"{read}");
    }

    private static (IFrameDecoder Decoder, byte[] Encoded, byte Marker) JpegFrame(string process)
    {
        var samples = Frames.Make(Small);
        switch (process)
        {
            case "baseline":
                return (JpegDecoder.Instance, Hostile.Encode(new JpegBaselineEncoder(90), samples, Small), 0xC0);
            case "progressive":
                // The header of a frame is the same for every process, and is read before the process counts.
                var encoded = Hostile.Encode(new JpegBaselineEncoder(90), samples, Small);
                encoded[encoded.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0]) + 1] = 0xC2;
                return (JpegDecoder.Instance, encoded, 0xC2);
            case "lossless":
                return (JpegDecoder.Instance, Hostile.Encode(JpegLosslessEncoder.Instance, samples, Small), 0xC3);
            default:
                return (JpegLsDecoder.Instance, Hostile.Encode(JpegLsEncoder.Lossless, samples, Small), 0xF7);
        }
    }

    /// <summary>SIZ: the image, then, behind its offset, the tiles (T.800 §A.5.1).</summary>
    private static void PutSize(byte[] codestream, uint side, uint tileSide)
    {
        var size = codestream.AsSpan(codestream.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0x51]) + 6);
        foreach (var (at, value) in ((int, uint)[])[(0, side), (4, side), (16, tileSide), (20, tileSide)])
        {
            BinaryPrimitives.WriteUInt32BigEndian(size[at..], value);
        }
    }
}
