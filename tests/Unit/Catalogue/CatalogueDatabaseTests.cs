using Panal.Catalogue;
using Panal.Dicom;
using Panal.Unit.Catalogue.Support;

namespace Panal.Unit.Catalogue;

public sealed class CatalogueDatabaseTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task An_added_instance_is_found_with_its_copy()
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        InstanceRecord record = Samples.Instance("1.1", "1.1.1", "1.1.1.1", (Tags.InstanceNumber, "7"));

        AddOutcome outcome = await catalogue.Database.AddAsync(record, None);

        Assert.Equal(AddResult.Added, outcome.Result);
        InstanceRow row = catalogue.Database.FindInstance("1.1.1.1")!;
        Assert.Equal(("1.1", "1.1.1", "P1", 7), (row.StudyInstanceUid, row.SeriesInstanceUid, row.PatientId, row.InstanceNumber));
        Assert.Equal(record.Copy, row.Copy);
        Assert.Equal((Samples.Noon, "SCANNER", Uids.ExplicitVRLittleEndian), (row.ReceivedAt, row.SourceAeTitle, row.TransferSyntaxUid));
        Assert.Null(catalogue.Database.FindInstance("1.1.1.2"));
    }

    [Fact]
    public async Task The_same_record_again_changes_nothing()
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        InstanceRecord record = Samples.Instance("1.1", "1.1.1", "1.1.1.1");
        await catalogue.Database.AddAsync(record, None);

        AddOutcome again = await catalogue.Database.AddAsync(record with { Copy = record.Copy with { Path = "elsewhere" } }, None);

        Assert.Equal(AddResult.AlreadyThere, again.Result);
        Assert.Equal(record.Copy, again.Existing);
        Assert.Equal(new CatalogueCounts(1, 1, 1, 1, 1000), catalogue.Database.Counts());
        Assert.Single(catalogue.Database.Changes(0, 10));
        Assert.Empty(catalogue.Database.Conflicts(isOpenOnly: false, 0, 10));
    }

    [Fact]
    public async Task A_catalogue_that_gave_its_memory_back_answers_and_takes_as_before()
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        await catalogue.Database.AddAsync(Samples.Instance("1.1", "1.1.1", "1.1.1.1"), None);
        Assert.NotNull(catalogue.Database.FindInstance("1.1.1.1"));

        await catalogue.Database.GiveBackAsync(None);
        await catalogue.Database.AddAsync(Samples.Instance("1.1", "1.1.1", "1.1.1.2"), None);

        Assert.NotNull(catalogue.Database.FindInstance("1.1.1.1"));
        Assert.NotNull(catalogue.Database.FindInstance("1.1.1.2"));
    }

    [Fact]
    public async Task Other_content_under_a_known_uid_is_told_and_not_stored()
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        InstanceRecord record = Samples.Instance("1.1", "1.1.1", "1.1.1.1");
        await catalogue.Database.AddAsync(record, None);

        AddOutcome other = await catalogue.Database.AddAsync(record.WithContent("changed"), None);

        Assert.Equal(AddResult.OtherContent, other.Result);
        Assert.Equal(record.Copy, other.Existing);
        Assert.Single(catalogue.Database.FindInstance("1.1.1.1")!.Copies);
    }

    [Fact]
    public async Task Everything_is_there_after_closing_and_opening_again()
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        await catalogue.Database.AddAsync(Samples.Instance("1.1", "1.1.1", "1.1.1.1"), None);
        await catalogue.ReopenAsync();
        await catalogue.Database.AddAsync(Samples.Instance("1.1", "1.1.1", "1.1.1.2"), None);
        Assert.Equal(new CatalogueCounts(1, 1, 1, 2, 2000), catalogue.Database.Counts());
        Assert.Equal([1, 2], catalogue.Database.Changes(0, 10).Select(change => change.Sequence));
    }

    [Fact]
    public async Task Nobody_else_on_the_machine_may_read_the_files()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Rights of Unix.");
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        await catalogue.Database.AddAsync(Samples.Instance("1", "2", "3"), None);
        foreach (string suffix in (string[])["", "-wal", "-shm"])
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(catalogue.Path + suffix));
        }

        Assert.Null(catalogue.Database.CheckpointFailure);
    }

    [Theory]
    [InlineData("", "1", "1")]
    [InlineData("1", "", "1")]
    [InlineData("1", "1", "")]
    public async Task An_instance_without_one_of_its_three_uids_is_not_taken(string study, string series, string instance)
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        DataSet attributes = Samples.DataSet((Tags.PatientID, "P1"));
        if (study.Length > 0)
        {
            attributes.Set(Tags.StudyInstanceUID, study);
        }

        if (series.Length > 0)
        {
            attributes.Set(Tags.SeriesInstanceUID, series);
        }

        attributes.Set(Tags.SOPInstanceUID, "9");
        await Assert.ThrowsAsync<ArgumentException>(async () => await catalogue.Database.AddAsync(Samples.Of(attributes) with { SopInstanceUid = instance }, None));
    }

    [Fact]
    public async Task A_study_query_returns_what_was_asked_for()
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        await catalogue.Database.AddAsync(Samples.Instance("1.1", "1.1.1", "1.1.1.1", (Tags.StudyDate, "20260102")), None);
        await catalogue.Database.AddAsync(Samples.Instance("1.1", "1.1.2", "1.1.2.1", (Tags.StudyDate, "20260102"), (Tags.Modality, "SR")), None);

        DataSet answer = Assert.Single(catalogue.Database.Query(
            Samples.Query(
                QueryLevel.Study, new MatchingOptions(), (Tags.PatientID, "P1"), (Tags.PatientName, ""), (Tags.StudyDate, ""), (Tags.StudyInstanceUID, ""),
                (Tags.AccessionNumber, ""), (Tags.ModalitiesInStudy, ""), (Tags.NumberOfStudyRelatedInstances, "")),
            None));

        Assert.Equal("Doe^Jane", answer.GetString(Tags.PatientName));
        Assert.Equal("20260102", answer.GetString(Tags.StudyDate));
        Assert.Equal("1.1", answer.GetString(Tags.StudyInstanceUID));
        Assert.Equal(["CT", "SR"], answer.GetStrings(Tags.ModalitiesInStudy));
        Assert.Equal(2, answer.GetInt32(Tags.NumberOfStudyRelatedInstances));
        Assert.True(answer.Contains(Tags.AccessionNumber));
        Assert.False(answer.HasValue(Tags.AccessionNumber));
        Assert.False(answer.Contains(Tags.SpecificCharacterSet));
        Assert.Equal(7, answer.Count);
    }
}
