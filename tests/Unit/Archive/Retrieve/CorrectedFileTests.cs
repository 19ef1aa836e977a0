using Panal.Archive.Retrieve;
using Panal.Archive.Search;
using Panal.Catalogue;
using Panal.Dicom;

namespace Panal.Unit.Archive.Retrieve;

/// <summary>What leaves of a corrected study carries the corrections, and says what stood there; what is stored stays.</summary>
public sealed class CorrectedFileTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static TheoryData<string> Syntaxes => [Uids.ImplicitVRLittleEndian, Uids.ExplicitVRLittleEndian, Uids.ExplicitVRBigEndian, Uids.DeflatedExplicitVRLittleEndian];

    [Theory]
    [MemberData(nameof(Syntaxes))]
    public void Attributes_are_replaced_and_added_and_what_stood_there_is_said(string uid)
    {
        var syntax = TransferSyntax.ForUid(uid);
        var sample = new Sample { PatientName = "Mal^Escrito", PixelBytes = 200_000, Pixel = 7 };
        byte[] stored = [.. new byte[100], .. sample.Encode(syntax)];
        var correction = Correction((Tags.PatientName, "Muñoz^Ana"), (Tags.AccessionNumber, "A77"), (Tags.PatientID, "P1"));

        using var leaving = CorrectedFile.Open(new MemoryStream(stored), 100, syntax, correction);

        var said = Decode(leaving, 100, syntax);
        Assert.Equal(("Muñoz^Ana", "A77", "P1"), (said.GetString(Tags.PatientName), said.GetString(Tags.AccessionNumber), said.GetString(Tags.PatientID)));
        var item = Assert.Single(said.GetSequence(Tags.OriginalAttributesSequence));
        Assert.Equal(
            ("20260301120000.000000+0000", "CENTRE", "CORRECT"),
            (item.GetString(Tags.AttributeModificationDateTime), item.GetString(Tags.ModifyingSystem), item.GetString(Tags.ReasonForTheAttributeModification)));
        Assert.True(item.Contains(Tags.SourceOfPreviousValues));
        var before = Assert.Single(item.GetSequence(Tags.ModifiedAttributesSequence));
        Assert.Equal("Mal^Escrito", before.GetString(Tags.PatientName));
        Assert.Equal([Tags.AccessionNumber, Tags.PatientName], before.Select(static element => element.Tag));

        // All else is as it was.
        var expected = DataSetEncoding.Decode(sample.Encode(syntax), syntax, DecodeLimits.Default);
        foreach (var tag in (Tag[])[Tags.AccessionNumber, Tags.PatientName, Tags.OriginalAttributesSequence])
        {
            said.Remove(tag);
            expected.Remove(tag);
        }

        Assert.True(said.ContentEquals(expected));
    }

    [Theory]
    [MemberData(nameof(Syntaxes))]
    public void It_can_be_read_in_pieces_and_sought_like_a_file(string uid)
    {
        var syntax = TransferSyntax.ForUid(uid);
        byte[] stored = new Sample { PixelBytes = 3_000 }.Encode(syntax);
        using var leaving = CorrectedFile.Open(new MemoryStream(stored), 0, syntax, Correction((Tags.PatientName, "Other^Name"), (Tags.StudyID, "S1")));
        byte[] whole = ReadAll(leaving);
        Assert.Equal(leaving.Length, whole.Length);
        for (var offset = 0; offset <= whole.Length; offset += 13)
        {
            // As those do who go back for what stands before.
            leaving.Position = 0;
            Assert.Equal(whole[0], leaving.ReadByte());
            leaving.Position = offset;
            var part = new byte[Math.Min(29, whole.Length - offset)];
            leaving.ReadExactly(part);
            Assert.Equal(whole.Skip(offset).Take(part.Length), part);
        }

        Assert.Equal(0, leaving.Read(new byte[1]));
    }

    [Theory]
    [MemberData(nameof(Syntaxes))]
    public void What_says_all_as_the_correction_does_leaves_as_it_is_stored(string uid)
    {
        var syntax = TransferSyntax.ForUid(uid);
        using var file = new MemoryStream(new Sample().Encode(syntax));
        Assert.Same(file, CorrectedFile.Open(file, 0, syntax, Correction((Tags.PatientName, "García^Ana"), (Tags.PatientID, "P1"))));
    }

    [Fact]
    public void A_second_correction_of_what_was_corrected_elsewhere_adds_an_item_and_a_file_without_character_set_declares_one()
    {
        var syntax = TransferSyntax.ExplicitVrLittleEndian;
        var dataSet = new DataSet();
        dataSet.Set(Tags.PatientName, "Plain^Name");
        var earlier = new DataSet();
        earlier.Set(Tags.ModifyingSystem, "MODALITY");
        dataSet.SetSequence(Tags.OriginalAttributesSequence, [earlier]);
        using var leaving = CorrectedFile.Open(new MemoryStream(Encode(dataSet, syntax)), 0, syntax, Correction((Tags.PatientName, "Muñoz^Ana")));
        var said = Decode(leaving, 0, syntax);
        Assert.Equal(("ISO_IR 192", "Muñoz^Ana"), (said.GetString(Tags.SpecificCharacterSet), said.GetString(Tags.PatientName)));
        Assert.Equal(["MODALITY", "CENTRE"], said.GetSequence(Tags.OriginalAttributesSequence).Select(static item => item.GetString(Tags.ModifyingSystem)));
    }

    [Theory]
    [InlineData(Uids.ExplicitVRLittleEndian)]
    [InlineData(Uids.DeflatedExplicitVRLittleEndian)]
    public void Bytes_that_are_cut_or_wrong_are_refused_or_pass_as_they_are(string uid)
    {
        var syntax = TransferSyntax.ForUid(uid);
        byte[] stored = new Sample { PixelBytes = 16 }.Encode(syntax);
        var correction = Correction((Tags.PatientName, "Other^Name"));
        for (var i = 0; i < stored.Length; i++)
        {
            Survive(stored[..i], correction, syntax);
            byte[] flipped = [.. stored];
            flipped[i] ^= 0xFF;
            Survive(flipped, correction, syntax);
        }
    }

    [Fact]
    public async Task A_deflated_file_is_corrected_without_holding_what_it_becomes()
    {
        var syntax = TransferSyntax.DeflatedExplicitVrLittleEndian;
        var sample = new Sample { PixelBytes = 32 << 20 };
        byte[] stored = sample.Encode(syntax);
        var correction = Correction((Tags.PatientName, "Other^Name"));
        byte[] buffer = new byte[1 << 16];
        long allocated = Allocated.Bytes(() =>
        {
            using var leaving = CorrectedFile.Open(new MemoryStream(stored), 0, syntax, correction);
            while (leaving.Read(buffer) > 0)
            {
                // To its end.
            }
        });
        Assert.InRange(allocated, 0, 2 << 20);

        using var again = CorrectedFile.Open(new MemoryStream(stored), 0, syntax, correction);
        using var target = new MemoryStream();
        await again.CopyToAsync(target, TestContext.Current.CancellationToken);
        Assert.Equal(again.Length, target.Length);
        Assert.Equal(0, target.Length % 2);
        Assert.Equal("Other^Name", DataSetEncoding.Decode(target.ToArray(), syntax, DecodeLimits.Default).GetString(Tags.PatientName));
    }

    [Fact]
    public async Task An_instance_of_a_corrected_study_leaves_corrected_in_every_syntax_and_the_stored_file_stays()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        await archive.StoreAsync(new Sample { PatientName = "Mal^Escrito" });
        byte[] before = (await archive.FilesAsync()).Values.Single();
        var retriever = new Retriever(archive.Holdings.Catalogue, archive.Holdings.Volumes);
        var first = Locate(retriever);
        Assert.Null(first.CorrectedAt);
        var name = new DataSet();
        name.Set(Tags.PatientName, "Right^Name");
        await archive.Holdings.Catalogue.CorrectAsync("1.2.3", name, "CENTRE", isDryRun: false, TestContext.Current.CancellationToken);

        var reference = Locate(retriever);
        Assert.StartsWith(first.ContentHash + "-", reference.ContentHash, StringComparison.Ordinal);
        foreach (var uid in (string[])[Uids.ExplicitVRLittleEndian, Uids.ImplicitVRLittleEndian])
        {
            await using var leaving = retriever.Open(reference, [uid]).Instance!;
            using var bytes = new MemoryStream();
            await leaving.DataSet.CopyToAsync(bytes, TestContext.Current.CancellationToken);
            Assert.Equal(bytes.Length, leaving.LengthBytes ?? bytes.Length);
            Assert.Equal("Right^Name", DataSetEncoding.Decode(bytes.ToArray(), TransferSyntax.ForUid(uid), DecodeLimits.Default).GetString(Tags.PatientName));
        }

        using var file = retriever.OpenFile(reference)!;
        Assert.Equal(file.LengthBytes, ReadAll(file.Bytes).Length);
        Assert.Equal("Right^Name", Decode(file.Bytes, file.DataSetOffsetBytes, file.TransferSyntax).GetString(Tags.PatientName));
        Assert.Equal(before, (await archive.FilesAsync()).Values.Single());
    }

    [Fact]
    public async Task Who_wants_the_file_as_it_was_received_gets_it_without_the_correction()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        await archive.StoreAsync(new Sample { PatientName = "Mal^Escrito" });
        byte[] received = (await archive.FilesAsync()).Values.Single();
        var name = new DataSet();
        name.Set(Tags.PatientName, "Right^Name");
        await archive.Holdings.Catalogue.CorrectAsync("1.2.3", name, "CENTRE", isDryRun: false, TestContext.Current.CancellationToken);

        var export = new ReceivedExport(new Retriever(archive.Holdings.Catalogue, archive.Holdings.Volumes));
        string folder = Path.Combine(archive.Directory, "received");
        var told = await export.ExportAsync(Request(), folder, static _ => { }, TestContext.Current.CancellationToken);
        Assert.Equal((1, 0), (told.Written, told.Failed));
        Assert.Equal(received, await File.ReadAllBytesAsync(Assert.Single(Directory.GetFiles(folder)), TestContext.Current.CancellationToken));
    }

    private static InstanceReference Locate(Retriever retriever) => Assert.Single(retriever.Locate(Request(), TestContext.Current.CancellationToken));

    private static RetrieveRequest Request()
    {
        var identifier = new DataSet();
        identifier.Set(Tags.QueryRetrieveLevel, "IMAGE");
        identifier.Set(Tags.SOPInstanceUID, "1.2.3.4.5");
        return new RetrieveRequest(InformationModel.StudyRoot, identifier, Relational: false);
    }

    private static void Survive(byte[] stored, StudyCorrection correction, TransferSyntax syntax)
    {
        try
        {
            using var leaving = CorrectedFile.Open(new MemoryStream(stored), 0, syntax, correction);
            Assert.Equal(leaving.Length, ReadAll(leaving).Length);
        }
        catch (DicomFormatException)
        {
            // Refused.
        }
    }

    private static StudyCorrection Correction(params (Tag Tag, string Value)[] values)
    {
        var attributes = new DataSet();
        attributes.Set(Tags.SpecificCharacterSet, "ISO_IR 192");
        foreach (var (tag, value) in values)
        {
            attributes.Set(tag, value);
        }

        return new StudyCorrection(attributes, "CENTRE", Noon);
    }

    private static byte[] Encode(DataSet dataSet, TransferSyntax syntax)
    {
        var target = new System.Buffers.ArrayBufferWriter<byte>();
        DataSetEncoding.Encode(dataSet, syntax, target);
        return target.WrittenSpan.ToArray();
    }

    private static DataSet Decode(Stream leaving, long offset, TransferSyntax syntax) =>
        DataSetEncoding.Decode(ReadAll(leaving).AsMemory((int)offset), syntax, DecodeLimits.Default);

    private static byte[] ReadAll(Stream stream)
    {
        stream.Position = 0;
        using var target = new MemoryStream();
        stream.CopyTo(target);
        return target.ToArray();
    }
}
