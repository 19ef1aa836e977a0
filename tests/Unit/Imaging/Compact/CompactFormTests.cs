using System.Buffers;
using Panal.Codecs.Samples;
using Panal.Dicom;
using Panal.Imaging;
using Panal.Imaging.Compact;
using Panal.Imaging.Frames;

namespace Panal.Unit.Imaging.Compact;

public sealed class CompactFormTests
{
    private static readonly TransferSyntax Explicit = TransferSyntax.ExplicitVrLittleEndian;
    private static readonly TransferSyntax Implicit = TransferSyntax.ImplicitVrLittleEndian;

    public static TheoryData<string> Targets => [.. CompactForm.Targets.Select(syntax => syntax.Uid)];

    [Theory]
    [MemberData(nameof(Targets))]
    public async Task The_received_file_comes_back_bit_for_bit(string targetUid)
    {
        SampleLayout[] layouts =
        [
            new(37, 23, 1, 16, 12), new(37, 23, 1, 16, 16, IsSigned: true), new(37, 23, 1, 8, 8), new(37, 23, 3, 8, 8), new(37, 23, 3, 8, 8, IsPlanar: true),
        ];
        foreach (var layout in layouts)
        {
            foreach (var syntax in (TransferSyntax[])[Explicit, Implicit])
            {
                var images = new Images { Layout = layout, Frames = 3, Photometric = layout.Components > 1 ? "RGB" : "MONOCHROME2", HasTrailing = true };
                var file = CompactFiles.File(images.Native(syntax), syntax);
                var compact = await CompactFiles.MakeAsync(file, targetUid);
                Assert.True(file.AsSpan().SequenceEqual(CompactFiles.Receive(compact)), $"{layout} {syntax.Name}");
            }
        }
    }

    [Fact]
    public async Task Other_programs_see_an_ordinary_lossless_file()
    {
        var images = new Images { Frames = 2 };
        var compact = await CompactFiles.MakeAsync(CompactFiles.File(images.Native(Implicit), Implicit));
        Assert.True(FileMeta.TryReadHeader(new ReadOnlySequence<byte>(compact), isFinal: true, out var meta, out _));
        Assert.Equal(Uids.JPEGLSLossless, meta!.TransferSyntax.Uid);
        Assert.True(ReceivedStream.IsCompact(meta));
        var stream = new MemoryStream(compact) { Position = meta.DataSetOffsetBytes };
        var image = StoredImage.Read(stream, meta.TransferSyntax, ImageLimits.Default);
        Assert.Equal(2, image.Pixels!.Frames);
        Assert.True(image.Attributes.ContentEquals(images.Attributes()));
    }

    [Fact]
    public async Task Bits_that_are_not_meant_padding_and_surplus_bytes_come_back_too()
    {
        var images = new Images { Layout = new(9, 7, 1, 16, 12) };
        var dataSet = images.Attributes();
        byte[] pixels = [.. images.Samples[0], 1, 2, 3, 4, 5, 6];
        pixels[1] |= 0x80;
        dataSet.SetBytes(Tags.PixelData, Vr.OW, pixels);
        byte[] file = [.. CompactFiles.File(dataSet, Explicit), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        Assert.Equal(file, CompactFiles.Receive(await CompactFiles.MakeAsync(file)));
    }

    [Fact]
    public async Task Odd_forms_of_old_writers_come_back_too()
    {
        // Undefined and defined lengths mixed, a group length, an empty sequence; the attributes are the same in any form.
        var images = new Images();
        var dataSet = images.Attributes();
        dataSet.SetSequence(Tags.ReferencedImageSequence, [.. Enumerable.Range(0, 40).Select(number => Item($"1.2.{number}"))]);
        dataSet.SetBytes(Tags.PixelData, Vr.OW, images.Samples[0]);
        foreach (var lengths in (SequenceLengths[])[SequenceLengths.Defined, SequenceLengths.Undefined])
        {
            var bytes = new ArrayBufferWriter<byte>();
            DataSetEncoding.Encode(dataSet, Implicit, bytes, lengths);
            var file = CompactFiles.File([8, 0, 0, 0, 4, 0, 0, 0, 99, 0, 0, 0, .. bytes.WrittenSpan], Implicit);
            Assert.Equal(file, CompactFiles.Receive(await CompactFiles.MakeAsync(file)));
        }

        static DataSet Item(string uid)
        {
            var item = new DataSet();
            item.Set(Tags.ReferencedSOPInstanceUID, uid);
            return item;
        }
    }

    [Fact]
    public async Task A_head_with_a_foreign_preamble_comes_back_too()
    {
        var file = CompactFiles.File(new Images().Native(Explicit), Explicit);
        "II*"u8.CopyTo(file);
        Assert.Equal(file, CompactFiles.Receive(await CompactFiles.MakeAsync(file)));
    }

    [Theory]
    [InlineData(0xFFFAFFFA)]
    [InlineData(0x4FFE0001)]
    [InlineData(0x04000500)]
    public async Task Signed_objects_are_left_alone_at_any_depth(uint tag)
    {
        var images = new Images();
        var dataSet = images.Attributes();
        dataSet.SetBytes(Tags.PixelData, Vr.OW, images.Samples[0]);
        dataSet.SetSequence(new Tag(tag), [new DataSet()]);
        await RefusedAsync(CompactFiles.File(dataSet, Explicit));

        var outer = images.Attributes();
        outer.SetBytes(Tags.PixelData, Vr.OW, images.Samples[0]);
        var item = new DataSet();
        item.SetSequence(new Tag(tag), [new DataSet()]);
        outer.SetSequence(Tags.ReferencedImageSequence, [item]);
        await RefusedAsync(CompactFiles.File(outer, Explicit));
    }

    [Fact]
    public async Task What_is_compressed_has_no_pixels_or_samples_of_one_bit_has_no_compact_form()
    {
        await RefusedAsync(CompactFiles.File(new Images().Attributes(), Explicit));
        await RefusedAsync(CompactFiles.File(new Images { Layout = new(16, 16, 1, 1, 1) }.Native(Explicit), Explicit));
        await RefusedAsync(CompactFiles.File(
            new Images().Encapsulated(Uids.JPEGLSLossless, new Panal.Codecs.JpegLs.JpegLsEncoder()), TransferSyntax.ForUid(Uids.JPEGLSLossless)));
    }

    private static async Task RefusedAsync(byte[] file)
    {
        var fault = await Assert.ThrowsAsync<ImageException>(() => CompactFiles.MakeAsync(file));
        Assert.Equal(ImageFault.Unsupported, fault.Fault);
    }
}
