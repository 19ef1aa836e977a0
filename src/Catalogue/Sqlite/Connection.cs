using System.Globalization;
using SQLitePCL;

namespace Panal.Catalogue.Sqlite;

/// <summary>One connection to SQLite, used by one thread at a time.</summary>
internal sealed class Connection : IDisposable
{
    /// <summary>Wait for a lock of a stranger at most.</summary>
    internal const int BusyMilliseconds = 2000;

    private readonly sqlite3 _handle;
    private readonly string _path;

    static Connection() => Batteries_V2.Init();

    private Connection(sqlite3 handle, string path)
    {
        _handle = handle;
        _path = path;
    }

    internal sqlite3 Handle => _handle;

    /// <summary>Opens the file; the busy time-out covers the moment in which another process lets go of it.</summary>
    internal static Connection Open(string path, bool readOnly, int cacheKibibytes)
    {
        // The connection has one user at a time, so SQLite's own mutexes are left out.
        int flags = raw.SQLITE_OPEN_NOMUTEX | (readOnly ? raw.SQLITE_OPEN_READONLY : raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE);
        int code = raw.sqlite3_open_v2(path, out sqlite3 handle, flags, null);
        var connection = new Connection(handle, path);
        try
        {
            connection.Check(code);
            raw.sqlite3_extended_result_codes(handle, 1);
            raw.sqlite3_busy_timeout(handle, BusyMilliseconds);
            connection.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA cache_size = -{cacheKibibytes}"));
            connection.Execute("PRAGMA mmap_size = 0");
            connection.Execute("PRAGMA temp_store = MEMORY");
            connection.Execute("PRAGMA trusted_schema = OFF");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    internal Statement Prepare(string sql)
    {
        int code = raw.sqlite3_prepare_v3(_handle, sql, raw.SQLITE_PREPARE_PERSISTENT, out sqlite3_stmt statement);
        Check(code);
        return new Statement(this, statement);
    }

    /// <summary>Runs one or more statements and drops their rows.</summary>
    internal void Execute(string sql) => Check(raw.sqlite3_exec(_handle, sql));

    /// <summary>The first column of the first row as a number; 0 when there is no row.</summary>
    internal long Scalar(string sql)
    {
        using Statement statement = Prepare(sql);
        return statement.Step() ? statement.Int64(0) : 0;
    }

    /// <summary>Lets go of the pages that were read last; the system keeps them in its own memory as long as it can.</summary>
    internal void GiveBack() => Execute("PRAGMA shrink_memory");

    internal int Changes => raw.sqlite3_changes(_handle);

    internal long LastInsertId => raw.sqlite3_last_insert_rowid(_handle);

    internal bool IsInTransaction => raw.sqlite3_get_autocommit(_handle) == 0;

    internal void Check(int code)
    {
        if (code is raw.SQLITE_OK or raw.SQLITE_ROW or raw.SQLITE_DONE)
        {
            return;
        }

        throw Failure(code);
    }

    internal CatalogueException Failure(int code)
    {
        // SQLite's message names tables and columns, never values; the extended code says the rest.
        string text = raw.sqlite3_errmsg(_handle).utf8_to_string();
        string file = Path.GetFileName(_path);
        CatalogueFailure failure = (code & 0xFF) switch
        {
            raw.SQLITE_FULL => CatalogueFailure.StorageFull,
            raw.SQLITE_IOERR or raw.SQLITE_CANTOPEN or raw.SQLITE_READONLY or raw.SQLITE_PERM => CatalogueFailure.StorageFailed,
            raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB => CatalogueFailure.Corrupt,
            raw.SQLITE_BUSY or raw.SQLITE_LOCKED => CatalogueFailure.InUse,
            _ => CatalogueFailure.Internal,
        };
        string meaning = failure switch
        {
            CatalogueFailure.StorageFull => "the disk is full",
            CatalogueFailure.StorageFailed => "the file cannot be read or written",
            CatalogueFailure.Corrupt => "the file is damaged or is no database; restore it from a backup, or move it away and import the volumes again",
            CatalogueFailure.InUse => "another process uses the file",
            _ => "SQLite refused a statement",
        };
        return new CatalogueException(failure, string.Create(CultureInfo.InvariantCulture, $"Catalogue {file}: {meaning} (SQLite {code}: {text})."));
    }

    public void Dispose() => _handle.Dispose();
}
