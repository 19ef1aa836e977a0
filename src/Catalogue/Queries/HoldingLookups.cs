using Panal.Catalogue.Attributes;
using Panal.Catalogue.Sqlite;
using Panal.Dicom;

namespace Panal.Catalogue.Queries;

/// <summary>Reads which studies are held, here and elsewhere.</summary>
internal static class HoldingLookups
{
    // The holders of each instance with the content that its row describes; then the fewest of a study.
    private const string SelectCoverage =
        """
        SELECT study.id, study.uid, study.date, count(*), sum(of_instance.here), min(of_instance.here + of_instance.elsewhere),
               group_concat(DISTINCT series.modality)
        FROM (SELECT instance.series,
                     EXISTS (SELECT 1 FROM copy WHERE copy.instance = instance.id) AS here,
                     (SELECT count(*) FROM holding WHERE holding.instance = instance.id AND holding.said IS NULL AND holding.length > 0) AS elsewhere
              FROM study AS s JOIN series AS of_study ON of_study.study = s.id JOIN instance ON instance.series = of_study.id
              WHERE s.id IN (SELECT value FROM json_each(?1))) AS of_instance
        JOIN series ON series.id = of_instance.series JOIN study ON study.id = series.study
        GROUP BY study.id ORDER BY study.id
        """;

    internal static List<StudyHeldHere> HeldHere(Reader reader)
    {
        Statement statement = reader.Prepare(
            """
            SELECT study.id, study.uid, study.date, c.held, c.bytes, series.modality, series.attributes,
                   coalesce((SELECT received_at FROM instance WHERE instance.series = series.id ORDER BY number DESC LIMIT 1), 0)
            FROM study JOIN series ON series.study = study.id
            JOIN (SELECT series, sum(held) AS held, sum(bytes) AS bytes FROM series_content GROUP BY series) AS c ON c.series = series.id
            WHERE c.held > 0 ORDER BY study.id
            """);
        var studies = new List<StudyHeldHere>();
        long last = -1;
        while (statement.Step())
        {
            var series = new StudyHeldHere(
                statement.Text(1), Date(statement.Int64(2)), statement.Int64(3), statement.Int64(4), Named(statement.Text(5)),
                Named(AttributeBlob.FirstText(statement.Blob(6), Tags.InstitutionName)), DateTimeOffset.FromUnixTimeMilliseconds(statement.Int64(7)));
            if (statement.Int64(0) != last)
            {
                studies.Add(series);
                last = statement.Int64(0);
                continue;
            }

            var study = studies[^1];
            studies[^1] = study with
            {
                Instances = study.Instances + series.Instances,
                LengthBytes = study.LengthBytes + series.LengthBytes,
                Modalities = [.. study.Modalities.Union(series.Modalities)],
                Institutions = [.. study.Institutions.Union(series.Institutions)],
                ReceivedAt = study.ReceivedAt > series.ReceivedAt ? study.ReceivedAt : series.ReceivedAt,
            };
        }

        statement.Reset();
        return studies;
    }

    internal static (List<StudyCoverage> Studies, long Last) CoverageAfter(Reader reader, long afterId, int limit)
    {
        Statement statement = reader.Prepare("SELECT id FROM study WHERE id > ?1 ORDER BY id LIMIT ?2").Bind(1, afterId).Bind(2, limit);
        var ids = new List<long>();
        while (statement.Step())
        {
            ids.Add(statement.Int64(0));
        }

        statement.Reset();
        return (Coverage(reader, ids), ids.Count == 0 ? afterId : ids[^1]);
    }

    internal static List<StudyCoverage> Newest(Reader reader, int limit)
    {
        Statement statement = reader.Prepare("SELECT id FROM study ORDER BY id DESC LIMIT ?1").Bind(1, limit);
        var ids = new List<long>();
        while (statement.Step())
        {
            ids.Add(statement.Int64(0));
        }

        statement.Reset();
        return Coverage(reader, ids);
    }

    internal static StudyCoverage? CoverageOf(Reader reader, string studyInstanceUid)
    {
        Statement statement = reader.Prepare("SELECT id FROM study WHERE uid = ?1").Bind(1, studyInstanceUid);
        long? id = statement.Step() ? statement.Int64(0) : null;
        statement.Reset();
        return id is { } found && Coverage(reader, [found]) is [var coverage] ? coverage : null;
    }

    internal static List<string> OtherStudies(Reader reader, string studyInstanceUid, int limit)
    {
        Statement statement = reader.Prepare(
            """
            SELECT other.uid FROM study JOIN study AS other ON other.patient = study.patient AND other.id <> study.id
            WHERE study.uid = ?1 ORDER BY other.date DESC, other.time DESC, other.id DESC LIMIT ?2
            """).Bind(1, studyInstanceUid).Bind(2, limit);
        var studies = new List<string>();
        while (statement.Step())
        {
            studies.Add(statement.Text(0));
        }

        statement.Reset();
        return studies;
    }

    private static List<StudyCoverage> Coverage(Reader reader, List<long> ids)
    {
        var studies = new List<(long Id, StudyCoverage Study)>();
        Statement statement = reader.Prepare(SelectCoverage).Bind(1, $"[{string.Join(',', ids)}]");
        while (statement.Step())
        {
            studies.Add((statement.Int64(0), new StudyCoverage(
                statement.Text(1), Date(statement.Int64(2)), statement.Int64(3), statement.Int64(4), (int)statement.Int64(5), [],
                statement.Text(6).Split(',', StringSplitOptions.RemoveEmptyEntries))));
        }

        statement.Reset();
        return [.. studies.Select(study => study.Study with { Whole = WholeHolders(reader, study.Id, study.Study.Instances) })];
    }

    private static List<Guid> WholeHolders(Reader reader, long study, long instances)
    {
        Statement statement = reader.Prepare(
            """
            SELECT p.node FROM series JOIN instance ON instance.series = series.id
            JOIN holding ON holding.instance = instance.id AND holding.length > 0 JOIN publisher AS p ON p.id = holding.publisher
            WHERE series.study = ?1 GROUP BY p.id HAVING count(*) >= ?2 ORDER BY p.node
            """).Bind(1, study).Bind(2, instances);
        var nodes = new List<Guid>();
        while (statement.Step())
        {
            nodes.Add(new Guid(statement.Blob(0), bigEndian: true));
        }

        statement.Reset();
        return nodes;
    }

    private static string[] Named(string? name) => string.IsNullOrEmpty(name) ? [] : [name];

    private static DateOnly? Date(long number) => number > 0
        && DateOnly.TryParseExact(number.ToString("00000000", System.Globalization.CultureInfo.InvariantCulture), "yyyyMMdd", out var date) ? date : null;
}
