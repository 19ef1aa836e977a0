using System.Buffers.Binary;
using System.Globalization;
using Panal.Codecs;
using Panal.Codecs.Jpeg2000;
using Panal.Codecs.Samples;
using Panal.Conformance.Witnesses;

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

    [Fact]
    public async Task What_we_encode_is_decoded_by_GDCM_to_the_original()
    {
        var compared = await ForeignFrames.EncodeForAsync(
            Jpeg2000Encoder.LosslessApart, Lossless, "gdcmconv", ["--raw"], file => file.Layout is { BitsAllocated: 8 or 16, IsPlanar: false }, Ct);
        Assert.InRange(compared, 20, int.MaxValue);
    }

    /// <summary>Whole, and in smaller views: what both decoders leave out they must take for the same.</summary>
    [Theory]
    [InlineData(1, 12, 6, 0, false)]
    [InlineData(1, 16, 6, 0, false)]
    [InlineData(3, 8, 6, 0, false)]
    [InlineData(1, 12, 6, 2, false)]
    [InlineData(3, 8, 6, 1, false)]
    [InlineData(1, 12, 1, 0, false)]
    [InlineData(1, 12, 3, 0, false)]
    [InlineData(1, 12, 4, 1, false)]
    [InlineData(1, 12, 6, 0, true)]
    [InlineData(3, 8, 6, 0, true)]
    [InlineData(1, 16, 5, 0, true)]
    [InlineData(1, 16, 4, 1, true)]
    public async Task OpenJPEG_decodes_what_we_encode_as_we_do(int components, int bits, int layers, int halvings, bool bypasses)
    {
        using var folder = new TemporaryDirectory("codestreams");
        var layout = new SampleLayout(301, 263, components, bits > 8 ? 16 : 8, bits, IsPlanar: true);
        var samples = Landscape(layout);
        var encoder = new Jpeg2000Encoder(Jpeg2000Form.Default with { BypassesCoder = bypasses });
        var encoded = ForeignFrames.Encode(encoder, samples, layout);
        await File.WriteAllBytesAsync(folder.Combine("frame.j2k"), encoded, Ct);
        await ForeignProgram.RunAsync(
            "opj_decompress", ["-i", folder.Combine("frame.j2k"), "-o", folder.Combine("frame.rawl"), "-l", $"{layers}", "-r", $"{halvings}"], Ct);
        var theirs = await File.ReadAllBytesAsync(folder.Combine("frame.rawl"), Ct);
        var view = new Jpeg2000View(layers, halvings);
        var wanted = Jpeg2000Decoder.ReadLayout(encoded, view, CodecLimits.Default) with { IsPlanar = true };
        var ours = new byte[wanted.LengthBytes];
        Jpeg2000Decoder.Decode(encoded, view, wanted, ours, CodecLimits.Default);
        ForeignFrames.AssertNear($"{layers} layers, halved {halvings} times", wanted, theirs, ours, 0);
        if (view is { Layers: 6, Halvings: 0 })
        {
            Assert.Equal(samples, ours);
        }
    }

    /// <summary>Streams of T.803 with the bounds of its Tables C.6 and C.7 for decoders of class 1: the largest error and the mean of its square, for each component.</summary>
    [Theory]
    [InlineData("p0_01", "0", "0")]
    [InlineData("p0_02", "0", "0")]
    [InlineData("p0_03", "0", "0")]
    [InlineData("p0_04", "5:4:6", "0.776:0.626:1.070")]
    [InlineData("p0_06", "635:403:378:0", "11287:6124:3968:0")]
    [InlineData("p0_10", "0:0:0", "0:0:0")]
    [InlineData("p0_11", "0", "0")]
    [InlineData("p0_12", "0", "0")]
    [InlineData("p0_14", "0:0:0", "0:0:0")]
    [InlineData("p1_01", "0", "0")]
    [InlineData("p1_02", "5:4:6", "0.765:0.616:1.051")]
    [InlineData("p1_05", "40:40:40", "8.458:9.816:10.154")]
    [InlineData("p1_06", "2:2:2", "0.6:0.6:0.6")]
    [InlineData("p1_07", "0:0", "0:0")]
    public void Streams_of_T803_decode_within_the_bounds_of_class_1(string name, string peaks, string squares)
    {
        var encoded = File.ReadAllBytes(Corpus.Path("j2k", "conformance_part1", "openjpeg-data", $"{name}.j2k"));
        var layout = Jpeg2000Decoder.Instance.ReadLayout(encoded, CodecLimits.Default)!.Value with { IsPlanar = true };
        var samples = new byte[layout.LengthBytes];
        Jpeg2000Decoder.Instance.Decode(encoded, layout, samples, CodecLimits.Default);
        var compared = 0;
        foreach (var (component, peak) in peaks.Split(':').Index())
        {
            var reference = Corpus.Path("j2k", "conformance_part1", "reference", "openjpeg-data", $"c1{name}_{component}.pgx");
            if (File.Exists(reference))
            {
                var (largest, mean) = ErrorOf(encoded, layout, samples, component, File.ReadAllBytes(reference));
                Assert.InRange(largest, 0, int.Parse(peak, CultureInfo.InvariantCulture));
                Assert.InRange(mean, 0, double.Parse(squares.Split(':')[component], CultureInfo.InvariantCulture));
                compared++;
            }
        }

        Assert.InRange(compared, 1, int.MaxValue);
    }

    /// <summary>DICOM's images have one or three components; the 257 of this stream are indexed and not decoded.</summary>
    [Fact]
    public void More_than_four_components_are_refused_as_not_supported()
    {
        var encoded = File.ReadAllBytes(Corpus.Path("j2k", "conformance_part1", "openjpeg-data", "p0_13.j2k"));
        Assert.Equal(CodecFault.Unsupported, Assert.Throws<CodecException>(() => Jpeg2000Decoder.Instance.ReadLayout(encoded, CodecLimits.Default)).Fault);
    }

    /// <summary>Compares a component with its reference in PGX: on its own grid, which in ours is filled up by repetition.</summary>
    private static (int Largest, double MeanSquare) ErrorOf(byte[] codestream, in SampleLayout layout, byte[] samples, int component, byte[] reference)
    {
        int Size(int at) => (int)BinaryPrimitives.ReadUInt32BigEndian(codestream.AsSpan(at));
        var (left, top) = (Size(16), Size(20));
        var (stepX, stepY) = (codestream[43 + (3 * component)], codestream[44 + (3 * component)]);
        var end = Array.IndexOf(reference, (byte)'\n');
        var header = System.Text.Encoding.ASCII.GetString(reference, 0, end).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var (width, height) = (int.Parse(header[^2], CultureInfo.InvariantCulture), int.Parse(header[^1], CultureInfo.InvariantCulture));
        var isWide = header[^3] is "12" or "+12" or "16" or "+16";
        var (largest, sum) = (0, 0.0);
        for (var i = 0; i < width * height; i++)
        {
            var (x, y) = ((((left + stepX - 1) / stepX) + (i % width)) * stepX - left, (((top + stepY - 1) / stepY) + (i / width)) * stepY - top);
            var at = (((component * layout.Height) + y) * layout.Width) + x;
            var ours = layout.BitsAllocated == 16 ? BinaryPrimitives.ReadUInt16LittleEndian(samples.AsSpan(2 * at)) : samples[at];
            var theirs = isWide ? BinaryPrimitives.ReadUInt16BigEndian(reference.AsSpan(end + 1 + (2 * i))) : reference[end + 1 + i];
            largest = Math.Max(largest, Math.Abs(ours - theirs));
            sum += (ours - theirs) * (double)(ours - theirs);
        }

        return (largest, sum / (width * height));
    }

    /// <summary>Streams of OpenJPH, Kakadu and others; the irreversible transform leaves the rounding to the decoder.</summary>
    [Theory]
    [InlineData("medical/openjphjs/CT1.j2c", 0)]
    [InlineData("medical/openjphjs/MR1.j2c", 0)]
    [InlineData("medical/openjphjs/NM1.j2c", 0)]
    [InlineData("medical/openjphjs/US1.j2c", 0)]
    [InlineData("openjpeg-data/Bretagne1_ht.j2k", 0)]
    [InlineData("openjpeg-data/Bretagne1_ht_lossy.j2k", 1)]
    public async Task High_throughput_streams_decode_as_OpenJPEG_decodes_them(string name, int difference)
    {
        using var folder = new TemporaryDirectory("codestreams");
        var path = Corpus.Path(["j2k", "htj2k", .. name.Split('/')]);
        var encoded = await File.ReadAllBytesAsync(path, Ct);
        await ForeignProgram.RunAsync("opj_decompress", ["-i", path, "-o", folder.Combine("frame.rawl")], Ct);
        var layout = Jpeg2000Decoder.Instance.ReadLayout(encoded, CodecLimits.Default)!.Value with { IsPlanar = true };
        var samples = new byte[layout.LengthBytes];
        Jpeg2000Decoder.Instance.Decode(encoded, layout, samples, CodecLimits.Default);
        ForeignFrames.AssertNear(name, layout, await File.ReadAllBytesAsync(folder.Combine("frame.rawl"), Ct), samples, difference);
    }

    [Theory]
    [InlineData(1, 8, "pgm")]
    [InlineData(1, 12, "pgm")]
    [InlineData(1, 16, "pgm")]
    [InlineData(3, 8, "ppm")]
    public async Task OpenJPH_decodes_what_we_encode_in_high_throughput_to_the_original(int components, int bits, string kind)
    {
        using var folder = new TemporaryDirectory("codestreams");
        var layout = new SampleLayout(301, 263, components, bits > 8 ? 16 : 8, bits);
        var samples = Landscape(layout);
        await File.WriteAllBytesAsync(folder.Combine("frame.j2c"), ForeignFrames.Encode(Jpeg2000Encoder.HighThroughput, samples, layout), Ct);
        await ForeignProgram.RunAsync("ojph_expand", ["-i", folder.Combine("frame.j2c"), "-o", folder.Combine($"frame.{kind}")], Ct);
        var file = await File.ReadAllBytesAsync(folder.Combine($"frame.{kind}"), Ct);
        var theirs = file[^samples.Length..];
        for (var i = 0; i < theirs.Length && bits > 8; i += 2)
        {
            (theirs[i], theirs[i + 1]) = (theirs[i + 1], theirs[i]);
        }

        Assert.Equal(samples, theirs);
    }

    private static byte[] Landscape(in SampleLayout layout)
    {
        var random = new Random(4);
        var samples = new byte[layout.LengthBytes];
        for (var i = 0; i < samples.Length / layout.BytesPerSample; i++)
        {
            var (x, y) = (i % layout.Width, i / layout.Width);
            var value = (int)((Math.Sin(x / 17.0) + Math.Cos(y / 23.0) + 2) / 4.1 * (1 << layout.BitsStored)) ^ random.Next(1 << (layout.BitsStored / 4));
            samples[i * layout.BytesPerSample] = (byte)value;
            if (layout.BytesPerSample == 2)
            {
                samples[(2 * i) + 1] = (byte)(value >> 8);
            }
        }

        return samples;
    }

    /// <summary>A codestream, not a JP2 file in its place, of more than one bit (SIZ, T.800 Table A.9).</summary>
    private static bool IsDecoded(byte[] frame) => frame is [0xFF, 0x4F, ..] && frame.Length > 42 && (frame[42] & 0x7F) > 0;
}
