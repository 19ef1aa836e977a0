using System.Text;
using Panal.Catalogue.Attributes;
using Panal.Catalogue.Records;
using Panal.Catalogue.Sqlite;
using Panal.Dicom;

namespace Panal.Catalogue.Queries;

/// <summary>Reads that are no C-FIND: instances with their copies, changes, conflicts, jobs, counts.</summary>
internal static class Lookups
{
    private const string SelectInstance =
        """
        SELECT instance.id, instance.uid, instance.sop_class, instance.transfer_syntax, series.uid, study.uid, patient.patient_id,
               instance.number, instance.source, instance.received_at
        FROM patient
        JOIN study ON study.patient = patient.id
        JOIN series ON series.study = study.id
        JOIN instance ON instance.series = series.id
        """;

    internal static InstanceRow? Find(Reader reader, string sopInstanceUid)
    {
        Statement statement = reader.Prepare(SelectInstance + " WHERE instance.uid = ?1").Bind(1, sopInstanceUid);
        return Instances(reader, statement) is [var row] ? row : null;
    }

    internal static List<InstanceRow> Locate(Reader reader, RetrieveKeys keys)
    {
        var where = new List<string>();
        var parameters = new List<string>();
        void Add(string sql, string parameter)
        {
            where.Add(sql);
            parameters.Add(parameter);
        }

        void AddUids(string column, IReadOnlyList<string> uids)
        {
            if (uids.Count == 1)
            {
                Add($"{column} = ?", uids[0]);
            }
            else if (uids.Count > 1)
            {
                Add($"{column} IN (SELECT value FROM json_each(?))", QueryPlan.Json(uids));
            }
        }

        if (!string.IsNullOrEmpty(keys.PatientId))
        {
            Add("patient.patient_id = ?", keys.PatientId.Trim(' '));
        }

        if (!string.IsNullOrEmpty(keys.IssuerOfPatientId))
        {
            Add("patient.issuer = ?", keys.IssuerOfPatientId.Trim(' '));
        }

        AddUids("study.uid", keys.StudyInstanceUids);
        AddUids("series.uid", keys.SeriesInstanceUids);
        AddUids("instance.uid", keys.SopInstanceUids);
        if (where.Count == 0)
        {
            throw new ArgumentException("Retrieve keys must name something.", nameof(keys));
        }

        var sql = new StringBuilder(SelectInstance).Append(" WHERE ").AppendJoin(" AND ", where)
            .Append(" ORDER BY study.id, series.number, series.id, instance.number, instance.id");
        Statement statement = reader.Prepare(sql.ToString());
        for (int i = 0; i < parameters.Count; i++)
        {
            statement.Bind(i + 1, parameters[i]);
        }

        return Instances(reader, statement);
    }

    /// <summary>Instances in the order in which they came, after one of them; for verification of everything.</summary>
    internal static (List<InstanceRow> Rows, long Last) After(Reader reader, long afterId, int limit)
    {
        Statement statement = reader.Prepare(
            """
            SELECT instance.id, instance.uid, instance.sop_class, instance.transfer_syntax, series.uid, study.uid, patient.patient_id,
                   instance.number, instance.source, instance.received_at
            FROM (SELECT * FROM instance WHERE id > ?1 ORDER BY id LIMIT ?2) AS instance
            CROSS JOIN series ON series.id = instance.series
            CROSS JOIN study ON study.id = series.study
            CROSS JOIN patient ON patient.id = study.patient
            ORDER BY instance.id
            """).Bind(1, afterId).Bind(2, limit);
        long last = afterId;
        List<InstanceRow> rows = Instances(reader, statement, id => last = id);
        return (rows, last);
    }

    private static List<InstanceRow> Instances(Reader reader, Statement statement, Action<long>? seen = null)
    {
        var rows = new List<InstanceRow>();
        while (statement.Step())
        {
            long id = statement.Int64(0);
            seen?.Invoke(id);
            rows.Add(new InstanceRow(
                statement.Text(1), statement.Text(2), statement.Text(3), statement.Text(4), statement.Text(5), statement.Text(6),
                statement.NullableInt64(7) is { } number and >= int.MinValue and <= int.MaxValue ? (int)number : null,
                statement.Text(8), Time(statement.Int64(9)), Copies(reader, id)));
        }

        statement.Reset();
        return rows;
    }

    private static List<CopyRecord> Copies(Reader reader, long instance)
    {
        Statement statement = reader.Prepare(CopyRow.Select + " WHERE instance = ?1 ORDER BY version, state, volume").Bind(1, instance);
        var copies = new List<CopyRecord>(1);
        while (statement.Step())
        {
            copies.Add(CopyRow.Read(statement));
        }

        statement.Reset();
        return copies;
    }

    internal static List<Change> Changes(Reader reader, long afterSequence, int limit)
    {
        Statement statement = reader.Prepare("SELECT sequence, kind, at, subject FROM change WHERE sequence > ?1 ORDER BY sequence LIMIT ?2")
            .Bind(1, afterSequence).Bind(2, limit);
        var changes = new List<Change>();
        while (statement.Step())
        {
            changes.Add(new Change(statement.Int64(0), (ChangeKind)statement.Int64(1), Time(statement.Int64(2)), statement.Text(3)));
        }

        statement.Reset();
        return changes;
    }

    internal static List<Conflict> Conflicts(Reader reader, bool isOpenOnly, long afterId, int limit)
    {
        Statement statement = reader.Prepare(
            "SELECT id, kind, subject, instance, source, detected_at, decision, version, other, resolved_at, fingerprint FROM conflict WHERE id > ?1"
            + (isOpenOnly ? " AND resolved_at IS NULL" : string.Empty) + " ORDER BY id LIMIT ?2").Bind(1, afterId).Bind(2, limit);
        var conflicts = new List<Conflict>();
        while (statement.Step())
        {
            var other = new DataSet();
            AttributeDecoder.DeclareCharacterSet(other, AttributeDecoder.AddTo(other, statement.Blob(8).ToArray()));
            var kind = (ConflictKind)statement.Int64(1);
            conflicts.Add(new Conflict(
                statement.Int64(0), kind, statement.Text(2), statement.Text(3), statement.Text(4), Time(statement.Int64(5)),
                (ConflictDecision)statement.Int64(6), (int?)statement.NullableInt64(7), other,
                statement.NullableInt64(9) is { } at ? Time(at) : null)
            {
                ContentHash = kind == ConflictKind.OtherContent ? statement.Blob(10).ToArray() : ReadOnlyMemory<byte>.Empty,
            });
        }

        statement.Reset();
        return conflicts;
    }

    internal static bool IsContentWanted(Reader reader, string sopInstanceUid, ReadOnlySpan<byte> hash)
    {
        Statement statement = reader.Prepare(
            $"""
            SELECT 1 FROM conflict WHERE kind = {(long)ConflictKind.OtherContent} AND subject = ?1 AND fingerprint = ?2
            AND decision = {(long)ConflictDecision.Wanted} AND resolved_at IS NULL
            """).Bind(1, sopInstanceUid).Bind(2, hash);
        bool isWanted = statement.Step();
        statement.Reset();
        return isWanted;
    }

    internal static List<Job> Jobs(Reader reader, string kind, DateTimeOffset dueUntil, JobState state, int limit)
    {
        Statement statement = reader.Prepare(
            """
            SELECT id, kind, key, payload, due_at, attempts, state FROM job
            WHERE state = ?1 AND due_at <= ?2 AND kind = ?3 ORDER BY due_at, id LIMIT ?4
            """).Bind(1, (long)state).Bind(2, dueUntil.ToUnixTimeMilliseconds()).Bind(3, kind).Bind(4, limit);
        var jobs = new List<Job>();
        while (statement.Step())
        {
            jobs.Add(ReadJob(statement));
        }

        statement.Reset();
        return jobs;
    }

    internal static List<Job> Jobs(Reader reader, int limit)
    {
        Statement statement = reader.Prepare(
            "SELECT id, kind, key, payload, due_at, attempts, state FROM job ORDER BY state DESC, due_at, id LIMIT ?1").Bind(1, limit);
        var jobs = new List<Job>();
        while (statement.Step())
        {
            jobs.Add(ReadJob(statement));
        }

        statement.Reset();
        return jobs;
    }

    private static Job ReadJob(Statement statement) => new(
        statement.Int64(0), statement.Text(1), statement.Text(2), statement.Blob(3).ToArray(), Time(statement.Int64(4)),
        (int)statement.Int64(5), (JobState)statement.Int64(6));

    internal static CatalogueCounts Counts(Reader reader)
    {
        Statement statement = reader.Prepare(
            """
            SELECT (SELECT count(*) FROM patient), (SELECT count(*) FROM study), (SELECT count(*) FROM series),
                   coalesce(sum(instances), 0), coalesce(sum(bytes), 0) FROM series_content
            """);
        statement.Step();
        var counts = new CatalogueCounts(statement.Int64(0), statement.Int64(1), statement.Int64(2), statement.Int64(3), statement.Int64(4));
        statement.Reset();
        return counts;
    }

    internal static long LastSequence(Reader reader)
    {
        Statement statement = reader.Prepare("SELECT coalesce(max(sequence), 0) FROM change");
        statement.Step();
        long sequence = statement.Int64(0);
        statement.Reset();
        return sequence;
    }

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}
