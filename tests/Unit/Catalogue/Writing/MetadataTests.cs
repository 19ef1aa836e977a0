using Panal.Catalogue;
using Panal.Dicom;
using Panal.Unit.Catalogue.Support;

namespace Panal.Unit.Catalogue.Writing;

public sealed class MetadataTests
{
    private static readonly SeriesName First = new("1.1", "1.1.1");
    private static readonly SeriesName Second = new("1.2", "1.1.1");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Chunks_of_a_series_are_replaced_by_others_and_stay_over_a_restart()
    {
        await using var catalogue = await FilledAsync();
        Assert.True(await catalogue.Database.ReplaceMetadataAsync(First, [], [Chunk(1, 1), Chunk(1, 2)], [], Ct));
        Assert.True(await catalogue.Database.ReplaceMetadataAsync(Second, [], [Chunk(1, 9)], [], Ct));
        Assert.False(await catalogue.Database.ReplaceMetadataAsync(new SeriesName("1.1", "7"), [], [Chunk(1, 3)], [], Ct));
        var stored = catalogue.Database.MetadataOf(First, Ct);
        Assert.Equal([[1], [2]], stored.Select(static chunk => chunk.Chunk.ToArray()));
        Assert.All(stored, static chunk => Assert.Equal((1, 40), (chunk.Instances, chunk.Names.Length)));

        // A chunk of another series is not touched by its number.
        var other = catalogue.Database.MetadataOf(Second, Ct)[0].Id;
        Assert.True(await catalogue.Database.ReplaceMetadataAsync(First, [stored[0].Id, other, 99], [Chunk(1, 4)], [], Ct));
        await catalogue.ReopenAsync();
        Assert.Equal([[2], [4]], catalogue.Database.MetadataOf(First, Ct).Select(static chunk => chunk.Chunk.ToArray()));
        Assert.Equal([9], Assert.Single(catalogue.Database.MetadataOf(Second, Ct)).Chunk.ToArray());
        catalogue.Database.CheckIntegrity(Ct);
    }

    [Fact]
    public async Task Series_of_which_some_is_missing_are_found_in_steps()
    {
        await using var catalogue = await FilledAsync();
        var database = catalogue.Database;
        Assert.Equal(2, database.CountSeriesWithoutMetadata(Ct));
        var (step, last) = database.SeriesWithoutMetadata(0, 1, Ct);
        Assert.Equal(First, Assert.Single(step));
        (step, last) = database.SeriesWithoutMetadata(last, 1, Ct);
        Assert.Equal(Second, Assert.Single(step));
        Assert.Empty(database.SeriesWithoutMetadata(last, 1, Ct).Series);
        await database.ReplaceMetadataAsync(First, [], [Chunk(1, 1)], [], Ct);
        Assert.Equal(2, database.CountSeriesWithoutMetadata(Ct));
        await database.ReplaceMetadataAsync(First, [], [Chunk(1, 2)], [], Ct);
        Assert.Equal((1, Second), (database.CountSeriesWithoutMetadata(Ct), Assert.Single(database.SeriesWithoutMetadata(0, 9, Ct).Series)));
        Assert.Equal(new MetadataCounts(2, 1, 2, 82), database.MetadataCounts(Ct));
    }

    [Fact]
    public async Task The_feed_tells_which_series_have_changed_whatever_the_change_is()
    {
        await using var catalogue = await FilledAsync();
        var database = catalogue.Database;
        var last = database.LastSequence();
        Assert.Equal([First, Second], database.SeriesChanged(0, last, Ct).Order(Comparer<SeriesName>.Create(static (a, b) => string.CompareOrdinal(a.StudyInstanceUid, b.StudyInstanceUid))));
        Assert.Empty(database.SeriesChanged(last, last, Ct));
        await database.AddAsync(Samples.Instance("1.2", "1.1.1", "1.2.1.2"), Ct);
        Assert.Equal(Second, Assert.Single(database.SeriesChanged(last, last + 1, Ct)));
        last = database.LastSequence();
        await database.CorrectAsync("1.1", Samples.DataSet((Tags.StudyDescription, "Head")), "TEST", isDryRun: false, Ct);
        Assert.Equal(First, Assert.Single(database.SeriesChanged(last, database.LastSequence(), Ct)));
    }

    [Fact]
    public async Task What_is_deleted_is_not_kept_as_metadata()
    {
        await using var catalogue = await FilledAsync();
        var database = catalogue.Database;
        await database.ReplaceMetadataAsync(First, [], [Chunk(2, 1)], [], Ct);
        await database.ReplaceMetadataAsync(Second, [], [Chunk(1, 2)], [], Ct);
        await database.DeleteAsync(["1.1.1.1"], Ct);
        Assert.Empty(database.MetadataOf(First, Ct));
        Assert.Single(database.MetadataOf(Second, Ct));
        await database.DeleteAsync(["1.2.1.1"], Ct);
        Assert.Equal(0, database.MetadataCounts(Ct).StoredBytes);
        database.CheckIntegrity(Ct);
    }

    [Fact]
    public async Task What_was_made_while_an_instance_was_deleted_is_not_stored()
    {
        await using var catalogue = await FilledAsync();
        var database = catalogue.Database;
        await database.DeleteAsync(["1.1.1.1"], Ct);
        Assert.False(await database.ReplaceMetadataAsync(First, [], [Chunk(2, 1)], ["1.1.1.2", "1.1.1.1"], Ct));
        Assert.Equal(0, database.MetadataCounts(Ct).StoredBytes);
        Assert.True(await database.ReplaceMetadataAsync(First, [], [Chunk(1, 1)], ["1.1.1.2"], Ct));
    }

    [Fact]
    public void Nobody_sees_patients_in_what_a_chunk_prints() => Assert.Equal("[redacted]", Chunk(1, 1).ToString());

    private static MetadataChunkRow Chunk(int instances, byte content) => new(0, instances, new byte[40 * instances], new[] { content });

    /// <summary>Two instances of one series, and one of a series with the same UID in another study.</summary>
    private static async Task<TemporaryCatalogue> FilledAsync()
    {
        var catalogue = await TemporaryCatalogue.CreateAsync();
        await catalogue.Database.AddAsync(Samples.Instance("1.1", "1.1.1", "1.1.1.1"), Ct);
        await catalogue.Database.AddAsync(Samples.Instance("1.1", "1.1.1", "1.1.1.2"), Ct);
        await catalogue.Database.AddAsync(Samples.Instance("1.2", "1.1.1", "1.2.1.1"), Ct);
        return catalogue;
    }
}
