using Panal.Codecs;
using Panal.Codecs.Jpeg2000;
using Panal.Codecs.Jpeg2000.Codestream;
using Panal.Codecs.Jpeg2000.Packets;
using Panal.Conformance.Witnesses;

namespace Panal.Conformance.Codecs;

public sealed class PacketIndexTests
{
    /// <summary>OpenJPEG writes PLT from its own account; our reading of the packet headers must agree in every mode of coding.</summary>
    [Fact]
    public async Task Packet_headers_say_what_the_PLT_of_opj_compress_says()
    {
        using var folder = new TemporaryDirectory("packets");
        var (gray, colours) = (Draw(folder, 203, 157, 1), Draw(folder, 150, 131, 3));
        var compared = 0;
        foreach (var order in new[] { "LRCP", "RLCP", "RPCL", "PCRL", "CPRL" })
        {
            foreach (var options in new[]
            {
                "-n 6 -r 40,10,4,1", "-n 4 -r 20,1 -c [32,32],[64,32],[16,16] -b 16,16", "-n 3 -r 8,1 -t 64,48 -SOP -EPH", "-n 5 -r 10,1 -d 37,21 -T 5,3 -t 100,90",
                "-n 5 -r 30,5,1 -M 1", "-n 5 -r 30,5,1 -M 4 -b 32,8", "-n 5 -r 30,5,1 -M 63", "-n 5 -q 30,40,50 -I -TP R", "-n 1 -r 1", "-n 4 -r 10,1 -s 2,2",
            })
            {
                foreach (var source in new[] { gray, colours })
                {
                    var target = folder.Combine($"{compared}.j2k");
                    (await ForeignProgram.RunAsync(
                        "opj_compress", ["-i", source, "-o", target, "-p", order, "-PLT", .. options.Split(' ')], TestContext.Current.CancellationToken)).Succeeded();
                    AssertIndexed(await File.ReadAllBytesAsync(target, TestContext.Current.CancellationToken), $"{order} {options}", hasLengths: true);
                    compared++;
                }
            }
        }

        Assert.Equal(100, compared);
    }

    /// <summary>opj_compress writes POC for the first tile, and right only where no precinct lies in two volumes.</summary>
    [Theory]
    [InlineData("-n 3 -POC T1=0,0,1,1,3,RLCP/T1=1,0,1,3,3,CPRL")]
    [InlineData("-n 5 -r 8,1 -c [32,32],[32,32] -b 16,16 -SOP -EPH -mct 0 -POC T1=0,0,2,5,1,RPCL/T1=0,1,2,2,3,PCRL/T1=2,1,2,5,3,CPRL")]
    [InlineData("-n 4 -r 20,5,1 -t 80,70 -mct 0 -POC T1=0,0,3,4,2,LRCP/T1=0,2,3,4,3,RLCP")]
    public async Task Progressions_that_opj_compress_changes_are_indexed_as_its_PLT_says_and_decode_to_the_image(string options)
    {
        using var folder = new TemporaryDirectory("packets");
        var (source, target) = (Draw(folder, 150, 131, 3), folder.Combine("changing.j2k"));
        (await ForeignProgram.RunAsync("opj_compress", ["-i", source, "-o", target, "-PLT", .. options.Split(' ')], TestContext.Current.CancellationToken)).Succeeded();
        var codestream = await File.ReadAllBytesAsync(target, TestContext.Current.CancellationToken);
        AssertIndexed(codestream, options, hasLengths: true);
        var layout = Jpeg2000Decoder.Instance.ReadLayout(codestream, CodecLimits.Default)!.Value;
        var samples = new byte[layout.LengthBytes];
        Jpeg2000Decoder.Instance.Decode(codestream, layout, samples, CodecLimits.Default);
        Assert.Equal((await File.ReadAllBytesAsync(source, TestContext.Current.CancellationToken))[^samples.Length..], samples);
    }

    [Fact]
    public async Task Packets_of_ojph_compress_cover_its_codestreams()
    {
        using var folder = new TemporaryDirectory("packets");
        var source = Draw(folder, 203, 157, 3);
        foreach (var order in new[] { "LRCP", "RLCP", "RPCL", "PCRL", "CPRL" })
        {
            foreach (var options in new[] { "-reversible true", "-reversible false -qstep 0.01", "-reversible true -block_size {32,32} -precincts {64,64},{32,32}", "-reversible true -tile_size {90,70}" })
            {
                var target = folder.Combine("ht.j2c");
                (await ForeignProgram.RunAsync(
                    "ojph_compress", ["-i", source, "-o", target, "-prog_order", order, .. options.Split(' ')], TestContext.Current.CancellationToken)).Succeeded();
                AssertIndexed(await File.ReadAllBytesAsync(target, TestContext.Current.CancellationToken), $"{order} {options}", hasLengths: false);
            }
        }
    }

    /// <summary>Whole codestreams of the corpus: the packets that their headers describe end exactly where each tile-part ends.</summary>
    [Fact]
    public void Packets_cover_the_codestreams_of_the_corpus()
    {
        var indexed = 0;
        var refusals = new List<string>();
        foreach (var path in Directory.EnumerateFiles(Corpus.Path("j2k"), "*", SearchOption.AllDirectories)
            .Where(path => Path.GetExtension(path).ToUpperInvariant() is ".J2K" or ".J2C" or ".JPC" or ".JHC" && !path.Contains("nonregression", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            try
            {
                AssertIndexed(File.ReadAllBytes(path), path, hasLengths: false);
                indexed++;
            }
            catch (CodecException refused)
            {
                refusals.Add($"{path}: {refused.Fault}, {refused.Message}");
            }
        }

        Assert.Equal([], refusals);
        Assert.InRange(indexed, 15, int.MaxValue);
    }

    private static void AssertIndexed(byte[] codestream, string name, bool hasLengths)
    {
        var index = PacketIndex.Read(codestream, CodecLimits.Default, PacketLengthSource.PacketHeaders);
        if (hasLengths)
        {
            Assert.True(PacketIndex.Read(codestream, CodecLimits.Default, PacketLengthSource.PacketLengths).Packets.SequenceEqual(index.Packets), name);
        }

        // Neighbours are joined within a tile-part only, because a header stands between two.
        var data = index.Headers.TileParts.Select(part => part.Data).Where(range => range.LengthBytes > 0);
        Assert.True(data.SequenceEqual(index.RangesOf(_ => true)), $"{name}: the packets do not cover the data");
    }

    private static string Draw(TemporaryDirectory folder, int width, int height, int components)
    {
        var random = new Random(1);
        var samples = new byte[width * height * components];
        for (var i = 0; i < samples.Length; i++)
        {
            var (x, y) = (i / components % width, i / components / width);
            samples[i] = (byte)Math.Clamp(128 + (90 * Math.Sin((x + (9 * (i % components))) / 7.0) * Math.Cos(y / 9.0)) + random.Next(-6, 7), 0, 255);
        }

        var path = folder.Combine(components == 1 ? "gray.pgm" : "colours.ppm");
        File.WriteAllBytes(path, [.. System.Text.Encoding.ASCII.GetBytes($"P{(components == 1 ? 5 : 6)}\n{width} {height}\n255\n"), .. samples]);
        return path;
    }
}
