using System.Buffers;
using System.IO.Pipelines;
using Panal.Dicom;

namespace Panal.Unit.Dicom.TransferSyntaxes;

public sealed class TransferSyntaxConverterTests
{
    private static readonly string[] Plain =
        [Uids.ImplicitVRLittleEndian, Uids.ExplicitVRLittleEndian, Uids.ExplicitVRBigEndian, Uids.DeflatedExplicitVRLittleEndian];

    public static TheoryData<string, string> Pairs
    {
        get
        {
            var pairs = new TheoryData<string, string>();
            foreach (var from in Plain)
            {
                foreach (var to in Plain)
                {
                    pairs.Add(from, to);
                }
            }

            return pairs;
        }
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task The_data_set_stays_equal_whatever_the_pieces(string from, string to)
    {
        var (source, target) = (TransferSyntax.ForUid(from), TransferSyntax.ForUid(to));
        foreach (var lengths in Enum.GetValues<SequenceLengths>())
        {
            var bytes = new ArrayBufferWriter<byte>();
            DataSetEncoding.Encode(Samples.EveryVr(), source, bytes, lengths);
            foreach (var size in new[] { 1, 3, 7, 64, 100_000 })
            {
                var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
                await TransferSyntaxConverter.ConvertAsync(
                    PipeReader.Create(Bytes.Segmented(bytes.WrittenMemory, size)), source, pipe.Writer, target, DecodeLimits.Default,
                    TestContext.Current.CancellationToken);
                await pipe.Writer.CompleteAsync();
                var read = await pipe.Reader.ReadAtLeastAsync(int.MaxValue, TestContext.Current.CancellationToken);
                Assert.Equal(0, read.Buffer.Length % 2);
                Assert.True(Samples.EveryVr().ContentEquals(DataSetEncoding.Decode(read.Buffer, target, DecodeLimits.Default)));
            }
        }
    }

    [Fact]
    public async Task Streams_that_give_one_byte_at_a_time_are_converted()
    {
        var bytes = new ArrayBufferWriter<byte>();
        DataSetEncoding.Encode(Samples.EveryVr(), TransferSyntax.ImplicitVrLittleEndian, bytes);
        using var target = new MemoryStream();
        await TransferSyntaxConverter.ConvertAsync(
            new SlowStream(bytes.WrittenSpan.ToArray()), TransferSyntax.ImplicitVrLittleEndian, target, TransferSyntax.ExplicitVrBigEndian,
            DecodeLimits.Default, TestContext.Current.CancellationToken);
        var decoded = DataSetEncoding.Decode(target.ToArray(), TransferSyntax.ExplicitVrBigEndian, DecodeLimits.Default);
        Assert.True(Samples.EveryVr().ContentEquals(decoded));
    }

    [Fact]
    public async Task Un_of_undefined_length_becomes_the_sequence_that_it_is()
    {
        var bytes = Bytes.Of(
            "0900 0110 554E 0000 FFFFFFFF  FEFF00E0 FFFFFFFF  2800 1000 02000000 0102  FEFF0DE0 00000000  FEFFDDE0 00000000");
        var converted = await Convert(bytes, TransferSyntax.ExplicitVrLittleEndian, TransferSyntax.ExplicitVrBigEndian);
        var decoded = DataSetEncoding.Decode(converted, TransferSyntax.ExplicitVrBigEndian, DecodeLimits.Default);
        Assert.Equal((ushort)0x0201, decoded.GetSequence(new Tag(0x00091001))[0].GetUInt16(Tags.Rows));
    }

    [Fact]
    public async Task Group_lengths_are_left_out()
    {
        var bytes = Bytes.Of("0800 0000 04000000 0A000000 0800 6000 02000000 4354");
        var converted = await Convert(bytes, TransferSyntax.ImplicitVrLittleEndian, TransferSyntax.ExplicitVrLittleEndian);
        Assert.Equal("08006000435302004354", System.Convert.ToHexString(converted));
    }

    [Theory]
    [InlineData(Uids.JPEG2000, Uids.ExplicitVRLittleEndian)]
    [InlineData(Uids.ExplicitVRLittleEndian, Uids.RLELossless)]
    [InlineData("1.2.3", Uids.ExplicitVRLittleEndian)]
    [InlineData(Uids.JPIPReferenced, Uids.ExplicitVRLittleEndian)]
    public async Task Encapsulated_and_other_syntaxes_are_refused(string from, string to)
    {
        Assert.False(TransferSyntaxConverter.CanConvert(TransferSyntax.ForUid(from), TransferSyntax.ForUid(to)));
        var refusal = await Assert.ThrowsAsync<DicomFormatException>(
            () => Convert([], TransferSyntax.ForUid(from), TransferSyntax.ForUid(to)));
        Assert.Equal(DicomFormatReason.NotConvertible, refusal.Reason);
    }

    [Fact]
    public async Task Fragments_in_an_uncompressed_syntax_are_refused()
    {
        var bytes = Bytes.Of("E07F 1000 4F42 0000 FFFFFFFF FEFF00E0 00000000 FEFFDDE0 00000000");
        var refusal = await Assert.ThrowsAsync<DicomFormatException>(
            () => Convert(bytes, TransferSyntax.ExplicitVrLittleEndian, TransferSyntax.ImplicitVrLittleEndian));
        Assert.Equal(DicomFormatReason.NotConvertible, refusal.Reason);
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task A_source_cut_anywhere_is_refused_or_shorter(string from, string to)
    {
        var (source, target) = (TransferSyntax.ForUid(from), TransferSyntax.ForUid(to));
        var bytes = new ArrayBufferWriter<byte>();
        DataSetEncoding.Encode(Samples.EveryVr(), source, bytes);
        for (var length = 0; length < bytes.WrittenCount; length += 7)
        {
            try
            {
                await Convert(bytes.WrittenSpan[..length].ToArray(), source, target);
            }
            catch (DicomFormatException refusal)
            {
                Assert.InRange(refusal.OffsetBytes, 0, 1 << 16);
            }
        }
    }

    private static async Task<byte[]> Convert(byte[] bytes, TransferSyntax from, TransferSyntax to)
    {
        using var target = new MemoryStream();
        await TransferSyntaxConverter.ConvertAsync(
            new MemoryStream(bytes), from, target, to, DecodeLimits.Default, TestContext.Current.CancellationToken);
        return target.ToArray();
    }

    private sealed class SlowStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer.Length > 1 ? buffer[..1] : buffer, cancellationToken);
    }
}
