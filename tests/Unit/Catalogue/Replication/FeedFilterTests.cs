using Panal.Catalogue;
using Panal.Dicom;
using Panal.Unit.Catalogue.Support;

namespace Panal.Unit.Catalogue.Replication;

/// <summary>What a publisher tells a subscriber with a filter: some studies, without some attributes, and what has left the filter as gone.</summary>
public sealed class FeedFilterTests
{
    private static readonly Guid Publisher = new("00000000-0000-4000-8000-000000000007");
    private static readonly Guid Self = new("00000000-0000-4000-8000-000000000005");
    private static readonly DateOnly Today = new(2026, 1, 11);

    private static CancellationToken None => CancellationToken.None;

    [Fact]
    public async Task A_filter_tells_some_studies_without_some_attributes_and_takes_back_what_leaves_it()
    {
        await using TemporaryCatalogue there = await CreateAsync();
        await there.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.1", (Tags.InstitutionName, "North"), (Tags.StudyDate, "20260101"), (Tags.PatientSex, "F")), None);
        await there.Database.AddAsync(Samples.Instance("1", "1.2", "1.2.1", (Tags.InstitutionName, "South"), (Tags.StudyDate, "20260101")), None);
        await there.Database.AddAsync(Samples.Instance("2", "2.1", "2.1.1", (Tags.InstitutionName, "North"), (Tags.StudyDate, "20190101")), None);
        await there.Database.AddAsync(Samples.Instance("3", "3.1", "3.1.1", (Tags.InstitutionName, "North")), None);
        FeedFilter filter = Of(new FeedSelection { Institutions = [["NORTH"]], Days = 10, Withheld = new HashSet<Tag> { Tags.PatientName, Tags.PatientID } });

        FeedStep told = there.Database.OwnChanges(0, 100, filter)!;

        StudyState study = Assert.Single(told.State.Studies);
        Assert.Equal(("1", "1.1"), (study.StudyInstanceUid, Assert.Single(study.Series).SeriesInstanceUid));
        await using TemporaryCatalogue here = await CreateAsync();
        await here.Database.ApplyAsync(Publisher, told, None);
        DataSet found = Assert.Single(here.Database.Query(Samples.Query(QueryLevel.Study, new MatchingOptions()), None));
        Assert.Equal((null, null, "F"), (found.GetString(Tags.PatientName), found.GetString(Tags.PatientID), found.GetString(Tags.PatientSex)));

        // The study's date is corrected: it leaves the filter, and comes into it again.
        await there.Database.CorrectAsync("1", Samples.DataSet((Tags.StudyDate, "20180101")), "CENTRE", isDryRun: false, None);
        FeedStep later = there.Database.OwnChanges(told.Cursor.Sequence, 100, filter)!;
        Assert.Equal(["1"], later.State.GoneStudies);
        await here.Database.ApplyAsync(Publisher, later, None);
        Assert.Equal(0, here.Database.Counts().Studies);
        await there.Database.CorrectAsync("1", Samples.DataSet((Tags.StudyDate, "20260102")), "CENTRE", isDryRun: false, None);
        await here.Database.ApplyAsync(Publisher, there.Database.OwnChanges(later.Cursor.Sequence, 100, filter)!, None);
        Assert.Equal(new CatalogueCounts(1, 1, 1, 1, 0), here.Database.Counts());

        Assert.False(there.Database.CanResume(later.Cursor, FeedFilter.All));
        Assert.True(there.Database.CanResume(later.Cursor, filter));
    }

    [Fact]
    public async Task What_is_in_one_of_several_selections_is_told_with_what_any_of_them_tells()
    {
        await using TemporaryCatalogue there = await CreateAsync();
        await there.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.1", (Tags.InstitutionName, "North"), (Tags.Modality, "CT")), None);
        await there.Database.AddAsync(Samples.Instance("2", "2.1", "2.1.1", (Tags.InstitutionName, "South"), (Tags.PatientID, "P2"), (Tags.Modality, "CT")), None);
        await there.Database.AddAsync(Samples.Instance("2", "2.2", "2.2.1", (Tags.InstitutionName, "South"), (Tags.PatientID, "P2"), (Tags.Modality, "MR")), None);
        await there.Database.AddAsync(Samples.Instance("3", "3.1", "3.1.1", (Tags.InstitutionName, "South"), (Tags.Modality, "MR")), None);
        FeedFilter filter = Of(
            new FeedSelection { Institutions = [["North"]] },
            new FeedSelection { Modalities = ["CT"], Withheld = new HashSet<Tag> { Tags.PatientName, Tags.PatientBirthDate } });

        FeedStep step = there.Database.OwnChanges(0, 100, filter)!;

        await using TemporaryCatalogue here = await CreateAsync();
        await here.Database.ApplyAsync(Publisher, step, None);
        Assert.Equal([("1", true), ("2", false)], here.Database
            .Query(Samples.Query(QueryLevel.Study, new MatchingOptions()), None)
            .Select(study => (study.GetString(Tags.StudyInstanceUID)!, study.GetString(Tags.PatientName) is not null)).Order());
        Assert.Equal(["1.1", "2.1"], step.State.Studies.SelectMany(study => study.Series).Select(series => series.SeriesInstanceUid).Order());
        Assert.Equal(["2.1"], there.Database.SeriesTold("2", filter));
        Assert.Empty(there.Database.SeriesTold("3", filter));
    }

    [Fact]
    public async Task A_study_that_has_become_too_old_is_gone_on_the_next_day_without_a_snapshot()
    {
        await using TemporaryCatalogue there = await CreateAsync();
        await there.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.1", (Tags.StudyDate, "20260101")), None);
        await there.Database.AddAsync(Samples.Instance("2", "2.1", "2.1.1", (Tags.StudyDate, "20260102")), None);
        FeedFilter today = Of(new FeedSelection { Days = 10 });
        FeedFilter tomorrow = today with { Today = Today.AddDays(1) };
        FeedStep told = there.Database.OwnChanges(0, 100, today)!;
        Assert.Equal(["1", "2"], told.State.Studies.Select(study => study.StudyInstanceUid).Order());

        Assert.True(there.Database.CanResume(told.Cursor, tomorrow));
        FeedStep next = there.Database.OwnChanges(told.Cursor.Sequence, 100, tomorrow, told.Cursor.Filter)!;

        Assert.Equal(["1"], next.State.GoneStudies);
        Assert.Empty(next.State.Studies);
        Assert.Equal(tomorrow.Fingerprint, next.Cursor.Filter);
        // A clock that was set back tells again what was too old: by a snapshot.
        Assert.False(there.Database.CanResume(next.Cursor, today));
        // And what is told by another of the selections all the same is told whole.
        FeedFilter both = Of(new FeedSelection { Days = 10 }, new FeedSelection { Modalities = ["CT"], Withheld = new HashSet<Tag> { Tags.PatientName } });
        FeedStep whole = there.Database.OwnChanges(told.Cursor.Sequence, 100, both with { Today = Today.AddDays(1) }, both.Fingerprint)!;
        Assert.Equal(("1", true), (Assert.Single(whole.State.Studies).StudyInstanceUid, whole.State.Studies[0].IsWhole));
    }

    [Theory]
    [InlineData("20240102", null, "2 3")]
    [InlineData(null, "20240102", "1 2")]
    [InlineData("20240102", "20240102", "2")]
    [InlineData("20240104", null, "")]
    public async Task Fixed_dates_tell_studies_of_those_days_and_none_without_a_date(string? from, string? until, string expected)
    {
        await using TemporaryCatalogue there = await CreateAsync();
        foreach (var number in (string[])["1", "2", "3"])
        {
            await there.Database.AddAsync(Samples.Instance(number, number + ".1", number + ".1.1", (Tags.StudyDate, "2024010" + number)), None);
        }

        await there.Database.AddAsync(Samples.Instance("4", "4.1", "4.1.1"), None);
        FeedFilter filter = Of(new FeedSelection { From = Day(from), Until = Day(until) });

        FeedStep step = there.Database.OwnChanges(0, 100, filter)!;

        Assert.Equal(expected, string.Join(' ', step.State.Studies.Select(study => study.StudyInstanceUid).Order()));
        // Days come and go and change nothing of it.
        Assert.Equal(filter.Fingerprint, (filter with { Today = Today.AddDays(1) }).Fingerprint);
    }

    [Fact]
    public void Fingerprints_tell_filters_apart_and_the_day_by_their_low_bits_alone()
    {
        FeedFilter[] filters =
        [
            FeedFilter.All,
            Of(new FeedSelection { Modalities = ["CT"] }), Of(new FeedSelection { Modalities = ["CT", "MR"] }), Of(new FeedSelection { Institutions = [["CT"]] }),
            Of(new FeedSelection { Institutions = [["A"], ["B"]] }), Of(new FeedSelection { Institutions = [["A", "B"]] }),
            Of(new FeedSelection { Days = 10 }), Of(new FeedSelection { Days = 11 }),
            Of(new FeedSelection { From = Today }), Of(new FeedSelection { Until = Today }), Of(new FeedSelection { From = Today, Until = Today }),
            Of(new FeedSelection { Withheld = new HashSet<Tag> { Tags.PatientName } }), Of(new FeedSelection { Modalities = ["CT"] }, new FeedSelection { Modalities = ["MR"] }),
        ];
        Assert.Equal(filters.Length, filters.Select(filter => filter.Fingerprint).Distinct().Count());
        Assert.Equal(0, FeedFilter.All.Fingerprint);
        Assert.Equal(0, Of(new FeedSelection { Modalities = ["CT"] }, new FeedSelection()).Fingerprint);
        Assert.Equal(filters[2].Fingerprint, Of(new FeedSelection { Modalities = ["MR", "CT"] }).Fingerprint);
        Assert.Equal(filters[1].Fingerprint, (filters[1] with { Today = Today.AddDays(1) }).Fingerprint);
        // 2026-01-11 is day 9507 since 2000-01-01.
        Assert.Equal(9507, filters[6].Fingerprint & 0xFFFF);
        Assert.Equal(filters[6].Fingerprint + 1, (filters[6] with { Today = Today.AddDays(1) }).Fingerprint);
    }

    private static DateOnly? Day(string? text) => text is null ? null : DateOnly.ParseExact(text, "yyyyMMdd", System.Globalization.CultureInfo.InvariantCulture);

    private static FeedFilter Of(params FeedSelection[] selections) => new() { Selections = selections, Today = Today };

    private static async Task<TemporaryCatalogue> CreateAsync()
    {
        TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        await catalogue.Database.IdentifyAsync(Self, 5, None);
        await catalogue.Database.SubscribeAsync(Publisher, 10, None);
        return catalogue;
    }
}
