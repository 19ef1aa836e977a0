using System.Buffers;
using System.Text;
using SQLitePCL;

namespace Panal.Catalogue.Sqlite;

/// <summary>A prepared statement that is used again and again; parameters count from 1, columns from 0.</summary>
internal sealed class Statement : IDisposable
{
    /// <summary>UIDs, titles and most paths fit; longer text takes a rented buffer.</summary>
    private const int StackTextBytes = 768;

    private readonly Connection _connection;
    private readonly sqlite3_stmt _handle;

    internal Statement(Connection connection, sqlite3_stmt handle)
    {
        _connection = connection;
        _handle = handle;
    }

    /// <summary>The highest number of a parameter.</summary>
    internal int Parameters => raw.sqlite3_bind_parameter_count(_handle);

    internal Statement Bind(int parameter, long value)
    {
        _connection.Check(raw.sqlite3_bind_int64(_handle, parameter, value));
        return this;
    }

    internal Statement Bind(int parameter, long? value) =>
        value is { } known ? Bind(parameter, known) : BindNull(parameter);

    internal Statement Bind(int parameter, string? value)
    {
        if (value is null)
        {
            return BindNull(parameter);
        }

        int maximum = Encoding.UTF8.GetMaxByteCount(value.Length);
        byte[]? rented = maximum > StackTextBytes ? ArrayPool<byte>.Shared.Rent(maximum) : null;
        Span<byte> buffer = rented ?? stackalloc byte[StackTextBytes];
        int length = Encoding.UTF8.GetBytes(value, buffer);
        // A pointer to nothing would bind NULL.
        int code = length == 0
            ? raw.sqlite3_bind_text(_handle, parameter, string.Empty)
            : raw.sqlite3_bind_text(_handle, parameter, buffer[..length]);
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        _connection.Check(code);
        return this;
    }

    internal Statement Bind(int parameter, ReadOnlySpan<byte> blob)
    {
        int code = blob.IsEmpty
            ? raw.sqlite3_bind_zeroblob(_handle, parameter, 0)
            : raw.sqlite3_bind_blob(_handle, parameter, blob);
        _connection.Check(code);
        return this;
    }

    /// <summary>Binds bytes; NULL for none.</summary>
    internal Statement BindOrNull(int parameter, ReadOnlySpan<byte> blob) => blob.IsEmpty ? BindNull(parameter) : Bind(parameter, blob);

    internal Statement BindNull(int parameter)
    {
        _connection.Check(raw.sqlite3_bind_null(_handle, parameter));
        return this;
    }

    /// <summary>True while there is a row.</summary>
    internal bool Step()
    {
        int code = raw.sqlite3_step(_handle);
        if (code == raw.SQLITE_ROW)
        {
            return true;
        }

        if (code != raw.SQLITE_DONE)
        {
            CatalogueException failure = _connection.Failure(code);
            Reset();
            throw failure;
        }

        return false;
    }

    /// <summary>Runs to the end and makes ready for the next use.</summary>
    internal void Run()
    {
        while (Step())
        {
        }

        Reset();
    }

    /// <summary>Makes ready for the next use; the outcome of the last one was reported by Step.</summary>
    internal void Reset() => _ = raw.sqlite3_reset(_handle);

    internal long Int64(int column) => raw.sqlite3_column_int64(_handle, column);

    internal long? NullableInt64(int column) => IsNull(column) ? null : Int64(column);

    internal string Text(int column) => Encoding.UTF8.GetString(Blob(column));

    /// <summary>Valid until the next Step or Reset.</summary>
    internal ReadOnlySpan<byte> Blob(int column) => raw.sqlite3_column_blob(_handle, column);

    internal bool IsNull(int column) => raw.sqlite3_column_type(_handle, column) == raw.SQLITE_NULL;

    public void Dispose() => _handle.Dispose();
}
