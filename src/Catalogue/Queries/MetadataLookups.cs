using Panal.Catalogue.Sqlite;

namespace Panal.Catalogue.Queries;

/// <summary>Reads stored metadata, and of which series there is none yet.</summary>
internal static class MetadataLookups
{
    internal static List<MetadataChunkRow> Of(Reader reader, SeriesName name)
    {
        Statement statement = reader.Prepare(
            """
            SELECT metadata_chunk.id, instances, names, chunk
            FROM series JOIN study ON study.id = series.study JOIN metadata_chunk ON metadata_chunk.series = series.id
            WHERE series.uid = ?1 AND study.uid = ?2 ORDER BY metadata_chunk.id
            """).Bind(1, name.SeriesInstanceUid).Bind(2, name.StudyInstanceUid);
        var chunks = new List<MetadataChunkRow>();
        while (statement.Step())
        {
            chunks.Add(new MetadataChunkRow(statement.Int64(0), (int)statement.Int64(1), statement.Blob(2).ToArray(), statement.Blob(3).ToArray()));
        }

        statement.Reset();
        return chunks;
    }

    /// <summary>Series with instances here of which more instances are known than have metadata stored, in the order in which they were heard of.</summary>
    internal static (List<SeriesName> Series, long Last) Missing(Reader reader, long afterId, int limit)
    {
        Statement statement = reader.Prepare(
            """
            SELECT series.id, study.uid, series.uid FROM series JOIN study ON study.id = series.study
            WHERE series.id > ?1
            AND (SELECT sum(held) FROM series_content WHERE series_content.series = series.id) > 0
            AND (SELECT coalesce(sum(instances), 0) FROM metadata_chunk WHERE metadata_chunk.series = series.id)
                < (SELECT sum(instances) FROM series_content WHERE series_content.series = series.id)
            ORDER BY series.id LIMIT ?2
            """).Bind(1, afterId).Bind(2, limit);
        var missing = new List<SeriesName>();
        long last = afterId;
        while (statement.Step())
        {
            last = statement.Int64(0);
            missing.Add(new SeriesName(statement.Text(1), statement.Text(2)));
        }

        statement.Reset();
        return (missing, last);
    }

    internal static long CountMissing(Reader reader)
    {
        Statement statement = reader.Prepare(
            """
            SELECT count(*) FROM (SELECT series, sum(held) AS held, sum(instances) AS known FROM series_content GROUP BY series) AS content
            WHERE held > 0 AND known > (SELECT coalesce(sum(instances), 0) FROM metadata_chunk WHERE metadata_chunk.series = content.series)
            """);
        statement.Step();
        long count = statement.Int64(0);
        statement.Reset();
        return count;
    }

    /// <summary>Series of whose instances or whose study some changes tell.</summary>
    internal static List<SeriesName> Changed(Reader reader, long afterSequence, long untilSequence)
    {
        Statement statement = reader.Prepare(
            $"""
            SELECT study.uid, series.uid
            FROM (SELECT DISTINCT subject FROM change
                  WHERE sequence > ?1 AND sequence <= ?2 AND kind IN ({(long)ChangeKind.InstanceAdded}, {(long)ChangeKind.InstanceDeleted}, {(long)ChangeKind.CopiesChanged}))
            CROSS JOIN instance ON instance.uid = subject CROSS JOIN series ON series.id = instance.series CROSS JOIN study ON study.id = series.study
            UNION
            SELECT study.uid, series.uid
            FROM (SELECT DISTINCT subject FROM change WHERE sequence > ?1 AND sequence <= ?2 AND kind = {(long)ChangeKind.StudyCorrected})
            CROSS JOIN study ON study.uid = subject CROSS JOIN series ON series.study = study.id
            """).Bind(1, afterSequence).Bind(2, untilSequence);
        var changed = new List<SeriesName>();
        while (statement.Step())
        {
            changed.Add(new SeriesName(statement.Text(0), statement.Text(1)));
        }

        statement.Reset();
        return changed;
    }

    internal static MetadataCounts Counts(Reader reader)
    {
        Statement statement = reader.Prepare(
            """
            SELECT (SELECT count(*) FROM (SELECT 1 FROM series_content GROUP BY series HAVING sum(held) > 0)),
                   count(DISTINCT series), coalesce(sum(instances), 0), coalesce(sum(length(names) + length(chunk)), 0)
            FROM metadata_chunk
            """);
        statement.Step();
        var counts = new MetadataCounts(statement.Int64(0), statement.Int64(1), statement.Int64(2), statement.Int64(3));
        statement.Reset();
        return counts;
    }
}
