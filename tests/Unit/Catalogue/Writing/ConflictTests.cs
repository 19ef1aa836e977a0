using Panal.Catalogue;
using Panal.Dicom;
using Panal.Unit.Catalogue.Support;

namespace Panal.Unit.Catalogue.Writing;

public sealed class ConflictTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task The_first_description_of_a_parent_stays_and_the_difference_is_recorded_once()
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        await catalogue.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.1", (Tags.StudyDescription, "Head")), None);
        for (int i = 2; i < 20; i++)
        {
            await catalogue.Database.AddAsync(Samples.Instance("1", "1.1", $"1.1.{i}", (Tags.StudyDescription, "Hand"), (Tags.PatientName, "Other^Name")), None);
        }

        IReadOnlyList<Conflict> conflicts = catalogue.Database.Conflicts(isOpenOnly: true, 0, 100);
        Assert.Equal([ConflictKind.PatientAttributes, ConflictKind.StudyAttributes], conflicts.Select(conflict => conflict.Kind));
        Assert.Equal(["P1\\", "1"], conflicts.Select(conflict => conflict.Subject));
        Assert.Equal("Other^Name", conflicts[0].Other.GetString(Tags.PatientName));
        Assert.Single(conflicts[0].Other);
        Assert.Equal("Hand", conflicts[1].Other.GetString(Tags.StudyDescription));
        DataSet row = Assert.Single(catalogue.Database.Query(new CatalogueQuery { Level = QueryLevel.Study }, None));
        Assert.Equal(("Head", "Doe^Jane"), (row.GetString(Tags.StudyDescription), row.GetString(Tags.PatientName)));
    }

    [Fact]
    public async Task What_only_one_side_knows_is_no_conflict()
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        await catalogue.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.1"), None);
        await catalogue.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.2", (Tags.StudyDescription, "Hand")), None);
        Assert.Empty(catalogue.Database.Conflicts(isOpenOnly: false, 0, 100));
    }

    [Fact]
    public async Task A_study_under_two_patients_stays_one_study()
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        await catalogue.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.1"), None);
        await catalogue.Database.AddAsync(Samples.Instance("1", "1.2", "1.2.1", (Tags.PatientID, "P2")), None);
        Assert.Equal(new CatalogueCounts(1, 1, 2, 2, 2000), catalogue.Database.Counts());
        Conflict conflict = Assert.Single(catalogue.Database.Conflicts(isOpenOnly: true, 0, 100));
        Assert.Equal((ConflictKind.StudyOfOtherPatient, "1", "P2"), (conflict.Kind, conflict.Subject, conflict.Other.GetString(Tags.PatientID)));
    }

    [Fact]
    public async Task A_series_in_two_studies_is_kept_in_both()
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        await catalogue.Database.AddAsync(Samples.Instance("1", "7", "1.1"), None);
        await catalogue.Database.AddAsync(Samples.Instance("2", "7", "2.1"), None);
        Assert.Equal(new CatalogueCounts(1, 2, 2, 2, 2000), catalogue.Database.Counts());
        Assert.Equal(ConflictKind.SeriesOfOtherStudy, Assert.Single(catalogue.Database.Conflicts(isOpenOnly: true, 0, 100)).Kind);
        Assert.Equal("2.1", Assert.Single(catalogue.Database.Locate(new RetrieveKeys { StudyInstanceUids = ["2"] }, None)).SopInstanceUid);
    }

    [Fact]
    public async Task Patients_are_told_apart_by_id_and_issuer_and_nobody_without_id_is_the_same()
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        await catalogue.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.1", (Tags.IssuerOfPatientID, "A")), None);
        await catalogue.Database.AddAsync(Samples.Instance("2", "2.1", "2.1.1", (Tags.IssuerOfPatientID, "B")), None);
        await catalogue.Database.AddAsync(Samples.Instance("3", "3.1", "3.1.1", (Tags.PatientID, "")), None);
        await catalogue.Database.AddAsync(Samples.Instance("4", "4.1", "4.1.1", (Tags.PatientID, "")), None);
        await catalogue.Database.AddAsync(Samples.Instance("5", "5.1", "5.1.1", (Tags.IssuerOfPatientID, "A")), None);
        Assert.Equal(4, catalogue.Database.Counts().Patients);
    }

    [Fact]
    public async Task A_device_that_never_says_the_same_does_not_fill_the_table()
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync(new CatalogueOptions { DifferenceLimit = 5 });
        for (int i = 0; i < 50; i++)
        {
            await catalogue.Database.AddAsync(Samples.Instance("1", "1.1", $"1.1.{i}", (Tags.SeriesDescription, $"Slice {i}")), None);
        }

        Assert.Equal(5, catalogue.Database.Conflicts(isOpenOnly: false, 0, 100).Count);
    }

    [Fact]
    public async Task Other_content_is_kept_as_a_version_when_decided_so_and_repeating_changes_nothing()
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        InstanceRecord first = Samples.Instance("1", "1.1", "1.1.1"), second = first.WithContent("other");
        second = second with { Copy = second.Copy with { Path = "b/other.dcm" } };
        await catalogue.Database.AddAsync(first, None);

        Assert.Null(await catalogue.Database.AddConflictAsync(second, ConflictDecision.KeptFirst, isDurable: false, None));
        CopyRecord? kept = await catalogue.Database.AddConflictAsync(second, ConflictDecision.KeptBoth, isDurable: true, None);
        CopyRecord? again = await catalogue.Database.AddConflictAsync(second, ConflictDecision.KeptBoth, isDurable: true, None);

        Assert.Equal(1, kept!.Version);
        Assert.Equal(kept, again);
        InstanceRow row = catalogue.Database.FindInstance("1.1.1")!;
        Assert.Equal([first.Copy, kept], row.Copies);
        Assert.Equal(first.Copy, row.Copy);
        Conflict conflict = Assert.Single(catalogue.Database.Conflicts(isOpenOnly: true, 0, 10));
        Assert.Equal((ConflictKind.OtherContent, ConflictDecision.KeptBoth, 1), (conflict.Kind, conflict.Decision, conflict.Version));
        // The kept version is known from now on.
        Assert.Equal(AddResult.AlreadyThere, (await catalogue.Database.AddAsync(second, None)).Result);
        Assert.Equal([ChangeKind.InstanceAdded, ChangeKind.ConflictRecorded, ChangeKind.CopiesChanged], catalogue.Database.Changes(0, 10).Select(change => change.Kind));

        Assert.True(await catalogue.Database.ResolveConflictAsync(conflict.Id, None));
        Assert.False(await catalogue.Database.ResolveConflictAsync(conflict.Id, None));
        Assert.Empty(catalogue.Database.Conflicts(isOpenOnly: true, 0, 10));
    }

    [Fact]
    public async Task A_chosen_version_is_what_is_answered_and_the_former_content_takes_its_number()
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        InstanceRecord first = Samples.Instance("1", "1.1", "1.1.1"), second = await KeepBothAsync(catalogue, first, "1.1.1");
        Conflict conflict = Assert.Single(catalogue.Database.Conflicts(isOpenOnly: true, 0, 10));

        Assert.Equal(VersionChoice.Chosen, await catalogue.Database.ChooseVersionAsync(conflict.Id, second, None));

        InstanceRow row = catalogue.Database.FindInstance("1.1.1")!;
        Assert.Equal([second.Copy with { Version = 0 }, first.Copy with { Version = 1 }], row.Copies);
        Assert.Equal((Uids.MRImageStorage, Uids.JPEG2000Lossless), (row.SopClassUid, row.TransferSyntaxUid));
        Assert.Equal(new CatalogueCounts(1, 1, 1, 1, second.Copy.LengthBytes), catalogue.Database.Counts());
        DataSet shown = Assert.Single(catalogue.Database.Query(new CatalogueQuery { Level = QueryLevel.Image, ReturnKeys = [Tags.InstanceNumber, Tags.SOPClassUID] }, None));
        Assert.Equal(("77", Uids.MRImageStorage), (shown.GetString(Tags.InstanceNumber), shown.GetString(Tags.SOPClassUID)));
        Conflict decided = Assert.Single(catalogue.Database.Conflicts(isOpenOnly: false, 0, 10));
        Assert.Equal((ConflictDecision.ChoseLater, 1, true), (decided.Decision, decided.Version, decided.ResolvedAt is not null));
        Assert.Equal(ChangeKind.CopiesChanged, catalogue.Database.Changes(0, 10)[^1].Kind);

        // Both contents are known; neither is a conflict again.
        Assert.Equal(AddResult.AlreadyThere, (await catalogue.Database.AddAsync(first, None)).Result);
        Assert.Equal(AddResult.AlreadyThere, (await catalogue.Database.AddAsync(second, None)).Result);
        Assert.Equal(VersionChoice.NotKept, await catalogue.Database.ChooseVersionAsync(conflict.Id, second, None));
    }

    [Fact]
    public async Task A_version_of_another_series_and_what_is_not_kept_are_not_chosen()
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        InstanceRecord first = Samples.Instance("1", "1.1", "1.1.1"), second = await KeepBothAsync(catalogue, first, "1.1.1");
        long conflict = Assert.Single(catalogue.Database.Conflicts(isOpenOnly: true, 0, 10)).Id;
        InstanceRecord elsewhere = Samples.Instance("1", "1.2", "1.1.1") with { Copy = second.Copy };

        Assert.Equal(VersionChoice.OfOtherSeries, await catalogue.Database.ChooseVersionAsync(conflict, elsewhere, None));
        Assert.Equal(VersionChoice.NotKept, await catalogue.Database.ChooseVersionAsync(conflict + 1, second, None));
        Assert.Equal(VersionChoice.NotKept, await catalogue.Database.ChooseVersionAsync(conflict, second with { Copy = second.Copy with { Version = 2 } }, None));
        Assert.Equal(VersionChoice.NotKept, await catalogue.Database.ChooseVersionAsync(conflict, second with { SopInstanceUid = "9" }, None));
        Assert.Equal([first.Copy, second.Copy], catalogue.Database.FindInstance("1.1.1")!.Copies);
        Assert.Equal(conflict, Assert.Single(catalogue.Database.Conflicts(isOpenOnly: true, 0, 10)).Id);
    }

    /// <summary>Keeps another content of another class under the same UID, as version 1.</summary>
    private static async Task<InstanceRecord> KeepBothAsync(TemporaryCatalogue catalogue, InstanceRecord first, string uid)
    {
        InstanceRecord second = Samples.Instance("1", "1.1", uid, (Tags.InstanceNumber, "77")).WithContent("other");
        second = second with
        {
            SopClassUid = Uids.MRImageStorage,
            TransferSyntaxUid = Uids.JPEG2000Lossless,
            Copy = second.Copy with { Path = "b/other.dcm", LengthBytes = 333 },
        };
        await catalogue.Database.AddAsync(first, None);
        CopyRecord? kept = await catalogue.Database.AddConflictAsync(second, ConflictDecision.KeptBoth, isDurable: false, None);
        return second with { Copy = kept! };
    }
}
