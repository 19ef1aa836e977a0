using Panal.Catalogue.Records;
using Panal.Catalogue.Sqlite;

namespace Panal.Catalogue.Queries;

/// <summary>Reads what there is to compact.</summary>
internal static class CompactionLookups
{
    internal static List<CompactionCandidate> Candidates(Reader reader, long afterId, int limit)
    {
        Statement statement = reader.Prepare(
            CopyRow.Columns + """
            , instance.id, instance.uid, instance.transfer_syntax, series.modality, instance.source, instance.received_at
            FROM (SELECT * FROM copy WHERE compaction = 0 AND version = 0 AND instance > ?1 ORDER BY instance LIMIT ?2) AS copy
            CROSS JOIN instance ON instance.id = copy.instance
            CROSS JOIN series ON series.id = instance.series
            ORDER BY copy.instance
            """).Bind(1, afterId).Bind(2, limit);
        var candidates = new List<CompactionCandidate>();
        while (statement.Step())
        {
            const int Next = CopyRow.ColumnCount;
            candidates.Add(new CompactionCandidate(
                statement.Int64(Next), statement.Text(Next + 1), statement.Text(Next + 2), statement.Text(Next + 3), statement.Text(Next + 4),
                DateTimeOffset.FromUnixTimeMilliseconds(statement.Int64(Next + 5)), CopyRow.Read(statement)));
        }

        statement.Reset();
        return candidates;
    }

    internal static CompactionCounts Counts(Reader reader)
    {
        Statement statement = reader.Prepare(
            """
            SELECT count(*) FILTER (WHERE compaction = 0), count(*) FILTER (WHERE compaction = 1), count(*) FILTER (WHERE compaction > 1),
                   coalesce(sum(length) FILTER (WHERE compaction = 1), 0), coalesce(sum(compact_length), 0)
            FROM copy WHERE version = 0
            """);
        statement.Step();
        var counts = new CompactionCounts(statement.Int64(0), statement.Int64(1), statement.Int64(2), statement.Int64(3), statement.Int64(4));
        statement.Reset();
        return counts;
    }
}
