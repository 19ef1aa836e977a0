using System.Globalization;
using Panal.Catalogue.Matching;
using SQLitePCL;

namespace Panal.Catalogue.Sqlite;

/// <summary>Opens the database file: one process at a time, schema made or migrated, write-ahead log started and durable.</summary>
internal static class CatalogueFile
{
    /// <summary>"PANL" in the header of the file.</summary>
    internal const int ApplicationId = 0x50414E4C;

    /// <summary>Steps from version n to n + 1; the first makes version 1.</summary>
    private static readonly string[] Migrations =
    [
        "Panal.Catalogue.Schema.sql",
        "Panal.Catalogue.Sqlite.CompactCopies.sql",
        "Panal.Catalogue.Sqlite.CompactStages.sql",
        "Panal.Catalogue.Sqlite.Corrections.sql",
        "Panal.Catalogue.Sqlite.OfferedHoldings.sql",
        "Panal.Catalogue.Sqlite.StoredMetadata.sql",
        "Panal.Catalogue.Sqlite.StudyLists.sql",
    ];

    internal static int CurrentVersion => Migrations.Length;

    /// <summary>Takes the place of the one process that may open the catalogue; the system gives it back when the process ends.</summary>
    internal static FileStream Lock(string path)
    {
        try
        {
            return new FileStream(path + "-lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            bool isInUse = failure is IOException and not (DirectoryNotFoundException or FileNotFoundException) && File.Exists(path + "-lock");
            throw new CatalogueException(
                isInUse ? CatalogueFailure.InUse : CatalogueFailure.StorageFailed,
                isInUse ? "Catalogue: another process uses it." : "Catalogue: its directory cannot be written.",
                failure);
        }
    }

    internal static Connection Open(string path, CatalogueOptions options, TimeProvider time)
    {
        CreatePrivately(path);
        Connection connection = Connection.Open(path, readOnly: false, options.WriterCacheKibibytes);
        try
        {
            connection.Execute("PRAGMA journal_mode = WAL");
            connection.Execute("PRAGMA wal_autocheckpoint = 0");
            connection.Execute("PRAGMA synchronous = FULL");
            connection.Check(raw.sqlite3_create_function(connection.Handle, "panal_description", 1, raw.SQLITE_UTF8 | raw.SQLITE_DETERMINISTIC, null, Describe));
            Migrate(connection, time);
            // A synced commit: makes the log, its directory entry, and the proof that the file can be written.
            connection.Execute("UPDATE opening SET count = count + 1");
            connection.Execute("PRAGMA synchronous = NORMAL");
            // References are checked by CheckIntegrity and by tests of random histories, not again at every insert.
            connection.Execute("PRAGMA foreign_keys = OFF");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Names of patients are for this user alone; SQLite gives the log the same rights.</summary>
    private static void CreatePrivately(string path)
    {
        if (File.Exists(path) || OperatingSystem.IsWindows())
        {
            return;
        }

        try
        {
            new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }).Dispose();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CatalogueException(CatalogueFailure.StorageFailed, "Catalogue: its file cannot be made.", failure);
        }
    }

    private static void Migrate(Connection connection, TimeProvider time)
    {
        bool isNew = connection.Scalar("SELECT count(*) FROM sqlite_schema") == 0;
        if (!isNew && connection.Scalar("PRAGMA application_id") != ApplicationId)
        {
            throw new CatalogueException(CatalogueFailure.UnknownSchema, "Catalogue: the file is a database of another program.");
        }

        long version = isNew ? 0 : connection.Scalar("SELECT max(version) FROM schema_version");
        if (version > CurrentVersion)
        {
            throw new CatalogueException(
                CatalogueFailure.UnknownSchema,
                string.Create(CultureInfo.InvariantCulture, $"Catalogue: the file has schema {version}, made by a newer Panal; this one knows {CurrentVersion}."));
        }

        for (long next = version + 1; next <= CurrentVersion; next++)
        {
            connection.Execute("BEGIN IMMEDIATE");
            connection.Execute(Resource(Migrations[next - 1]));
            connection.Execute(string.Create(
                CultureInfo.InvariantCulture,
                $"INSERT INTO schema_version (version, applied_at) VALUES ({next}, {time.GetUtcNow().ToUnixTimeMilliseconds()}); PRAGMA application_id = {ApplicationId}"));
            connection.Execute("COMMIT");
        }
    }

    /// <summary>Version 6 takes the Study Description out of the attributes of earlier versions; damage is found by who reads them.</summary>
    private static void Describe(sqlite3_context context, object user, sqlite3_value[] arguments)
    {
        try
        {
            raw.sqlite3_result_text(context, StudyText.Description(raw.sqlite3_value_blob(arguments[0])));
        }
        catch (CatalogueException)
        {
            raw.sqlite3_result_text(context, string.Empty);
        }
    }

    private static string Resource(string name)
    {
        using Stream stream = typeof(CatalogueFile).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
