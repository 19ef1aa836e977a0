using Panal.Catalogue;
using Panal.Unit.Catalogue.Support;

namespace Panal.Unit.Catalogue.Writing;

/// <summary>What is left after a crash is copied while the writer works, and must open as a consistent catalogue.</summary>
public sealed class RecoveryTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task A_log_cut_anywhere_leaves_a_prefix_of_the_history()
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        for (int i = 0; i < 40; i++)
        {
            await catalogue.Database.AddAsync(Samples.Instance($"1.{i % 3}", $"1.{i % 3}.1", $"1.{i % 3}.1.{i}"), None);
        }

        byte[] log = await ReadAsync(catalogue.Path + "-wal");
        byte[] file = await ReadAsync(catalogue.Path);
        var random = new Random(7);
        long last = -1;
        foreach (int length in Enumerable.Range(0, 12).Select(_ => random.Next(log.Length)).Append(log.Length).Order())
        {
            using var copy = new CrashCopy(file, log.AsMemory(0, length));
            long instances = await copy.VerifyAsync();
            Assert.True(instances >= last, "A longer log never holds less.");
            last = instances;
        }

        Assert.Equal(40, last);
    }

    [Fact]
    public async Task A_damaged_log_loses_its_end_and_nothing_else()
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        for (int i = 0; i < 20; i++)
        {
            await catalogue.Database.AddAsync(Samples.Instance("1", "1.1", $"1.1.{i}"), None);
        }

        byte[] log = await ReadAsync(catalogue.Path + "-wal"), file = await ReadAsync(catalogue.Path);
        for (int i = 1; i < 6; i++)
        {
            byte[] damaged = [.. log];
            damaged[log.Length * i / 6] ^= 0x40;
            using var copy = new CrashCopy(file, damaged);
            Assert.InRange(await copy.VerifyAsync(), 0, 20);
        }
    }

    [Fact]
    public async Task What_is_copied_while_writers_and_checkpoints_run_is_consistent()
    {
        // Checkpoints all the time.
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync(new CatalogueOptions { CheckpointBytes = 256 * 1024 });
        using var stop = new CancellationTokenSource();
        Task[] writers = [.. Enumerable.Range(0, 4).Select(writer => Task.Run(async () =>
        {
            for (int i = 0; !stop.IsCancellationRequested; i++)
            {
                await catalogue.Database.AddAsync(Samples.Instance($"1.{writer}", $"1.{writer}.1", $"1.{writer}.1.{i}"), None);
            }
        }))];
        for (int round = 0; round < 6; round++)
        {
            long target = catalogue.Database.LastSequence() + 100;
            while (catalogue.Database.LastSequence() < target)
            {
                await Task.Yield();
            }

            // The log first would be wrong: a crash takes both at one moment. A write transaction held open keeps both still.
            long synced = catalogue.Database.LastSequence();
            await catalogue.Database.SyncAsync(None);
            (byte[] file, byte[] log) = Freeze(catalogue.Path);
            using var copy = new CrashCopy(file, log);
            Assert.True(await copy.VerifyAsync() >= synced);
        }

        await stop.CancelAsync();
        await Task.WhenAll(writers);
        Assert.InRange(new FileInfo(catalogue.Path + "-wal").Length, 0, 16 * 1024 * 1024);
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_named_as_damaged()
    {
        string directory = Directory.CreateTempSubdirectory("panal-catalogue-").FullName;
        string path = Path.Combine(directory, "catalogue.db");
        await File.WriteAllTextAsync(path, new string('x', 8192), None);
        CatalogueException failure = await Assert.ThrowsAsync<CatalogueException>(() => CatalogueDatabase.OpenAsync(path, new CatalogueOptions(), TimeProvider.System, None));
        Assert.Equal(CatalogueFailure.Corrupt, failure.Failure);
        Assert.Contains("catalogue.db", failure.Message, StringComparison.Ordinal);
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task Damage_inside_is_found_by_the_check_or_by_the_query_that_meets_it()
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        for (int i = 0; i < 300; i++)
        {
            await catalogue.Database.AddAsync(Samples.Instance($"1.{i}", $"1.{i}.1", $"1.{i}.1.1"), None);
        }

        await catalogue.Database.DisposeAsync();
        byte[] file = await ReadAsync(catalogue.Path);
        // Behind the schema, which takes the first pages.
        Array.Fill(file, (byte)0xAA, file.Length * 3 / 4, file.Length / 8);
        await File.WriteAllBytesAsync(catalogue.Path, file, None);
        await catalogue.ReopenAsync();
        Assert.Equal(CatalogueFailure.Corrupt, Assert.Throws<CatalogueException>(() => catalogue.Database.CheckIntegrity(None)).Failure);
    }

    [Fact]
    public async Task A_database_of_another_program_or_of_a_newer_panal_is_left_alone()
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        await catalogue.Database.DisposeAsync();
        await AlterAsync("INSERT INTO schema_version (version, applied_at) VALUES (99, 0)");
        Assert.Equal(CatalogueFailure.UnknownSchema, (await Assert.ThrowsAsync<CatalogueException>(catalogue.ReopenAsync)).Failure);
        await AlterAsync("DELETE FROM schema_version WHERE version = 99; PRAGMA application_id = 1");
        Assert.Equal(CatalogueFailure.UnknownSchema, (await Assert.ThrowsAsync<CatalogueException>(catalogue.ReopenAsync)).Failure);
        await AlterAsync("PRAGMA application_id = 1346457164");
        await catalogue.ReopenAsync();

        async Task AlterAsync(string sql)
        {
            await using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={catalogue.Path};Pooling=False");
            await connection.OpenAsync(None);
            await using Microsoft.Data.Sqlite.SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // The statements stand in this test.
            command.CommandText = sql;
#pragma warning restore CA2100
            await command.ExecuteNonQueryAsync(None);
        }
    }

    [Fact]
    public async Task One_process_at_a_time()
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        CatalogueException failure = await Assert.ThrowsAsync<CatalogueException>(
            () => CatalogueDatabase.OpenAsync(catalogue.Path, new CatalogueOptions(), TimeProvider.System, None));
        Assert.Equal(CatalogueFailure.InUse, failure.Failure);
    }

    [Fact]
    public async Task After_closing_nothing_is_taken()
    {
        TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        CatalogueDatabase database = catalogue.Database;
        await catalogue.ReopenAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await database.AddAsync(Samples.Instance("1", "1.1", "1.1.1"), None));
        Assert.Throws<ObjectDisposedException>(() => database.FindInstance("1"));
        await catalogue.DisposeAsync();
    }

    /// <summary>File and log of one moment: a write transaction of a stranger keeps writers and checkpoints still.</summary>
    private static (byte[] File, byte[] Log) Freeze(string path)
    {
        using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={path};Pooling=False;Default Timeout=30");
        connection.Open();
        using Microsoft.Data.Sqlite.SqliteCommand begin = connection.CreateCommand();
        begin.CommandText = "BEGIN IMMEDIATE";
        begin.ExecuteNonQuery();
        // Checkpoints may still copy pages, but only such as the log holds too: any mix of old and new pages is mended by the log.
        byte[] file = Read(path), log = Read(path + "-wal");
        begin.CommandText = "ROLLBACK";
        begin.ExecuteNonQuery();
        return (file, log);
    }

    private static byte[] Read(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return memory.ToArray();
    }

    private static async Task<byte[]> ReadAsync(string path)
    {
        await using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var memory = new MemoryStream();
        await stream.CopyToAsync(memory, None);
        return memory.ToArray();
    }

    private sealed class CrashCopy : IDisposable
    {
        private readonly string _directory = Directory.CreateTempSubdirectory("panal-catalogue-").FullName;

        public CrashCopy(byte[] file, ReadOnlyMemory<byte> log)
        {
            File.WriteAllBytes(CatalogueFilePath, file);
            File.WriteAllBytes(CatalogueFilePath + "-wal", log.Span);
        }

        private string CatalogueFilePath => Path.Combine(_directory, "catalogue.db");

        /// <summary>Opens, checks that rows and feed tell the same, and returns the number of instances.</summary>
        public async Task<long> VerifyAsync()
        {
            await using CatalogueDatabase database = await CatalogueDatabase.OpenAsync(CatalogueFilePath, new CatalogueOptions(), TimeProvider.System, None);
            database.CheckIntegrity(None);
            IReadOnlyList<Change> changes = database.Changes(0, int.MaxValue);
            Assert.Equal(Enumerable.Range(1, changes.Count).Select(i => (long)i), changes.Select(change => change.Sequence));
            Assert.Equal(changes.Count, database.Counts().Instances);
            Assert.Equal(changes.Select(change => change.SopInstanceUid), database.InstancesAfter(0, int.MaxValue, None).Rows.Select(row => row.SopInstanceUid));
            // The staging log gives the lost ones again.
            await database.AddAsync(Samples.Instance("9", "9.1", "9.1.1"), None);
            return changes.Count;
        }

        public void Dispose() => Directory.Delete(_directory, recursive: true);
    }
}
