using Panal.Catalogue;
using Panal.Catalogue.Attributes;
using Panal.Dicom;
using Panal.Unit.Catalogue.Support;

namespace Panal.Unit.Catalogue.Attributes;

public sealed class AttributeEncoderTests
{
    [Fact]
    public void Every_attribute_goes_to_its_level_and_others_are_left_out()
    {
        DataSet dataSet = Samples.DataSet((Tags.PatientID, "P"), (Tags.StudyID, "S"), (Tags.Modality, "CT"), (Tags.InstanceNumber, "1"), (Tags.Occupation, "Baker"));
        EncodedAttributes encoded = AttributeEncoder.Encode(dataSet);
        Assert.Equal("P", AttributeBlob.FirstText(encoded[QueryLevel.Patient].Span, Tags.PatientID));
        Assert.Equal("S", AttributeBlob.FirstText(encoded[QueryLevel.Study].Span, Tags.StudyID));
        Assert.Equal("CT", AttributeBlob.FirstText(encoded[QueryLevel.Series].Span, Tags.Modality));
        Assert.Equal("1", AttributeBlob.FirstText(encoded[QueryLevel.Image].Span, Tags.InstanceNumber));
        Assert.False(AttributeBlob.TryFind(encoded[QueryLevel.Patient].Span, Tags.Occupation, out _, out _));
        Assert.False(AttributeBlob.TryFind(encoded[QueryLevel.Patient].Span, Tags.StudyID, out _, out _));
    }

    [Fact]
    public void Levels_are_data_sets_in_explicit_little_endian()
    {
        DataSet dataSet = Samples.DataSet((Tags.PatientName, "Ñandú"), (Tags.PatientID, "odd"));
        ReadOnlyMemory<byte> level = AttributeEncoder.Encode(dataSet)[QueryLevel.Patient];
        DataSet decoded = DataSetEncoding.Decode(level, TransferSyntax.ExplicitVrLittleEndian, DecodeLimits.Default);
        Assert.Equal("odd", decoded.GetString(Tags.PatientID));
        decoded.Set(Tags.SpecificCharacterSet, "ISO_IR 192");
        Assert.Equal("Ñandú", decoded.GetString(Tags.PatientName));
    }

    [Fact]
    public void Values_beyond_the_limit_count_as_unknown()
    {
        DataSet dataSet = Samples.DataSet((Tags.PatientComments, new string('x', AttributeEncoder.ValueLimitBytes)), (Tags.PatientID, new string('x', AttributeEncoder.ValueLimitBytes + 1)));
        ReadOnlySpan<byte> level = AttributeEncoder.Encode(dataSet)[QueryLevel.Patient].Span;
        Assert.True(AttributeBlob.TryFind(level, Tags.PatientComments, out _, out _));
        Assert.False(AttributeBlob.TryFind(level, Tags.PatientID, out _, out _));
    }

    [Fact]
    public void Another_vr_than_the_dictionarys_is_taken_over_when_it_says_the_same()
    {
        DataSet dataSet = new();
        dataSet.Set(Tags.Rows, Vr.IS, "512");
        dataSet.Set(Tags.PatientID, Vr.SH, "P1");
        dataSet.SetBytes(Tags.StudyID, Vr.UN, "S1"u8.ToArray());
        EncodedAttributes encoded = AttributeEncoder.Encode(dataSet);
        Assert.True(AttributeBlob.TryFind(encoded[QueryLevel.Image].Span, Tags.Rows, out Vr vr, out ReadOnlySpan<byte> rows));
        Assert.Equal((Vr.US, 512), (vr, BitConverter.ToUInt16(rows)));
        Assert.Equal("P1", AttributeBlob.FirstText(encoded[QueryLevel.Patient].Span, Tags.PatientID));
        Assert.Equal("S1", AttributeBlob.FirstText(encoded[QueryLevel.Study].Span, Tags.StudyID));
    }

    [Fact]
    public void Sequences_deeper_than_the_limit_are_left_out()
    {
        DataSet inner = Samples.DataSet((Tags.CodeValue, "x"));
        for (int depth = 0; depth < AttributeEncoder.DepthLimit + 3; depth++)
        {
            DataSet outer = new();
            outer.SetSequence(depth == AttributeEncoder.DepthLimit + 2 ? Tags.RequestAttributesSequence : Tags.ConceptNameCodeSequence, [inner]);
            inner = outer;
        }

        ReadOnlySpan<byte> level = AttributeEncoder.Encode(inner)[QueryLevel.Series].Span;
        Assert.True(AttributeBlob.IsWellFormed(level));
        Assert.False(level.IsEmpty);
    }

    [Fact]
    public void Damaged_attributes_are_told_and_never_read_beyond()
    {
        InstanceRecord record = Samples.Instance("1", "2", "3", (Tags.OtherPatientIDs, "a\\b"), (Tags.PatientComments, "text"));
        byte[] level = record.Encoded[QueryLevel.Patient].ToArray();
        for (int length = 0; length < level.Length; length++)
        {
            Walk(level.AsSpan(0, length));
        }

        for (int i = 0; i < level.Length; i++)
        {
            byte[] damaged = [.. level];
            damaged[i] ^= 0xFF;
            Walk(damaged);
        }

        static void Walk(ReadOnlySpan<byte> blob)
        {
            try
            {
                while (AttributeBlob.TryRead(ref blob, out _, out _, out _))
                {
                }
            }
            catch (CatalogueException failure)
            {
                Assert.Equal(CatalogueFailure.Corrupt, failure.Failure);
            }
        }
    }
}
