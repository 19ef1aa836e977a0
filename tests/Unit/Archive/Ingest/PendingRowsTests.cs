using Microsoft.Extensions.Time.Testing;
using Panal.Archive.Ingest;
using Panal.Unit.Catalogue.Support;

namespace Panal.Unit.Archive.Ingest;

public sealed class PendingRowsTests
{
    private const string Refuse = "CREATE TRIGGER refuse BEFORE INSERT ON instance BEGIN SELECT RAISE(FAIL, 'refused'); END";

    private static readonly Sample First = new();

    [Fact]
    public async Task A_row_that_was_answered_and_cannot_be_committed_is_tried_again_until_it_can()
    {
        var time = new FakeTimeProvider();
        await using var archive = await TemporaryArchive.OpenAsync(new IngestOptions(), time: time);
        var database = Path.Combine(archive.Directory, "catalogue.db");
        SqliteFile.Execute(database, Refuse);
        Assert.Equal(IngestResult.Stored, (await archive.StoreAsync(First)).Result);
        archive.Holdings.Catalogue.CatchUp();
        Assert.True(archive.Holdings.Rows.IsFailing);
        Assert.Empty(await archive.FilesAsync());       // its note is needed: it stays in the log

        SqliteFile.Execute(database, "DROP TRIGGER refuse");
        time.Advance(TimeSpan.FromSeconds(1));

        Assert.NotNull(archive.Holdings.Catalogue.FindInstance(First.SopInstanceUid));
        Assert.False(archive.Holdings.Rows.IsFailing);
        Assert.Single(await archive.FilesAsync());
    }

    [Fact]
    public async Task While_rows_cannot_be_committed_nothing_new_is_answered_without_its_row()
    {
        await using var archive = await TemporaryArchive.OpenAsync(new IngestOptions(), time: new FakeTimeProvider());
        SqliteFile.Execute(Path.Combine(archive.Directory, "catalogue.db"), Refuse);
        await archive.StoreAsync(First);
        archive.Holdings.Catalogue.CatchUp();

        var other = await Record.ExceptionAsync(async () => await archive.StoreAsync(First with { SopInstanceUid = "1.2.3.4.6" }));
        var same = await archive.StoreAsync(First);

        Assert.NotNull(other);
        Assert.Equal(IngestRefusal.OutOfResources, same.Refusal);
    }

    [Fact]
    public async Task An_answered_row_that_was_never_committed_is_there_after_the_next_start()
    {
        var folder = Directory.CreateTempSubdirectory("panal-unit-").FullName;
        var database = Path.Combine(folder, "catalogue.db");
        await using (var archive = await TemporaryArchive.OpenAsync(new IngestOptions(), folder, new FakeTimeProvider()))
        {
            SqliteFile.Execute(database, Refuse);
            await archive.StoreAsync(First);
            archive.Holdings.Catalogue.CatchUp();
        }

        SqliteFile.Execute(database, "DROP TRIGGER refuse");
        await using (var archive = await TemporaryArchive.OpenAsync(new IngestOptions(), folder))
        {
            Assert.NotNull(archive.Holdings.Catalogue.FindInstance(First.SopInstanceUid));
            Assert.Single(await archive.FilesAsync());
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task An_archive_whose_rows_cannot_be_written_again_does_not_open_and_loses_none()
    {
        const int count = 50;
        var folder = Directory.CreateTempSubdirectory("panal-unit-").FullName;
        var database = Path.Combine(folder, "catalogue.db");
        await using (var archive = await TemporaryArchive.OpenAsync(new IngestOptions(), folder, new FakeTimeProvider()))
        {
            for (var number = 0; number < count; number++)
            {
                await archive.StoreAsync(First with { SopInstanceUid = $"1.2.3.4.{number}" });
            }

            SqliteFile.Execute(database, Refuse);
            archive.Holdings.Catalogue.CatchUp();
        }

        Assert.NotNull(await Record.ExceptionAsync(() => TemporaryArchive.OpenAsync(new IngestOptions(), folder)));
        SqliteFile.Execute(database, "DROP TRIGGER refuse");
        await using (var archive = await TemporaryArchive.OpenAsync(new IngestOptions(), folder))
        {
            Assert.All(Enumerable.Range(0, count), number => Assert.NotNull(archive.Holdings.Catalogue.FindInstance($"1.2.3.4.{number}")));
            Assert.Equal(count, (await archive.FilesAsync()).Count);
        }

        Directory.Delete(folder, recursive: true);
    }
}
