using Panal.Catalogue.Attributes;
using Panal.Catalogue.Sqlite;

namespace Panal.Catalogue.Replication;

/// <summary>Reads what foreign archives offer: archives that are no nodes and stand behind this one; see docs/formats/catalogue.md.</summary>
internal static class ForeignRows
{
    /// <summary>The authority that makes a publisher a foreign archive. Every node's word goes before its own. Stored: never changes.</summary>
    internal const int Authority = int.MinValue;

    /// <summary>True for rows p of the table publisher that are foreign archives.</summary>
    internal const string IsForeign = "(p.authority = -2147483648)";

    /// <summary>What the archive offers of a study; null when that is nothing.</summary>
    internal static StudyOffer? Find(Reader reader, Guid source, string studyInstanceUid)
    {
        Statement statement = reader.Prepare(Select + " AND study.uid = ?2").Bind(1, PublisherRows.Bytes(source)).Bind(2, studyInstanceUid);
        StudyOffer? offer = statement.Step() ? Read(statement) : null;
        statement.Reset();
        return offer;
    }

    /// <summary>Studies that the archive offers, in the order in which they came.</summary>
    internal static (List<StudyOffer> Offers, long Last) After(Reader reader, Guid source, long afterId, int limit)
    {
        Statement statement = reader.Prepare(Select + " AND study.id > ?2 ORDER BY study.id LIMIT ?3")
            .Bind(1, PublisherRows.Bytes(source)).Bind(2, afterId).Bind(3, limit);
        var offers = new List<StudyOffer>();
        long last = afterId;
        while (statement.Step())
        {
            offers.Add(Read(statement));
            last = statement.Int64(5);
        }

        statement.Reset();
        return (offers, last);
    }

    /// <summary>Studies between two dates (yyyymmdd, as the catalogue shows them) that the archive offers.</summary>
    internal static List<StudyOffer> Between(Reader reader, Guid source, long first, long last)
    {
        Statement statement = reader.Prepare(Select + " AND study.date BETWEEN ?2 AND ?3 ORDER BY study.id")
            .Bind(1, PublisherRows.Bytes(source)).Bind(2, first).Bind(3, last);
        var offers = new List<StudyOffer>();
        while (statement.Step())
        {
            offers.Add(Read(statement));
        }

        statement.Reset();
        return offers;
    }

    /// <summary>How many studies and instances the archive offers.</summary>
    internal static (long Studies, long Instances) Count(Reader reader, Guid source)
    {
        Statement statement = reader.Prepare(
            """
            SELECT (SELECT count(*) FROM study_claim WHERE publisher = p.id), (SELECT coalesce(sum(instances), 0) FROM series_claim WHERE publisher = p.id)
            FROM publisher AS p WHERE p.node = ?1
            """).Bind(1, PublisherRows.Bytes(source));
        (long, long) counts = statement.Step() ? (statement.Int64(0), statement.Int64(1)) : (0, 0);
        statement.Reset();
        return counts;
    }

    private const string Select =
        $"""
        SELECT study.uid, c.patient_attributes, c.attributes,
               (SELECT count(*) FROM series AS s JOIN series_claim AS x ON x.series = s.id AND x.publisher = p.id WHERE s.study = study.id),
               (SELECT coalesce(sum(x.instances), 0) FROM series AS s JOIN series_claim AS x ON x.series = s.id AND x.publisher = p.id WHERE s.study = study.id),
               study.id
        FROM publisher AS p JOIN study_claim AS c ON c.publisher = p.id JOIN study ON study.id = c.study
        WHERE p.node = ?1 AND {IsForeign}
        """;

    private static StudyOffer Read(Statement row) =>
        new(row.Text(0), (int)row.Int64(3), row.Int64(4), new EncodedAttributes([row.Blob(1).ToArray(), row.Blob(2).ToArray(), default, default], row.Text(0), ""));
}
