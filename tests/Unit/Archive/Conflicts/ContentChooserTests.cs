using Panal.Archive.Conflicts;
using Panal.Archive.Ingest;
using Panal.Archive.Retrieve;
using Panal.Catalogue;
using Panal.Dicom;

namespace Panal.Unit.Archive.Conflicts;

public sealed class ContentChooserTests
{
    private static readonly Sample First = new() { Pixel = 1 }, Later = new() { Pixel = 2, Rows = 7 };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_later_content_is_given_out_when_it_was_chosen()
    {
        await using var archive = await BothAsync();
        var catalogue = archive.Holdings.Catalogue;
        var chooser = new ContentChooser(catalogue, archive.Holdings.Volumes);
        var files = await archive.FilesAsync();

        Assert.Equal(ContentChoice.Chosen, await chooser.ChooseLaterAsync(Assert.Single(catalogue.Conflicts(isOpenOnly: true, 0, 10)), Ct));

        Assert.Equal(Later.Encode(TransferSyntax.ExplicitVrLittleEndian), GivenOut(archive));
        Assert.Empty(catalogue.Conflicts(isOpenOnly: true, 0, 10));
        Assert.Equal(2, catalogue.FindInstance(First.SopInstanceUid)!.Copies.Count);
        Assert.Equal(files.Keys.Order(StringComparer.Ordinal), (await archive.FilesAsync()).Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_is_damaged_or_not_kept_is_not_chosen()
    {
        await using var archive = await BothAsync();
        var catalogue = archive.Holdings.Catalogue;
        var chooser = new ContentChooser(catalogue, archive.Holdings.Volumes);
        var conflict = Assert.Single(catalogue.Conflicts(isOpenOnly: true, 0, 10));
        await archive.FilesAsync();
        var version = catalogue.FindInstance(First.SopInstanceUid)!.Copies[1];
        await using (var file = File.OpenWrite(Path.Combine(archive.VolumeRoot, version.Path)))
        {
            file.Position = version.LengthBytes - 3;
            file.WriteByte(99);
        }

        Assert.Equal(ContentChoice.Unreadable, await chooser.ChooseLaterAsync(conflict, Ct));
        Assert.Equal(ContentChoice.NotKept, await chooser.ChooseLaterAsync(conflict with { Version = null }, Ct));
        Assert.Equal(ContentChoice.NotKept, await chooser.ChooseLaterAsync(conflict with { Subject = "9.9" }, Ct));
        Assert.Equal(First.Encode(TransferSyntax.ExplicitVrLittleEndian), GivenOut(archive));
        Assert.Single(catalogue.Conflicts(isOpenOnly: true, 0, 10));
    }

    [Fact]
    public async Task A_content_that_is_wanted_is_kept_when_it_comes_whatever_the_policy_is_and_can_be_chosen()
    {
        await using var archive = await TemporaryArchive.OpenAsync(new IngestOptions { Duplicates = DuplicatePolicy.KeepFirst });
        var catalogue = archive.Holdings.Catalogue;
        Assert.Equal(IngestResult.Stored, (await archive.StoreAsync(First)).Result);
        Assert.Equal(IngestResult.KeptFirst, (await archive.StoreAsync(Later)).Result);
        var conflict = Assert.Single(catalogue.Conflicts(isOpenOnly: true, 0, 10));
        Assert.False(catalogue.IsContentWanted(conflict.Subject, conflict.ContentHash));

        Assert.True(await catalogue.WantContentAsync(conflict.Id, Ct));
        Assert.True(catalogue.IsContentWanted(conflict.Subject, conflict.ContentHash));
        Assert.Equal(IngestResult.KeptFirst, (await archive.StoreAsync(Later with { Pixel = 3 })).Result);
        Assert.Equal(IngestResult.KeptBoth, (await archive.StoreAsync(Later)).Result);

        conflict = catalogue.Conflicts(isOpenOnly: true, 0, 10).Single(one => one.Id == conflict.Id);
        Assert.Equal((ConflictDecision.KeptBoth, 1), (conflict.Decision, conflict.Version));
        Assert.False(await catalogue.WantContentAsync(conflict.Id, Ct));
        Assert.Equal(ContentChoice.Chosen, await new ContentChooser(catalogue, archive.Holdings.Volumes).ChooseLaterAsync(conflict, Ct));
        Assert.Equal(Later.Encode(TransferSyntax.ExplicitVrLittleEndian), GivenOut(archive));
        Assert.False(await catalogue.WantContentAsync(conflict.Id, Ct));
    }

    private static async Task<TemporaryArchive> BothAsync()
    {
        var archive = await TemporaryArchive.OpenAsync(new IngestOptions { Duplicates = DuplicatePolicy.KeepBothVersions });
        Assert.Equal(IngestResult.Stored, (await archive.StoreAsync(First)).Result);
        Assert.Equal(IngestResult.KeptBoth, (await archive.StoreAsync(Later)).Result);
        return archive;
    }

    private static byte[] GivenOut(TemporaryArchive archive)
    {
        var row = archive.Holdings.Catalogue.FindInstance(First.SopInstanceUid)!;
        var retriever = new Retriever(archive.Holdings.Catalogue, archive.Holdings.Volumes);
        using var file = retriever.OpenFile(new InstanceReference(row.SopClassUid, row.SopInstanceUid, row.TransferSyntaxUid, "1.2.3", "P1", row.Copy))!;
        using var whole = new MemoryStream();
        file.Bytes.CopyTo(whole);
        return whole.ToArray().AsSpan((int)row.Copy!.DataSetOffsetBytes).ToArray();
    }
}
