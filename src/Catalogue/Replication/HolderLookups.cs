using Panal.Catalogue.Queries;
using Panal.Catalogue.Sqlite;

namespace Panal.Catalogue.Replication;

/// <summary>Reads who holds what, and how far behind each publisher is.</summary>
internal static class HolderLookups
{
    internal static List<InstanceHolder> OfInstance(Reader reader, string sopInstanceUid)
    {
        Statement statement = reader.Prepare(
            """
            SELECT p.node, h.length, h.hash, h.said IS NULL
            FROM instance AS i JOIN holding AS h ON h.instance = i.id JOIN publisher AS p ON p.id = h.publisher
            WHERE i.uid = ?1 AND h.length > 0 ORDER BY p.authority DESC, p.node
            """).Bind(1, sopInstanceUid);
        var holders = new List<InstanceHolder>();
        while (statement.Step())
        {
            holders.Add(new InstanceHolder(Node(statement, 0), statement.Int64(1), statement.Blob(2).ToArray(), statement.Int64(3) != 0));
        }

        statement.Reset();
        return holders;
    }

    /// <summary>Who offers an instance without holding it: foreign archives behind this node first, then nodes that have one behind them.</summary>
    internal static List<Offerer> OffersOfInstance(Reader reader, string sopInstanceUid)
    {
        Statement statement = reader.Prepare(
            $"""
            SELECT p.node, {ForeignRows.IsForeign} AS foreign_archive
            FROM instance AS i JOIN holding AS h ON h.instance = i.id JOIN publisher AS p ON p.id = h.publisher
            WHERE i.uid = ?1 AND h.length = 0 ORDER BY foreign_archive DESC, p.authority DESC, p.node
            """).Bind(1, sopInstanceUid);
        var offerers = new List<Offerer>();
        while (statement.Step())
        {
            offerers.Add(new Offerer(Node(statement, 0), statement.Int64(1) != 0));
        }

        statement.Reset();
        return offerers;
    }

    internal static List<Holder> OfStudies(Reader reader, IReadOnlyList<string> studyInstanceUids, string? seriesInstanceUid)
    {
        Statement statement = reader.Prepare(
            $"""
            SELECT p.node, sum(h.length > 0)
            FROM study JOIN series ON series.study = study.id JOIN instance ON instance.series = series.id
            JOIN holding AS h ON h.instance = instance.id JOIN publisher AS p ON p.id = h.publisher
            WHERE study.uid IN (SELECT value FROM json_each(?1)) AND (?2 IS NULL OR series.uid = ?2) AND NOT {ForeignRows.IsForeign}
            GROUP BY p.id ORDER BY p.authority DESC, p.node
            """).Bind(1, QueryPlan.Json(studyInstanceUids)).Bind(2, seriesInstanceUid);
        var holders = new List<Holder>();
        while (statement.Step())
        {
            holders.Add(new Holder(Node(statement, 0), statement.Int64(1)));
        }

        statement.Reset();
        return holders;
    }

    internal static HashSet<string> SeriesTold(Reader reader, string studyInstanceUid, FeedFilter filter)
    {
        // What this node itself says counts, as in its feed.
        Statement statement = reader.Prepare(
            """
            SELECT series.uid, coalesce(c.attributes, series.attributes), coalesce(s.attributes, study.attributes)
            FROM study JOIN series ON series.study = study.id
            LEFT JOIN series_claim AS c ON c.series = series.id AND c.publisher = 0
            LEFT JOIN study_claim AS s ON s.study = study.id AND s.publisher = 0
            WHERE study.uid = ?1
            """).Bind(1, studyInstanceUid);
        var series = new HashSet<string>(StringComparer.Ordinal);
        while (statement.Step())
        {
            if (filter.WithheldOf(statement.Blob(2), statement.Blob(1)) is not null)
            {
                series.Add(statement.Text(0));
            }
        }

        statement.Reset();
        return series;
    }

    internal static List<Holder> All(Reader reader)
    {
        // One row a series: a million instances are some thousands of them. What is only offered has an index of its own.
        Statement statement = reader.Prepare(
            $"""
            SELECT node, (SELECT coalesce(sum(held), 0) FROM series_content) FROM publisher WHERE id = 0
            UNION ALL
            SELECT p.node, coalesce((SELECT sum(c.instances) FROM series_claim AS c WHERE c.publisher = p.id), 0)
                - (SELECT count(*) FROM holding AS h WHERE h.publisher = p.id AND h.length = 0)
            FROM publisher AS p WHERE p.id > 0 AND NOT {ForeignRows.IsForeign}
            """);
        var holders = new List<Holder>();
        while (statement.Step())
        {
            holders.Add(new Holder(Node(statement, 0), statement.Int64(1)));
        }

        statement.Reset();
        return holders;
    }

    internal static List<PublisherState> Publishers(Reader reader)
    {
        Statement statement = reader.Prepare(
            $"""
            SELECT node, authority, history, cursor, mark, filter, snapshot_after, head, head_at, applied_at, is_complete, seen
            FROM publisher AS p WHERE id > 0 AND NOT {ForeignRows.IsForeign} ORDER BY node
            """);
        var publishers = new List<PublisherState>();
        while (statement.Step())
        {
            publishers.Add(new PublisherState(
                Node(statement, 0), (int)statement.Int64(1),
                new FeedCursor(Node(statement, 2), statement.Int64(3), statement.Int64(11), statement.Int64(4), statement.Int64(5), statement.NullableInt64(6)),
                statement.Int64(8) > 0 ? new FeedHead(statement.Int64(7), DateTimeOffset.FromUnixTimeMilliseconds(statement.Int64(8))) : null,
                statement.Int64(9) > 0 ? DateTimeOffset.FromUnixTimeMilliseconds(statement.Int64(9)) : null,
                statement.Int64(10) != 0));
        }

        statement.Reset();
        return publishers;
    }

    private static Guid Node(Statement row, int column) => new(row.Blob(column), bigEndian: true);
}
