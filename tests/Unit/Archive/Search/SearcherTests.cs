using Panal.Archive.Search;
using Panal.Catalogue;
using Panal.Dicom;

namespace Panal.Unit.Archive.Search;

public sealed class SearcherTests
{
    private static readonly Sample First = new();

    [Fact]
    public async Task A_match_says_its_level_where_to_retrieve_it_and_that_it_is_online()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        await archive.StoreAsync(First);

        var match = Assert.Single(Find(archive, Study((Tags.PatientID, "P1"), (Tags.StudyInstanceUID, ""))));

        Assert.Equal("STUDY", match.GetString(Tags.QueryRetrieveLevel));
        Assert.Equal("PANAL", match.GetString(Tags.RetrieveAETitle));
        Assert.Equal("ONLINE", match.GetString(Tags.InstanceAvailability));
        Assert.Equal("1.2.3", match.GetString(Tags.StudyInstanceUID));
    }

    [Fact]
    public async Task A_study_of_another_node_is_found_nearline_with_its_holders_and_how_fresh_that_is()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        var node = Guid.NewGuid();
        var catalogue = archive.Holdings.Catalogue;
        await catalogue.SubscribeAsync(node, 0, TestContext.Current.CancellationToken);
        var state = Catalogue.Replication.StateCodecTests.State("1.7", "Doe^Jane", "1.7.1.1", "1.7.1.2");
        await catalogue.ApplyAsync(
            node, new FeedStep(state, new FeedCursor(node, 3, 5, 1, 0, null), new FeedHead(5, DateTimeOffset.UnixEpoch.AddDays(1)), false), TestContext.Current.CancellationToken);

        var match = Assert.Single(Find(archive, Study((Tags.StudyInstanceUID, "1.7"), (Tags.NumberOfStudyRelatedInstances, ""))));

        Assert.Equal(("NEARLINE", "PANAL", "2"), (match.GetString(Tags.InstanceAvailability), match.GetString(Tags.RetrieveAETitle), match.GetString(Tags.NumberOfStudyRelatedInstances)));
        Assert.Equal([new Holder(node, 2)], Searcher(archive).HoldersOf(["1.7"], null));
        var freshness = Assert.Single(Searcher(archive).Freshness());
        Assert.Equal((node, 3L, 2L, false), (freshness.Node, freshness.Cursor.Sequence, freshness.LagChanges, freshness.IsComplete));
    }

    [Theory]
    [InlineData("GARCIA*")]
    [InlineData("garcía^ana")]
    [InlineData("*ANA")]
    public async Task Names_match_without_case_and_accents(string pattern)
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        await archive.StoreAsync(First);

        Assert.Single(Find(archive, Study((Tags.PatientName, pattern))));
    }

    [Theory]
    [InlineData(null, "ISO_IR 100")]
    [InlineData("ISO_IR 192", "ISO_IR 192")]
    [InlineData("ISO_IR 101", "ISO_IR 101")]
    [InlineData("ISO_IR 144", "ISO_IR 100")]
    public async Task Text_comes_in_a_character_set_that_the_asker_can_read(string? asked, string expected)
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        await archive.StoreAsync(First);
        var identifier = Study((Tags.PatientName, ""));
        if (asked is not null)
        {
            identifier.Set(Tags.SpecificCharacterSet, asked);
        }

        var match = Assert.Single(Find(archive, identifier));

        Assert.Equal(expected, match.GetString(Tags.SpecificCharacterSet));
        Assert.Equal("García^Ana", match.GetString(Tags.PatientName));
    }

    [Fact]
    public async Task Plain_text_needs_no_character_set()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        await archive.StoreAsync(First with { PatientName = "Smith^John" });

        Assert.False(Assert.Single(Find(archive, Study((Tags.PatientName, "")))).Contains(Tags.SpecificCharacterSet));
    }

    [Theory]
    [InlineData(null, InformationModel.StudyRoot)]
    [InlineData("NONSENSE", InformationModel.StudyRoot)]
    [InlineData("PATIENT", InformationModel.StudyRoot)]
    [InlineData("study", InformationModel.StudyRoot)]
    public async Task A_level_that_the_model_lacks_is_refused(string? level, InformationModel model)
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        var identifier = new DataSet();
        if (level is not null)
        {
            identifier.Set(Tags.QueryRetrieveLevel, level);
        }

        var refused = Assert.Throws<SearchRefusedException>(() => Find(archive, identifier, model));
        Assert.Equal(SearchRefusal.IdentifierDoesNotMatchSopClass, refused.Reason);
    }

    [Fact]
    public async Task A_strict_search_wants_one_value_at_each_level_above_and_nothing_below()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        var withoutStudy = Level("SERIES", (Tags.Modality, "CT"));
        var withLower = Level("STUDY", (Tags.Modality, "CT"));

        Assert.Throws<SearchRefusedException>(() => Find(archive, withoutStudy, strict: true));
        Assert.Throws<SearchRefusedException>(() => Find(archive, withLower, strict: true));
        Assert.Empty(Find(archive, withoutStudy, strict: false));
        Assert.Empty(Find(archive, withoutStudy, strict: true, relational: true));
    }

    [Fact]
    public async Task A_study_without_accession_number_is_no_answer_to_one_except_in_a_strict_search()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        await archive.StoreAsync(First);

        Assert.Empty(Find(archive, Study((Tags.AccessionNumber, "A1"))));
        Assert.Single(Find(archive, Study((Tags.AccessionNumber, "A1")), strict: true));
    }

    [Fact]
    public async Task A_key_that_is_not_catalogued_is_named()
    {
        await using var archive = await TemporaryArchive.OpenAsync();

        var answer = Searcher(archive).Find(
            new SearchRequest(InformationModel.StudyRoot, Study((Tags.PatientBreedDescription, "")), false, false), TestContext.Current.CancellationToken);

        Assert.Equal([Tags.PatientBreedDescription], answer.UnsupportedKeys);
    }

    private static Searcher Searcher(TemporaryArchive archive) => new(archive.Holdings.Catalogue, "PANAL");

    private static List<DataSet> Find(
        TemporaryArchive archive, DataSet identifier, InformationModel model = InformationModel.StudyRoot, bool strict = false, bool relational = false) =>
        [.. Searcher(archive).Find(new SearchRequest(model, identifier, relational, strict), TestContext.Current.CancellationToken)];

    private static DataSet Study(params (Tag Tag, string Value)[] keys) => Level("STUDY", keys);

    private static DataSet Level(string level, params (Tag Tag, string Value)[] keys)
    {
        var identifier = new DataSet();
        identifier.Set(Tags.SpecificCharacterSet, "ISO_IR 192");
        identifier.Set(Tags.QueryRetrieveLevel, level);
        foreach (var (tag, value) in keys)
        {
            identifier.Set(tag, value);
        }

        if (!keys.Any(key => key.Value.Any(c => c > 127)))
        {
            identifier.Remove(Tags.SpecificCharacterSet);
        }

        return identifier;
    }
}
