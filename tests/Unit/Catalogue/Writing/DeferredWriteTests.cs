using Microsoft.Extensions.Time.Testing;
using Panal.Catalogue;
using Panal.Unit.Catalogue.Support;

namespace Panal.Unit.Catalogue.Writing;

public sealed class DeferredWriteTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("panal-unit-").FullName;
    private readonly CatalogueOptions _options = new() { GatherLimit = 4 };
    private readonly Witness _witness = new();
    private CatalogueDatabase? _database;

    [Fact]
    public async Task A_deferred_write_waits_for_company_until_the_gathering_time_is_over()
    {
        var database = await OpenAsync();
        database.AddSoon(Samples.Instance("1", "1.1", "1.1.1"), _witness);
        _time.Advance(_options.GatherTime - TimeSpan.FromTicks(1));
        Assert.Null(database.FindCommitted("1.1.1"));
        Assert.Equal(0, _witness.Commits);

        _time.Advance(TimeSpan.FromTicks(1));

        Assert.NotNull(database.FindCommitted("1.1.1"));
        Assert.Equal(1, _witness.Commits);
    }

    [Fact]
    public async Task A_read_sees_what_was_deferred_before_it()
    {
        var database = await OpenAsync();
        database.AddSoon(Samples.Instance("1", "1.1", "1.1.1"), _witness);

        Assert.Equal(1, database.LastSequence());

        Assert.Equal(1, _witness.Commits);
    }

    [Fact]
    public async Task Complete_company_is_committed_at_once()
    {
        var database = await OpenAsync();
        for (var i = 1; i <= _options.GatherLimit; i++)
        {
            Assert.Equal(0, _witness.Commits);
            database.AddSoon(Samples.Instance("1", "1.1", $"1.1.{i}"), _witness);
        }

        Assert.Equal(_options.GatherLimit, _witness.Commits);
    }

    [Fact]
    public async Task A_write_that_waits_takes_the_deferred_ones_before_it_along()
    {
        var database = await OpenAsync();
        database.AddSoon(Samples.Instance("1", "1.1", "1.1.1"), _witness);

        var outcome = await database.AddAsync(Samples.Instance("1", "1.1", "1.1.1"), TestContext.Current.CancellationToken);

        Assert.Equal(AddResult.AlreadyThere, outcome.Result);
        Assert.Equal(1, _witness.Commits);
    }

    [Fact]
    public async Task Closing_commits_what_waits()
    {
        var database = await OpenAsync();
        database.AddSoon(Samples.Instance("1", "1.1", "1.1.1"), _witness);

        await database.DisposeAsync();

        Assert.Equal(1, _witness.Commits);
        Assert.NotNull((await OpenAsync()).FindCommitted("1.1.1"));
    }

    [Fact]
    public async Task One_bad_write_spoils_no_other_of_its_company()
    {
        var database = await OpenAsync();
        var bad = Samples.Instance("1", "1.1", "1.1.2");
        database.AddSoon(Samples.Instance("1", "1.1", "1.1.1"), _witness);
        SqliteFile.Execute(Path.Combine(_folder, "catalogue.db"), "CREATE TRIGGER refuse BEFORE INSERT ON instance WHEN NEW.uid = '1.1.2' BEGIN SELECT RAISE(FAIL, 'refused'); END");
        database.AddSoon(bad, _witness);

        database.CatchUp();

        Assert.Equal((1, 1), (_witness.Commits, _witness.Failures));
        Assert.NotNull(database.FindCommitted("1.1.1"));
        Assert.Null(database.FindCommitted("1.1.2"));
    }

    private async Task<CatalogueDatabase> OpenAsync() =>
        _database = await CatalogueDatabase.OpenAsync(Path.Combine(_folder, "catalogue.db"), _options, _time, TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _database!.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private sealed class Witness : ICommitWitness
    {
        public int Commits { get; private set; }

        public int Failures { get; private set; }

        public void Committed() => Commits++;

        public void Failed(Exception failure) => Failures++;
    }
}
