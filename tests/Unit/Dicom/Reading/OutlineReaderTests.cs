using System.Buffers;
using Panal.Dicom;

namespace Panal.Unit.Dicom.Reading;

public sealed class OutlineReaderTests
{
    private static readonly byte[] Long = [.. Enumerable.Range(0, 40_000).Select(value => (byte)value)];

    public static TheoryData<string> Syntaxes => [Uids.ExplicitVRLittleEndian, Uids.ImplicitVRLittleEndian, Uids.ExplicitVRBigEndian];

    [Theory]
    [MemberData(nameof(Syntaxes))]
    public async Task Short_values_are_kept_and_long_ones_are_where_the_outline_says(string uid)
    {
        var syntax = TransferSyntax.ForUid(uid);
        var bytes = Encode(Sample(), syntax);
        foreach (var stream in new Stream[] { new MemoryStream(bytes), new Trickle(bytes) })
        {
            var outline = await ReadAsync(stream, syntax, bytes.Length);
            Assert.Equal(["00091001", "00880200/0/7FE00010", "7FE00010"], outline.Omitted.Keys.Order(StringComparer.Ordinal));
            Assert.Equal("Doe^John", outline.DataSet.GetString(Tags.PatientName));
            Assert.Equal((ushort)300, outline.DataSet.GetUInt16(Tags.Rows));
            Assert.Equal("after", outline.DataSet.GetString(new Tag(0x7FE1, 0x0010)));
            Assert.Equal(3, outline.DataSet.GetSequence(Tags.IconImageSequence)[0].GetUInt16(Tags.Rows)!.Value);
            var pixels = outline.Omitted["7FE00010"];
            Assert.Equal(Long.Length, pixels.LengthBytes);
            var expected = syntax.IsBigEndian && pixels.Vr == Vr.OW ? Swapped(Long) : Long;
            Assert.Equal(expected, bytes.AsSpan((int)pixels.OffsetBytes, Long.Length).ToArray());
        }
    }

    [Fact]
    public async Task Fragments_are_listed_or_end_the_outline()
    {
        var dataSet = new DataSet();
        dataSet.SetUInt16(Tags.Rows, 300);
        dataSet.Set(new Element(Tags.PixelData, Vr.OB, (IReadOnlyList<ReadOnlyMemory<byte>>)[new byte[] { 0, 0, 0, 0, 16, 0, 0, 0 }, new byte[] { 1, 2, 3, 4, 5, 6, 7, 8 }, Long]));
        dataSet.Set(new Tag(0x7FE1, 0x0010), Vr.LO, "after");
        var syntax = TransferSyntax.ForUid(Uids.JPEGBaseline8Bit);
        var bytes = Encode(dataSet, syntax);
        var listed = await ReadAsync(new MemoryStream(bytes), syntax, bytes.Length, new OutlineOptions { ListsFragments = true });
        var pixels = listed.Omitted["7FE00010"];
        Assert.Equal([0u, 16u], pixels.BasicOffsets);
        Assert.Equal((2, true, "after"), (pixels.Fragments.Count, pixels.IsEncapsulated, listed.DataSet.GetString(new Tag(0x7FE1, 0x0010))));
        Assert.Equal(Long, bytes.AsSpan((int)pixels.Fragments[1].OffsetBytes, (int)pixels.Fragments[1].LengthBytes).ToArray());
        var ended = await ReadAsync(new MemoryStream(bytes), syntax, bytes.Length);
        Assert.Equal((-1, false), (ended.Omitted["7FE00010"].LengthBytes, ended.DataSet.Contains(new Tag(0x7FE1, 0x0010))));
    }

    [Fact]
    public async Task A_data_set_that_is_cut_or_flipped_anywhere_is_read_or_refused()
    {
        var dataSet = Sample();
        dataSet.SetBytes(Tags.PixelData, Vr.OW, new byte[20]);
        dataSet.SetBytes(new Tag(0x0009, 0x1001), Vr.OB, new byte[20]);
        dataSet.Remove(Tags.IconImageSequence);
        var bytes = Encode(dataSet, TransferSyntax.ExplicitVrLittleEndian);
        for (var index = 0; index < bytes.Length; index++)
        {
            await TryReadAsync(bytes[..index]);
            var flipped = bytes.ToArray();
            flipped[index] ^= 0xFF;
            await TryReadAsync(flipped);
        }
    }

    [Fact]
    public async Task What_is_kept_has_a_limit()
    {
        var bytes = Encode(Sample(), TransferSyntax.ExplicitVrLittleEndian);
        var options = new OutlineOptions { Limits = new DecodeLimits { MaximumDataSetLengthBytes = 16 } };
        await Assert.ThrowsAsync<DicomFormatException>(() => ReadAsync(new MemoryStream(bytes), TransferSyntax.ExplicitVrLittleEndian, bytes.Length, options));
    }

    private static async Task TryReadAsync(byte[] bytes)
    {
        try
        {
            await ReadAsync(new MemoryStream(bytes), TransferSyntax.ExplicitVrLittleEndian, bytes.Length);
        }
        catch (DicomFormatException fault)
        {
            Assert.InRange(fault.OffsetBytes, 0, bytes.Length);
        }
    }

    private static Task<DataSetOutline> ReadAsync(Stream stream, TransferSyntax syntax, long length, OutlineOptions? options = null) =>
        OutlineReader.ReadAsync(stream, syntax, length, options ?? OutlineOptions.Default, TestContext.Current.CancellationToken).AsTask();

    private static byte[] Swapped(byte[] bytes) => [.. bytes.Chunk(2).SelectMany(pair => new[] { pair[1], pair[0] })];

    private static byte[] Encode(DataSet dataSet, TransferSyntax syntax)
    {
        var target = new ArrayBufferWriter<byte>();
        DataSetEncoding.Encode(dataSet, syntax, target);
        return target.WrittenSpan.ToArray();
    }

    private static DataSet Sample()
    {
        var dataSet = new DataSet();
        dataSet.Set(new Tag(0x0009, 0x0010), Vr.LO, "ACME");
        dataSet.SetBytes(new Tag(0x0009, 0x1001), Vr.UN, Long);
        dataSet.Set(Tags.PatientName, "Doe^John");
        dataSet.SetUInt16(Tags.Rows, 300);
        dataSet.SetUInt16(Tags.BitsAllocated, 16);
        var icon = new DataSet();
        icon.SetUInt16(Tags.Rows, 3);
        icon.SetBytes(Tags.PixelData, Vr.OW, new byte[6]);
        dataSet.SetSequence(Tags.IconImageSequence, [icon]);
        dataSet.SetBytes(Tags.PixelData, Vr.OW, Long);
        dataSet.Set(new Tag(0x7FE1, 0x0010), Vr.LO, "after");
        return dataSet;
    }

    /// <summary>Gives one byte a read and cannot seek.</summary>
    private sealed class Trickle(byte[] bytes) : Stream
    {
        private int _position;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            if (count == 0 || _position == bytes.Length)
            {
                return 0;
            }

            buffer[offset] = bytes[_position++];
            return 1;
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
