using System.Buffers;
using Panal.Catalogue;
using Panal.Dicom;
using Panal.Unit.Catalogue.Support;

namespace Panal.Unit.Catalogue.Records;

public sealed class InstanceNoteTests
{
    [Fact]
    public async Task A_note_gives_the_same_rows_as_the_record()
    {
        InstanceRecord record = Sample();
        Assert.True(InstanceNote.TryDecode(Encode(record), out InstanceRecord? decoded));
        Assert.Equal(
            (record.SopInstanceUid, record.SopClassUid, record.TransferSyntaxUid, record.SourceAeTitle, record.ReceivedAt, record.Copy),
            (decoded.SopInstanceUid, decoded.SopClassUid, decoded.TransferSyntaxUid, decoded.SourceAeTitle, decoded.ReceivedAt, decoded.Copy));
        Assert.Equal(Encode(record), Encode(decoded));
        // Also when made anew from its attributes.
        Assert.Equal(Encode(record), Encode(decoded with { Attributes = decoded.Attributes.WithCharacterSets("ISO_IR 192") }));

        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        await catalogue.Database.AddAsync(decoded, CancellationToken.None);
        Assert.Equal(AddResult.AlreadyThere, (await catalogue.Database.AddAsync(record, CancellationToken.None)).Result);
        DataSet row = Assert.Single(catalogue.Database.Query(new CatalogueQuery { Level = QueryLevel.Image }, CancellationToken.None));
        Assert.Equal("Müller^Zoë", row.GetString(Tags.PatientName));
        Assert.Equal("S1", row.GetSequence(Tags.RequestAttributesSequence).Single().GetString(Tags.ScheduledProcedureStepID));
    }

    [Fact]
    public void A_note_cut_at_any_byte_is_refused()
    {
        byte[] note = Encode(Sample());
        for (int length = 0; length < note.Length; length++)
        {
            Assert.False(InstanceNote.TryDecode(note.AsMemory(0, length), out _), $"{length} bytes");
        }

        Assert.False(InstanceNote.TryDecode((byte[])[.. note, 0], out _));
    }

    [Fact]
    public void A_flipped_byte_never_does_harm()
    {
        byte[] note = Encode(Sample());
        for (int i = 0; i < note.Length; i++)
        {
            foreach (byte flip in (byte[])[0x01, 0x80, 0xFF])
            {
                byte[] damaged = [.. note];
                damaged[i] ^= flip;
                if (InstanceNote.TryDecode(damaged, out InstanceRecord? record))
                {
                    Assert.NotEmpty(record.SopInstanceUid);
                }
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(InstanceNote.TextLimitBytes)]
    [InlineData(InstanceNote.TextLimitBytes + 1)]
    [InlineData(int.MaxValue)]
    [InlineData(-1)]
    public void Lengths_are_checked_before_they_are_used(int length)
    {
        byte[] note = Encode(Sample());
        System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(note.AsSpan(4), length);
        Assert.False(InstanceNote.TryDecode(note, out _));
    }

    [Fact]
    public void The_format_is_frozen()
    {
        InstanceRecord record = Samples.Instance("1.2", "1.3", "1.4", (Tags.StudyDate, "20260102"));
        record = record with { Copy = record.Copy with { Hash = new byte[] { 1, 2 } } };
        Assert.Equal(
            "50494E0103000000312E3419000000312E322E3834302E31303030382E352E312E342E312E312E3213000000312E322E3834302E31303030382E312E322E31"
            + "070000005343414E4E455203000000312E3203000000312E3309000000612F312E342E64636D"
            + "001EB8B89C0100000100000000000000E80300000000000084000000000000000100000000000000020000000102"
            + "1A0000001000100050 4E0800446F655E4A616E6510002000 4C4F02005031".Replace(" ", string.Empty, StringComparison.Ordinal)
            + "10000000080020004441080032303236303130320A00000008006000435302004354" + "00000000",
            Convert.ToHexString(Encode(record)));
    }

    private static InstanceRecord Sample()
    {
        InstanceRecord record = Samples.Instance(
            "1.2", "1.3", "1.4", (Tags.PatientName, "Müller^Zoë"), (Tags.StudyDate, "20260102"), (Tags.Rows, "512"), (Tags.ImageType, "A\\B"));
        record.Attributes.SetSequence(Tags.RequestAttributesSequence, [Samples.DataSet((Tags.ScheduledProcedureStepID, "S1"))]);
        return record;
    }

    private static byte[] Encode(InstanceRecord record)
    {
        var writer = new ArrayBufferWriter<byte>();
        InstanceNote.Encode(record, writer);
        return writer.WrittenSpan.ToArray();
    }
}
