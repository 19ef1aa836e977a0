using System.Buffers.Binary;
using Panal.Codecs;
using Panal.Codecs.Jpeg;
using Panal.Codecs.Samples;
using Panal.Unit.Architecture;
using Panal.Unit.Codecs.Support;

namespace Panal.Unit.Codecs.Jpeg.Dct;

public sealed class ProgressiveFrameTests
{
    private static readonly Dictionary<string, SampleLayout> Layouts = new()
    {
        ["gray"] = new(45, 37, 1, 8, 8),
        ["gray12"] = new(33, 29, 1, 16, 12),
        ["rgb"] = new(43, 35, 3, 8, 8),
    };

    public static TheoryData<string> Names => [.. Layouts.Keys];

    /// <summary>The transform may be rounded otherwise, by one (T.83).</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void Samples_are_those_that_DCMTK_finds(string name)
    {
        var (stream, expected, layout) = (Read(name), Read(name + "-samples"), Layouts[name]);
        Assert.Equal(layout, JpegDecoder.Instance.ReadLayout(stream, CodecLimits.Default));
        var samples = new byte[layout.LengthBytes];
        JpegDecoder.Instance.Decode(stream, layout, samples, CodecLimits.Default);
        for (var i = 0; i < samples.Length; i += layout.BytesPerSample)
        {
            var (theirs, ours) = layout.BytesPerSample == 1
                ? (expected[i], samples[i])
                : (BinaryPrimitives.ReadUInt16LittleEndian(expected.AsSpan(i)), (int)BinaryPrimitives.ReadUInt16LittleEndian(samples.AsSpan(i)));
            Assert.InRange(ours - theirs, -1, 1);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Damaged_streams_end_in_samples_or_in_a_typed_refusal(string name)
    {
        var stream = Read(name);
        var end = stream.AsSpan().LastIndexOf((byte)0xD9) + 1;
        Assert.Equal(end, Hostile.TruncateEverywhere(JpegDecoder.Instance, stream[..end], Layouts[name]));
        Hostile.FlipEveryBit(JpegDecoder.Instance, stream, Layouts[name]);
        Hostile.Scramble(JpegDecoder.Instance, stream, Layouts[name], rounds: 1000, seed: 3);
    }

    private static byte[] Read(string name)
    {
        var lines = RepositoryFiles.Read("tests/vectors/jpeg-progressive.txt").Split('\n');
        return Convert.FromHexString(string.Concat(lines.SkipWhile(line => line != name + ":").Skip(1).TakeWhile(line => line.Length > 0)));
    }
}
