using System.Buffers;
using Panal.Dicom;

namespace Panal.Unit.Dicom.Files;

public sealed class FileMetaTests
{
    [Fact]
    public void The_head_is_the_same_for_the_same_arguments_as_the_format_page_shows()
    {
        var bytes = Head(Uids.JPEG2000Lossless);
        Assert.Equal(Head(Uids.JPEG2000Lossless), bytes);
        Assert.All(bytes[..128], value => Assert.Equal(0, value));
        Assert.Equal(
            "4449434D"
            + "02000000554C0400" + "9A000000"
            + "020001004F420000020000000001"
            + "0200020055491A00" + Hex("1.2.840.10008.5.1.4.1.1.2\0")
            + "0200030055490600" + Hex("1.2.3\0")
            + "0200100055491600" + Hex("1.2.840.10008.1.2.4.90")
            + "0200120055492800" + Hex("2.25.14972150354277752877069860173049875")
            + "0200130053480600" + Hex("PANAL "),
            Convert.ToHexString(bytes.AsSpan(128)));
    }

    [Fact]
    public void What_is_written_is_read()
    {
        var bytes = Head(Uids.ExplicitVRBigEndian);
        foreach (var size in new[] { 1, 10, 1000 })
        {
            Assert.True(FileMeta.TryReadHeader(Bytes.Segmented(bytes, size), isFinal: true, out var meta, out _));
            Assert.Equal(bytes.Length, meta!.DataSetOffsetBytes);
            Assert.Same(TransferSyntax.ExplicitVrBigEndian, meta.TransferSyntax);
            Assert.Equal((Uids.CTImageStorage, "1.2.3"), (meta.MediaStorageSopClassUid, meta.MediaStorageSopInstanceUid));
            Assert.True(meta.HasPreamble && meta.TellsTransferSyntax && !meta.HasForeignPreamble);
        }
    }

    [Fact]
    public void Every_cut_asks_for_more_and_is_refused_at_the_end()
    {
        byte[] bytes = [.. Head(Uids.ExplicitVRLittleEndian), .. Bytes.Of("0800 0500 4353 0000")];
        for (var length = 0; length < bytes.Length; length++)
        {
            var cut = new ReadOnlySequence<byte>(bytes.AsMemory(0, length));
            Assert.False(FileMeta.TryReadHeader(cut, isFinal: false, out _, out var consumed));
            Assert.Equal(cut.Start, consumed);
            try
            {
                FileMeta.TryReadHeader(cut, isFinal: true, out var meta, out _);
                Assert.InRange(meta!.DataSetOffsetBytes, 1, length);
            }
            catch (DicomFormatException refusal)
            {
                Assert.InRange(refusal.OffsetBytes, 0, length);
            }
        }

        Assert.True(FileMeta.TryReadHeader(new ReadOnlySequence<byte>(bytes), isFinal: false, out _, out _));
    }

    [Theory]
    [InlineData("0800 0500 4353 0A00 49534F5F4952203130 30", Uids.ExplicitVRLittleEndian)]
    [InlineData("0800 0500 0A000000 49534F5F495220313030", Uids.ImplicitVRLittleEndian)]
    [InlineData("0008 0005 4353 000A 49534F5F495220313030", Uids.ExplicitVRBigEndian)]
    public void A_file_without_head_shows_its_syntax(string hex, string uid)
    {
        Assert.True(FileMeta.TryReadHeader(new ReadOnlySequence<byte>(Bytes.Of(hex)), isFinal: true, out var meta, out _));
        Assert.Equal(uid, meta!.TransferSyntax.Uid);
        Assert.Equal(0, meta.DataSetOffsetBytes);
        Assert.False(meta.HasPreamble || meta.TellsTransferSyntax);
    }

    [Theory]
    [InlineData("")]
    [InlineData("48656C6C6F2C20776F726C6421")]
    [InlineData("4449434D")]
    public void Other_files_are_refused(string hex)
    {
        var refusal = Assert.Throws<DicomFormatException>(
            () => FileMeta.TryReadHeader(new ReadOnlySequence<byte>(Bytes.Of(hex)), isFinal: true, out _, out _));
        Assert.Equal(DicomFormatReason.NotDicom, refusal.Reason);
    }

    [Fact]
    public void What_comes_behind_the_head_is_not_copied_to_read_it()
    {
        byte[] bytes = [.. Head(Uids.ExplicitVRLittleEndian), .. new byte[1 << 20]];
        var file = Bytes.Segmented(bytes, 64 << 10);
        FileMeta.TryReadHeader(file, isFinal: false, out var meta, out _);

        Assert.Equal(bytes.Length - (1 << 20), meta?.DataSetOffsetBytes);
        Assert.InRange(Allocated.Bytes(() => FileMeta.TryReadHeader(file, isFinal: false, out _, out _)), 0, 8 << 10);
    }

    [Fact]
    public void A_foreign_preamble_is_reported()
    {
        var bytes = Head(Uids.ExplicitVRLittleEndian);
        "MZ"u8.CopyTo(bytes);
        Assert.True(FileMeta.TryReadHeader(new ReadOnlySequence<byte>(bytes), isFinal: true, out var meta, out _));
        Assert.True(meta!.HasForeignPreamble);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(10u)]
    [InlineData(1000u)]
    [InlineData(0xFFFFFFFFu)]
    public void A_wrong_group_length_does_not_matter(uint groupLength)
    {
        byte[] bytes = [.. Head(Uids.ExplicitVRLittleEndian), .. Bytes.Of("0800 0500 4353 0000")];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(140), groupLength);
        Assert.True(FileMeta.TryReadHeader(new ReadOnlySequence<byte>(bytes), isFinal: true, out var meta, out _));
        Assert.Equal(bytes.Length - 8, meta!.DataSetOffsetBytes);
        Assert.Same(TransferSyntax.ExplicitVrLittleEndian, meta.TransferSyntax);
    }

    [Fact]
    public void A_head_beyond_the_limit_is_refused()
    {
        var bytes = new byte[200];
        "DICM"u8.CopyTo(bytes.AsSpan(128));
        Bytes.Of("0200 0201 4F42 0000 00002000").CopyTo(bytes, 132);
        var refusal = Assert.Throws<DicomFormatException>(
            () => FileMeta.TryReadHeader(new ReadOnlySequence<byte>(bytes), isFinal: false, out _, out _));
        Assert.Equal((DicomFormatReason.TooLong, 132L), (refusal.Reason, refusal.OffsetBytes));
    }

    [Fact]
    public void A_uid_that_does_not_fit_is_no_head() => Assert.Throws<ArgumentException>(() =>
        FileMeta.WriteHeader(new string('1', 65), "1.2.3", TransferSyntax.ExplicitVrLittleEndian, new ArrayBufferWriter<byte>()));

    private static byte[] Head(string syntax)
    {
        var bytes = new ArrayBufferWriter<byte>();
        FileMeta.WriteHeader(Uids.CTImageStorage, "1.2.3", TransferSyntax.ForUid(syntax), bytes);
        return bytes.WrittenSpan.ToArray();
    }

    private static string Hex(string text) => Convert.ToHexString(System.Text.Encoding.ASCII.GetBytes(text));
}
