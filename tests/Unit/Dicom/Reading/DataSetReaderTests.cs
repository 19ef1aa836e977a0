using System.Buffers;
using Panal.Dicom;

namespace Panal.Unit.Dicom.Reading;

public sealed class DataSetReaderTests
{
    private static readonly TransferSyntax Implicit = TransferSyntax.ImplicitVrLittleEndian;
    private static readonly TransferSyntax Explicit = TransferSyntax.ExplicitVrLittleEndian;

    [Fact]
    public void Tokens_come_in_order_with_offsets_and_depths()
    {
        var bytes = Bytes.Of("4000 7502 5351 0000 FFFFFFFF  FEFF00E0 0E000000  1000 2000 4C4F 0600 414243444546  FEFFDDE0 00000000");
        var tokens = Tokens(Explicit, bytes, out var reader);
        Assert.Equal(
            [
                new(DataSetTokenKind.SequenceStart, Tags.RequestAttributesSequence, Vr.SQ, -1, 0, 0),
                new(DataSetTokenKind.ItemStart, Tags.RequestAttributesSequence, Vr.SQ, 14, 12, 0),
                new(DataSetTokenKind.Element, Tags.PatientID, Vr.LO, 6, 20, 1),
                new(DataSetTokenKind.ItemEnd, Tags.RequestAttributesSequence, Vr.SQ, 0, 34, 0),
                new DataSetToken(DataSetTokenKind.SequenceEnd, Tags.RequestAttributesSequence, Vr.SQ, -1, 34, 0),
            ],
            tokens);
        Assert.Equal(DataSetAnomalies.None, reader.Anomalies);
        Assert.Equal(42, reader.OffsetBytes);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(13)]
    [InlineData(100)]
    public void Pieces_of_any_size_give_the_same_tokens(int size)
    {
        foreach (var syntax in new[] { Implicit, Explicit, TransferSyntax.ExplicitVrBigEndian })
        {
            var bytes = Encode(Samples.EveryVr(), syntax);
            var whole = Tokens(syntax, bytes, out _);
            Assert.Equal(whole, Tokens(syntax, bytes, size));
            Assert.Equal(whole, SegmentedTokens(syntax, bytes, size));
        }
    }

    [Fact]
    public void Encapsulated_pixel_data_is_a_row_of_fragments()
    {
        var bytes = Bytes.Of("E07F 1000 4F42 0000 FFFFFFFF  FEFF00E0 00000000  FEFF00E0 04000000 01020304  FEFFDDE0 00000000");
        var tokens = Tokens(TransferSyntax.ForUid(Uids.JPEG2000), bytes, out _);
        Assert.Equal(
            [DataSetTokenKind.FragmentsStart, DataSetTokenKind.Fragment, DataSetTokenKind.Fragment, DataSetTokenKind.FragmentsEnd],
            tokens.Select(token => token.Kind));
        Assert.Equal([-1L, 0, 4, -1], tokens.Select(token => token.LengthBytes));
    }

    [Fact]
    public void Encapsulated_pixel_data_without_any_fragment_is_read()
    {
        var bytes = Bytes.Of("E07F 1000 4F42 0000 FFFFFFFF FEFFDDE0 00000000");
        var tokens = Tokens(TransferSyntax.ForUid(Uids.RLELossless), bytes, out _);
        Assert.Equal([DataSetTokenKind.FragmentsStart, DataSetTokenKind.FragmentsEnd], tokens.Select(token => token.Kind));
        var decoded = DataSetEncoding.Decode(bytes, TransferSyntax.ForUid(Uids.RLELossless), DecodeLimits.Default);
        Assert.True(decoded.Elements[0].IsEncapsulated);
    }

    [Fact]
    public void A_million_fragments_pass_in_constant_memory()
    {
        var reader = new DataSetReader(TransferSyntax.ForUid(Uids.RLELossless), DecodeLimits.Default);
        Assert.True(reader.TryRead(Bytes.Of("E07F 1000 4F42 0000 FFFFFFFF"), isFinal: false, out _, out _));
        var fragment = Bytes.Of("FEFF00E0 02000000 0102");
        Assert.Equal(0, Allocated.Bytes(() =>
        {
            for (var index = 0; index < 1_000_000; index++)
            {
                reader.TryRead(fragment, isFinal: false, out _, out _);
                reader.Advance(2);
            }
        }));
    }

    [Fact]
    public void The_content_of_un_with_undefined_length_is_implicit_little_endian()
    {
        // (0009,1001) UN undefined, item undefined, (0008,0060) implicit, delimiters; then an explicit element.
        var bytes = Bytes.Of(
            "0900 0110 554E 0000 FFFFFFFF  FEFF00E0 FFFFFFFF  0800 6000 02000000 4354  FEFF0DE0 00000000  FEFFDDE0 00000000  1000 2000 4C4F 0200 4142");
        var tokens = Tokens(Explicit, bytes, out _);
        Assert.Contains(tokens, token => token.Tag == Tags.Modality && token.Vr == Vr.CS && token.Depth == 1);
        Assert.Equal(Tags.PatientID, tokens[^1].Tag);
        var dataSet = DataSetEncoding.Decode(bytes, Explicit, DecodeLimits.Default);
        Assert.Equal("CT", dataSet.GetSequence(new Tag(0x00091001))[0].GetString(Tags.Modality));
    }

    [Fact]
    public void The_content_of_un_may_be_explicit_against_the_standard()
    {
        var bytes = Bytes.Of(
            "0900 0110 554E 0000 FFFFFFFF  FEFF00E0 FFFFFFFF  0800 6000 4353 0200 4354  FEFF0DE0 00000000  FEFFDDE0 00000000");
        var dataSet = DataSetEncoding.Decode(bytes, Explicit, DecodeLimits.Default);
        Assert.Equal("CT", dataSet.GetSequence(new Tag(0x00091001))[0].GetString(Tags.Modality));
    }

    [Fact]
    public void Values_that_do_not_fit_their_vr_are_kept_as_they_are()
    {
        // US of 3 bytes, FD of 6, UI with letters, DS beyond any number.
        var bytes = Bytes.Of("0800 1800 5549 0400 61626364 1800 5000 4453 0600 316539393939 2800 1000 5553 0300 010203 1800 7391 4644 0600 000000000000");
        var dataSet = DataSetEncoding.Decode(bytes, Explicit, DecodeLimits.Default);
        Assert.Equal("abcd", dataSet.GetString(Tags.SOPInstanceUID));
        Assert.Null(dataSet.GetDouble(Tags.SliceThickness));
        Assert.Equal((ushort)0x0201, dataSet.GetUInt16(Tags.Rows));
        Assert.Null(dataSet.GetDouble(new Tag(0x00189173)));
    }

    [Fact]
    public void Private_elements_in_implicit_vr_follow_their_creator_block()
    {
        var bytes = Bytes.Of("2900 1000 12000000") .Concat("SIEMENS CSA HEADER"u8.ToArray())
            .Concat(Bytes.Of("2900 1010 02000000 0102  2900 1011 02000000 0102")).ToArray();
        var tokens = Tokens(Implicit, bytes, out _);
        Assert.Equal([Vr.LO, Vr.OB, Vr.UN], tokens.Select(token => token.Vr));
    }

    [Theory]
    [InlineData(0, Vr.US)]
    [InlineData(1, Vr.SS)]
    public void Us_or_ss_follows_pixel_representation_also_of_the_enclosing_data_set(int representation, Vr expected)
    {
        var dataSet = new DataSet();
        dataSet.SetUInt16(Tags.PixelRepresentation, (ushort)representation);
        dataSet.SetUInt16(Tags.SmallestImagePixelValue, 5);
        var item = new DataSet();
        item.SetUInt16(Tags.LargestImagePixelValue, 5);
        dataSet.SetSequence(Tags.SharedFunctionalGroupsSequence, [item]);
        var tokens = Tokens(Implicit, Encode(dataSet, Implicit), out _);
        Assert.Equal(expected, tokens.Single(token => token.Tag == Tags.SmallestImagePixelValue).Vr);
        Assert.Equal(expected, tokens.Single(token => token.Tag == Tags.LargestImagePixelValue).Vr);
    }

    [Theory]
    [InlineData(8, Vr.OB)]
    [InlineData(16, Vr.OW)]
    public void Pixel_data_in_implicit_vr_follows_bits_allocated(int bits, Vr expected)
    {
        var dataSet = new DataSet();
        dataSet.SetUInt16(Tags.BitsAllocated, (ushort)bits);
        dataSet.SetBytes(Tags.PixelData, Vr.OW, new byte[2]);
        Assert.Equal(expected, Tokens(Implicit, Encode(dataSet, Implicit), out _)[^1].Vr);
    }

    [Fact]
    public void Nesting_deeper_than_the_limit_is_refused_without_deep_recursion()
    {
        var level = Bytes.Of("4000 7502 5351 0000 FFFFFFFF FEFF00E0 FFFFFFFF");
        var bytes = Enumerable.Repeat(level, 10_000).SelectMany(part => part).ToArray();
        var refusal = Assert.Throws<DicomFormatException>(() => Tokens(Explicit, bytes, out _));
        Assert.Equal(DicomFormatReason.NestedTooDeep, refusal.Reason);
        Assert.Equal(64 * 20, refusal.OffsetBytes);
    }

    [Fact]
    public void More_elements_than_the_limit_are_refused()
    {
        var bytes = Enumerable.Repeat(Bytes.Of("1000 2000 4C4F 0000"), 101).SelectMany(part => part).ToArray();
        var reader = new DataSetReader(Explicit, new DecodeLimits { MaximumElements = 100 }, bytes.Length);
        var refusal = Assert.Throws<DicomFormatException>(() => Drain(reader, bytes));
        Assert.Equal((DicomFormatReason.TooManyElements, 800L), (refusal.Reason, refusal.OffsetBytes));
    }

    [Theory]
    [InlineData("1000 2000 4C4F 0600 4142", DicomFormatReason.LengthBeyondEnd, 0)]
    [InlineData("1000 2000 4C4F", DicomFormatReason.Truncated, 0)]
    [InlineData("1000 2000 5554 0000 FFFFFFFF", DicomFormatReason.UndefinedLength, 0)]
    [InlineData("4000 7502 5351 0000 FFFFFFFF", DicomFormatReason.Truncated, 12)]
    [InlineData("4000 7502 5351 0000 FFFFFFFF 1000 2000 4C4F 0000", DicomFormatReason.UnexpectedTag, 12)]
    [InlineData("4000 7502 5351 0000 08000000 FEFF00E0 08000000 1000 2000 4C4F 0000", DicomFormatReason.LengthBeyondEnd, 12)]
    [InlineData("4000 7502 5351 0000 10000000 FEFF00E0 08000000 1000 2000 4C4F 0200 4142", DicomFormatReason.LengthBeyondEnd, 20)]
    [InlineData("4000 7502 5351 0000 FFFFFFFF FEFF00E0 08000000 1000 2000 4C4F 0200 4142", DicomFormatReason.LengthBeyondEnd, 20)]
    [InlineData("E07F 1000 4F42 0000 FFFFFFFF FEFF00E0 FFFFFFFF", DicomFormatReason.UndefinedLength, 12)]
    [InlineData("1000 2000 4C4F 0000 FEFF00E0 00000000", DicomFormatReason.UnexpectedTag, 8)]
    public void A_violation_tells_its_reason_and_offset(string hex, DicomFormatReason reason, long offset)
    {
        var bytes = Bytes.Of(hex);
        var refusal = Assert.Throws<DicomFormatException>(() => Tokens(Explicit, bytes, out _));
        Assert.Equal((reason, offset), (refusal.Reason, refusal.OffsetBytes));
    }

    [Theory]
    [InlineData("1000 2000 4C4F 0000 0800 6000 4353 0000", DataSetAnomalies.DescendingTags)]
    [InlineData("1000 2000 4C4F 0000 1000 2000 4C4F 0000", DataSetAnomalies.DuplicateTags)]
    [InlineData("1000 2000 4C4F 0100 41", DataSetAnomalies.OddLength)]
    [InlineData("0200 1000 5549 0000", DataSetAnomalies.FileMetaInDataSet)]
    [InlineData("1000 2000 5A5A 0000 02000000 4142", DataSetAnomalies.UnknownVr)]
    [InlineData("1000 2000 4C4F 0000 FEFFDDE0 00000000", DataSetAnomalies.StrayDelimiter)]
    [InlineData("1000 2000 4C4F 0000 00000000 00000000 0000", DataSetAnomalies.TrailingZeros)]
    [InlineData("1000 2000 4C4F 0000 000000", DataSetAnomalies.TrailingZeros)]
    [InlineData("4000 7502 5351 0000 FFFFFFFF FEFF00E0 FFFFFFFF FEFFDDE0 00000000", DataSetAnomalies.MissingDelimiter)]
    [InlineData("1000 2000 04000000 41424344 1000 3000 00000000", DataSetAnomalies.ImplicitInExplicit)]
    [InlineData("0010 0020 4C4F 0004 41424344", DataSetAnomalies.WrongByteOrder)]
    public void Oddities_are_read_and_reported(string hex, DataSetAnomalies anomaly)
    {
        Tokens(Explicit, Bytes.Of(hex), out var reader);
        Assert.Equal(anomaly, reader.Anomalies);
    }

    [Fact]
    public void Explicit_bytes_under_an_implicit_syntax_are_detected()
    {
        var tokens = Tokens(Implicit, Bytes.Of("1000 2000 4C4F 0400 41424344 1000 3000 4441 0000"), out var reader);
        Assert.Equal(DataSetAnomalies.ExplicitInImplicit, reader.Anomalies);
        Assert.Equal([Vr.LO, Vr.DA], tokens.Select(token => token.Vr));
    }

    [Fact]
    public void Group_lengths_are_elements_like_others()
    {
        var tokens = Tokens(Implicit, Bytes.Of("0800 0000 04000000 0A000000 0800 6000 02000000 4354"), out var reader);
        Assert.Equal([Vr.UL, Vr.CS], tokens.Select(token => token.Vr));
        Assert.Equal(DataSetAnomalies.None, reader.Anomalies);
    }

    [Fact]
    public void More_than_4_gib_pass_without_being_held()
    {
        // Two values of 4,000,000,000 bytes each, in pieces of 256 MiB of one and the same buffer.
        var reader = new DataSetReader(Explicit, DecodeLimits.Default);
        var header = Bytes.Of("E07F 0800 4F46 0000 00286BEE");
        Assert.True(reader.TryRead(header, isFinal: false, out _, out _));
        reader.Advance(reader.ValueRemainingBytes);
        var second = Bytes.Of("E07F 1000 4F57 0000 00286BEE");
        Assert.True(reader.TryRead(second, isFinal: false, out var token, out _));
        Assert.Equal(4_000_000_012, token.OffsetBytes);
        reader.Advance(reader.ValueRemainingBytes);
        Assert.False(reader.TryRead(default(ReadOnlySpan<byte>), isFinal: true, out _, out _));
        Assert.True(reader.IsAtEnd);
        Assert.Equal(8_000_000_024, reader.OffsetBytes);
    }

    [Fact]
    public void A_flipped_byte_never_breaks_the_reader()
    {
        foreach (var syntax in new[] { Implicit, Explicit, TransferSyntax.ExplicitVrBigEndian })
        {
            var bytes = Encode(Samples.EveryVr(), syntax);
            for (var index = 0; index < bytes.Length; index++)
            {
                foreach (var flip in new byte[] { 0x01, 0x80, 0xFF })
                {
                    bytes[index] ^= flip;
                    try
                    {
                        Tokens(syntax, bytes, out _);
                    }
                    catch (DicomFormatException refusal)
                    {
                        Assert.InRange(refusal.OffsetBytes, 0, bytes.Length);
                    }

                    bytes[index] ^= flip;
                }
            }
        }
    }

    internal static void Drain(DataSetReader reader, byte[] bytes)
    {
        var position = 0;
        while (reader.TryRead(bytes.AsSpan(position), isFinal: true, out _, out var consumed))
        {
            position += consumed;
        }
    }

    private static List<DataSetToken> Tokens(TransferSyntax syntax, byte[] bytes, out DataSetReader reader)
    {
        reader = new DataSetReader(syntax, DecodeLimits.Default, bytes.Length);
        var tokens = new List<DataSetToken>();
        var position = 0;
        while (reader.TryRead(bytes.AsSpan(position), isFinal: true, out var token, out var consumed))
        {
            tokens.Add(token);
            position += consumed;
        }

        return tokens;
    }

    /// <summary>Shows the bytes as they would arrive: pieces of one size, what is not consumed again with the next.</summary>
    private static List<DataSetToken> Tokens(TransferSyntax syntax, byte[] bytes, int size)
    {
        var reader = new DataSetReader(syntax, DecodeLimits.Default);
        var tokens = new List<DataSetToken>();
        var (start, end) = (0, 0);
        while (!reader.IsAtEnd)
        {
            end = Math.Min(end + size, bytes.Length);
            while (reader.TryRead(bytes.AsSpan(start..end), end == bytes.Length, out var token, out var consumed))
            {
                tokens.Add(token);
                start += consumed;
            }

            start = (int)Math.Min(reader.OffsetBytes, end);
        }

        return tokens;
    }

    private static List<DataSetToken> SegmentedTokens(TransferSyntax syntax, byte[] bytes, int size)
    {
        var reader = new DataSetReader(syntax, DecodeLimits.Default);
        var tokens = new List<DataSetToken>();
        var sequence = Bytes.Segmented(bytes, size);
        while (reader.TryRead(sequence, isFinal: true, out var token, out var consumed))
        {
            tokens.Add(token);
            sequence = sequence.Slice(consumed);
        }

        return tokens;
    }

    internal static byte[] Encode(DataSet dataSet, TransferSyntax syntax)
    {
        var bytes = new ArrayBufferWriter<byte>();
        DataSetEncoding.Encode(dataSet, syntax, bytes);
        return bytes.WrittenSpan.ToArray();
    }
}
