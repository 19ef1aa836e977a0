using Panal.Catalogue.Sqlite;

namespace Panal.Catalogue.Records;

/// <summary>Reads rows of the table copy.</summary>
internal static class CopyRow
{
    internal const string Columns =
        """
        SELECT copy.version, copy.volume, copy.path, copy.length, copy.hash, copy.data_set_offset, copy.state, copy.verified_at,
               copy.compact_length, copy.compact_hash, copy.compact_data_set_offset, copy.compact_syntax,
               copy.compact_stages
        """;

    internal const string Select = Columns + " FROM copy";

    internal const int ColumnCount = 13;

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
            Compact = row.NullableInt64(first + 8) is { } length
                ? new CompactFile(length, row.Blob(first + 9).ToArray(), row.Int64(first + 10), row.Text(first + 11)) { Stages = row.Blob(first + 12).ToArray() }
                : null,
        };
}
