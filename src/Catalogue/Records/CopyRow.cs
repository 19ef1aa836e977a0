using Panal.Catalogue.Sqlite;

namespace Panal.Catalogue.Records;

/// <summary>Reads rows of the table copy.</summary>
internal static class CopyRow
{
    internal const string Select = "SELECT version, volume, path, length, hash, data_set_offset, state, verified_at FROM copy";

    internal static CopyRecord Read(Statement row, int first = 0) =>
        new(
            (int)row.Int64(first + 1),
            row.Text(first + 2),
            row.Int64(first + 3),
            row.Blob(first + 4).ToArray(),
            row.Int64(first + 5),
            (CopyState)row.Int64(first + 6))
        {
            Version = (int)row.Int64(first),
            VerifiedAt = row.NullableInt64(first + 7) is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null,
        };
}
