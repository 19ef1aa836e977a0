using System.Buffers;
using Panal.Codecs.Jpeg2000;
using Panal.Codecs.Samples;
using Panal.Dicom;
using Panal.Imaging;
using Panal.Imaging.Compact;
using Panal.Imaging.Compact.Stages;
using Panal.Imaging.Frames;
using Panal.Unit.Architecture;

namespace Panal.Unit.Imaging.Compact.Stages;

public sealed class StagedFileTests
{
    private static readonly TransferSyntax Explicit = TransferSyntax.ExplicitVrLittleEndian;

    [Fact]
    public async Task All_stages_together_are_the_file_bit_for_bit()
    {
        SampleLayout[] layouts = [new(37, 23, 1, 16, 12), new(300, 200, 1, 16, 16, IsSigned: true), new(37, 23, 1, 8, 8), new(64, 64, 3, 8, 8), new(40, 30, 3, 8, 8, IsPlanar: true)];
        foreach (var layout in layouts)
        {
            var compact = await MakeAsync(new Images { Layout = layout, Frames = 3, Photometric = layout.Components > 1 ? "RGB" : "MONOCHROME2", HasTrailing = true });
            var stages = Cut(compact);
            Assert.Equal(3, stages.Length);
            var joined = StagedFile.Read(stages);
            Assert.Equal((6, 6, true), (joined.Layers, joined.AllLayers, joined.IsWhole));
            var target = new MemoryStream();
            joined.Open().CopyTo(target);
            Assert.True(compact.AsSpan().SequenceEqual(target.ToArray()), $"{layout}");
        }
    }

    [Fact]
    public async Task The_first_stage_takes_a_fraction_of_the_bytes()
    {
        var compact = await MakeAsync(new Images { Layout = new(512, 512, 1, 16, 12) });
        Assert.InRange(Cut(compact)[0].Length, 1, compact.Length / 20);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 3)]
    [InlineData(3, 6)]
    public async Task A_preview_shows_every_frame_with_the_layers_that_have_come_and_says_so(int stages, int layers)
    {
        var images = new Images { Layout = new(150, 130, 1, 16, 12), Frames = 2 };
        var compact = await MakeAsync(images);
        var preview = StagedFile.Read(Cut(compact)[..stages]).Preview(ImageLimits.Default);
        Assert.Equal((layers, 6), (preview.Layers, preview.AllLayers));
        var file = Bytes(preview);
        var image = ReadImage(file, preview.DataSetOffsetBytes, Explicit);
        Assert.Equal("01", image.Attributes.GetString(Tags.LossyImageCompression));
        Assert.Equal("ISO_15444_1", image.Attributes.GetString(Tags.LossyImageCompressionMethod));
        Assert.Equal("DERIVED", image.Attributes.GetString(Tags.ImageType));
        Assert.Equal($"Preview of {layers} of 6 quality layers", image.Attributes.GetString(Tags.DerivationDescription));
        Assert.Equal("1.2.3.4.5", image.Attributes.GetString(Tags.SOPInstanceUID));

        // What the codec gives of the whole codestream when it is asked for so many layers.
        Assert.True(FileMeta.TryReadHeader(new ReadOnlySequence<byte>(compact), isFinal: true, out var meta, out _));
        var whole = ReadImage(compact, (int)meta!.DataSetOffsetBytes, meta.TransferSyntax);
        for (var frame = 0; frame < images.Frames; frame++)
        {
            var fragment = whole.FragmentsOf(frame)[0];
            var expected = new byte[images.Layout.LengthBytes];
            Jpeg2000Decoder.Decode(
                compact.AsSpan((int)fragment.Offset, fragment.LengthBytes), new Jpeg2000View(layers, 0), images.Layout, expected, ImageLimits.Default.Codec);
            var shown = image.FragmentsOf(frame)[0];
            Assert.True(expected.AsSpan().SequenceEqual(file.AsSpan((int)shown.Offset, shown.LengthBytes)));
            Assert.Equal(stages == 3, expected.AsSpan().SequenceEqual(images.Samples[frame]));
        }
    }

    [Fact]
    public async Task A_preview_of_many_frames_decodes_the_one_that_is_read_and_holds_no_other()
    {
        var images = new Images { Layout = new(257, 131, 1, 8, 8), Frames = 9 };
        var preview = StagedFile.Read(Cut(await MakeAsync(images))[..1]).Preview(ImageLimits.Default);
        var all = Bytes(preview);
        Assert.Equal(0, all.Length % 2);
        using var file = preview.Open();
        var frame = new byte[images.Layout.LengthBytes];
        var first = all.Length - (frame.Length * images.Frames) - 1;
        foreach (var number in (int[])[8, 2, 5])
        {
            file.Position = first + (number * frame.Length);
            file.ReadExactly(frame);
            Assert.True(frame.AsSpan().SequenceEqual(all.AsSpan(first + (number * frame.Length), frame.Length)));
        }

        // Opening the file and reading a frame of it take no memory that all frames together would need.
        var taken = Allocated.Bytes(() =>
        {
            using var again = preview.Open();
            again.Position = first + frame.Length;
            again.ReadExactly(frame);
        });
        Assert.InRange(taken, 0, images.Layout.LengthBytes);
    }

    [Fact]
    public async Task An_image_of_palette_entries_has_no_preview_since_a_coarse_number_is_another_colour()
    {
        var stages = Cut(await MakeAsync(new Images { Layout = new(64, 48, 1, 8, 8), Photometric = "PALETTE COLOR" }));
        Assert.Equal(ImageFault.Unsupported, Assert.Throws<ImageException>(() => StagedFile.Read(stages[..1]).Preview(ImageLimits.Default)).Fault);
        Assert.True(StagedFile.Read(stages).IsWhole);
    }

    [Fact]
    public async Task Colours_of_a_preview_are_red_green_and_blue()
    {
        var preview = StagedFile.Read(Cut(await MakeAsync(new Images { Layout = new(64, 48, 3, 8, 8), Photometric = "RGB" }))[..1]).Preview(ImageLimits.Default);
        var image = ReadImage(Bytes(preview), preview.DataSetOffsetBytes, Explicit);
        Assert.Equal("RGB", image.Attributes.GetString(Tags.PhotometricInterpretation));
        Assert.Equal(64 * 48 * 3, image.FragmentsOf(0)[0].LengthBytes);
    }

    [Fact]
    public async Task Private_and_long_elements_come_last()
    {
        var images = new Images { Layout = new(64, 64, 1, 16, 12) };
        var dataSet = images.Attributes();
        dataSet.SetBytes(Tags.PixelData, Vr.OW, images.Samples[0]);
        dataSet.SetBytes(new Tag(0x00290010), Vr.LO, "PANAL TEST"u8.ToArray());
        dataSet.SetBytes(new Tag(0x00291001), Vr.OB, new byte[3000]);
        dataSet.SetBytes(Tags.RedPaletteColorLookupTableData, Vr.OW, new byte[2000]);
        var compact = await CompactFiles.MakeAsync(CompactFiles.File(dataSet, Explicit), Uids.JPEG2000Lossless);
        var stages = Cut(compact);
        var preview = StagedFile.Read(stages[..1]).Preview(ImageLimits.Default);
        var image = ReadImage(Bytes(preview), preview.DataSetOffsetBytes, Explicit);
        Assert.False(image.Attributes.Contains(new Tag(0x00291001)));
        Assert.False(image.Attributes.Contains(Tags.RedPaletteColorLookupTableData));
        Assert.Equal("P1", image.Attributes.GetString(Tags.PatientID));
        Assert.True(StagedFile.Read(stages).IsWhole);
    }

    [Fact]
    public async Task Files_without_layers_and_foreign_files_have_no_stages()
    {
        var file = CompactFiles.File(new Images().Native(Explicit), Explicit);
        Assert.Null(StageCuts.Find(new MemoryStream(file), ImageLimits.Default));
        Assert.Null(StageCuts.Find(new MemoryStream(await CompactFiles.MakeAsync(file, Uids.JPEGLSLossless)), ImageLimits.Default));
        Assert.Null(StageCuts.Find(new MemoryStream(await CompactFiles.MakeAsync(file, Uids.HTJ2KLosslessRPCL)), ImageLimits.Default));
        Assert.Null(StageCuts.Find(new MemoryStream([]), ImageLimits.Default));
    }

    [Fact]
    public void Bytes_of_the_format_never_change()
    {
        var vectors = RepositoryFiles.Read("tests/vectors/stages.txt").Split('\n')
            .Where(line => line.Length > 0 && line[0] != '#').Select(line => line.Split(' ')).ToArray();
        Assert.Equal(2, vectors.Length);
        foreach (var vector in vectors)
        {
            ReadOnlyMemory<byte>[] stages = [.. vector[2..].Select(stage => (ReadOnlyMemory<byte>)Convert.FromHexString(stage))];
            var target = new MemoryStream();
            StagedFile.Read(stages).Open().CopyTo(target);
            Assert.Equal(vector[1], Convert.ToHexStringLower(target.ToArray()));
        }
    }

    [Fact]
    public async Task Stages_of_another_file_out_of_order_or_twice_are_refused()
    {
        var one = Cut(await MakeAsync(new Images { Layout = new(64, 64, 1, 16, 12) }));
        var other = Cut(await MakeAsync(new Images { Layout = new(64, 65, 1, 16, 12) }));
        foreach (var stages in (ReadOnlyMemory<byte>[][])[[one[1]], [one[0], one[2]], [one[0], one[0]], [one[0], other[1]], [one[0], one[1], other[2]], [one[0], one[1], one[2], one[2]]])
        {
            Assert.Throws<ImageException>(() => StagedFile.Read(stages));
        }

        Assert.Throws<InvalidOperationException>(() => StagedFile.Read(one[..2]).Open());
    }

    [Fact]
    public async Task Cut_and_damaged_stages_are_refused_or_are_no_file_with_the_same_length()
    {
        var compact = await MakeAsync(new Images { Layout = new(17, 13, 1, 16, 12) });
        var stages = Cut(compact);
        for (var number = 0; number < stages.Length; number++)
        {
            for (var length = 0; length < stages[number].Length; length++)
            {
                Assert.False(Survives(stages, number, stages[number][..length].ToArray()), $"stage {number} cut at {length}");
            }

            Assert.False(Survives(stages, number, [.. stages[number].Span, 0]), "one byte more");
            for (var at = 0; at < stages[number].Length; at++)
            {
                foreach (var bit in (byte[])[1, 16, 128])
                {
                    var damaged = stages[number].ToArray();
                    damaged[at] ^= bit;
                    _ = Survives(stages, number, damaged);
                }
            }
        }
    }

    [Theory]
    [InlineData("5043530101020304050607080001020000000000")]
    [InlineData("50435301010203040506070800010280808020000000000000")]
    [InlineData("50435301010203040506070800010281808020000000000000")]
    [InlineData("504353010102030405060708080102000000000000")]
    [InlineData("504353010102030405060708000302000000000000")]
    [InlineData("50435301010203040506070800010200000080808040")]
    public void Impossible_numbers_are_refused_before_memory_is_taken(string hexadecimal) =>
        Assert.Throws<ImageException>(() => StagedFile.Read([Convert.FromHexString(hexadecimal)]));

    private static bool Survives(ReadOnlyMemory<byte>[] stages, int number, byte[] replaced)
    {
        ReadOnlyMemory<byte>[] all = [.. stages];
        all[number] = replaced;
        try
        {
            _ = Bytes(StagedFile.Read(all[..(number + 1)]).Preview(ImageLimits.Default));
            return true;
        }
        catch (Exception e) when (e is ImageException or CompactFormException)
        {
            return false;
        }
    }

    private static byte[] Bytes(PreviewFile preview)
    {
        using var file = preview.Open();
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }

    private static StoredImage ReadImage(byte[] file, int dataSetOffset, TransferSyntax syntax) =>
        StoredImage.Read(new MemoryStream(file) { Position = dataSetOffset }, syntax, ImageLimits.Default);

    private static Task<byte[]> MakeAsync(Images images) => CompactFiles.MakeAsync(CompactFiles.File(images.Native(Explicit), Explicit), Uids.JPEG2000Lossless);

    private static ReadOnlyMemory<byte>[] Cut(byte[] compact)
    {
        var cuts = StageCuts.Find(new MemoryStream(compact), ImageLimits.Default);
        Assert.NotNull(cuts);
        return [.. Enumerable.Range(0, cuts.Count).Select(number =>
        {
            var stage = new ArrayBufferWriter<byte>();
            cuts.Write(number, bytes => stage.Write(bytes));
            return stage.WrittenMemory;
        })];
    }
}
