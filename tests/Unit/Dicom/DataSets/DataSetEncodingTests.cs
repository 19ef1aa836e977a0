using System.Buffers;
using Panal.Dicom;

namespace Panal.Unit.Dicom.DataSets;

public sealed class DataSetEncodingTests
{
    public static TheoryData<string> Syntaxes =>
        [Uids.ImplicitVRLittleEndian, Uids.ExplicitVRLittleEndian, Uids.ExplicitVRBigEndian, Uids.DeflatedExplicitVRLittleEndian];

    [Theory]
    [MemberData(nameof(Syntaxes))]
    public void Every_vr_survives_encoding_and_decoding(string uid)
    {
        var syntax = TransferSyntax.ForUid(uid);
        foreach (var lengths in Enum.GetValues<SequenceLengths>())
        {
            var dataSet = Samples.EveryVr();
            var bytes = new ArrayBufferWriter<byte>();
            DataSetEncoding.Encode(dataSet, syntax, bytes, lengths);
            Assert.Equal(0, bytes.WrittenCount % 2);
            var decoded = DataSetEncoding.Decode(bytes.WrittenMemory, syntax, DecodeLimits.Default);
            Assert.True(dataSet.ContentEquals(decoded));
        }
    }

    [Fact]
    public void Big_endian_turns_each_number_and_tag_around()
    {
        var dataSet = new DataSet();
        dataSet.SetUInt16(Tags.Rows, 0x0102);
        dataSet.SetTags(Tags.FrameIncrementPointer, new Tag(0x0018, 0x1063));
        var bytes = new ArrayBufferWriter<byte>();
        DataSetEncoding.Encode(dataSet, TransferSyntax.ExplicitVrBigEndian, bytes);
        Assert.Equal("00280009415400040018106300280010555300020102", Convert.ToHexString(bytes.WrittenSpan));
    }

    [Fact]
    public void A_command_set_begins_with_its_group_length()
    {
        var command = new DataSet();
        command.SetUInt16(Tags.CommandField, 0x0030);
        command.Set(Tags.AffectedSOPClassUID, Uids.Verification);
        var bytes = new ArrayBufferWriter<byte>();
        DataSetEncoding.Encode(command, TransferSyntax.ImplicitVrLittleEndian, bytes);
        var decoded = DataSetEncoding.Decode(bytes.WrittenMemory, TransferSyntax.ImplicitVrLittleEndian, DecodeLimits.Default);
        Assert.Equal((uint)bytes.WrittenCount - 12, decoded.GetUInt32(Tags.CommandGroupLength));
        Assert.Equal(Uids.Verification, decoded.GetString(Tags.AffectedSOPClassUID));
    }

    [Fact]
    public void A_long_value_of_a_short_vr_is_written_as_un()
    {
        var dataSet = new DataSet();
        dataSet.Set(Tags.ImageComments, new string('x', 70_000));
        var bytes = new ArrayBufferWriter<byte>();
        DataSetEncoding.Encode(dataSet, TransferSyntax.ExplicitVrLittleEndian, bytes);
        var decoded = DataSetEncoding.Decode(bytes.WrittenMemory, TransferSyntax.ExplicitVrLittleEndian, DecodeLimits.Default);
        Assert.Equal(70_000, decoded.GetString(Tags.ImageComments)!.Length);
    }

    [Fact]
    public void A_data_set_longer_than_the_limit_is_refused()
    {
        var bytes = new byte[1024];
        var refusal = Assert.Throws<DicomFormatException>(() => DataSetEncoding.Decode(
            bytes, TransferSyntax.ExplicitVrLittleEndian, new DecodeLimits { MaximumDataSetLengthBytes = 1023 }));
        Assert.Equal(DicomFormatReason.TooLong, refusal.Reason);
    }

    [Theory]
    [MemberData(nameof(Syntaxes))]
    public void A_data_set_cut_anywhere_is_refused_or_shorter(string uid)
    {
        var syntax = TransferSyntax.ForUid(uid);
        var bytes = new ArrayBufferWriter<byte>();
        DataSetEncoding.Encode(Samples.EveryVr(), syntax, bytes, SequenceLengths.Undefined);
        for (var length = 0; length < bytes.WrittenCount; length++)
        {
            try
            {
                var decoded = DataSetEncoding.Decode(bytes.WrittenMemory[..length], syntax, DecodeLimits.Default);
                Assert.True(decoded.Count <= Samples.EveryVr().Count);
            }
            catch (DicomFormatException refusal)
            {
                Assert.InRange(refusal.OffsetBytes, 0, syntax.IsDeflated ? 1 << 20 : length);
            }
        }
    }
}
