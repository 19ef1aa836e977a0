using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Panal.Catalogue.Attributes;
using Panal.Catalogue.Matching;
using Panal.Catalogue.Sqlite;
using Panal.Dicom;

namespace Panal.Catalogue.Replication;

/// <summary>Reads what this node publishes: what it holds itself, and what foreign archives behind it offer. All in the snapshot of one read.</summary>
internal static class FeedReader
{
    /// <summary>Instances of studies that have become too old for a filter, said in one step at most: a quarter of what a step can say. Beyond it a snapshot is cheaper.</summary>
    private const int AgedInstanceLimit = 65_536;

    private const string SelectHeld =
        """
        SELECT i.id, i.uid, i.sop_class, i.transfer_syntax, i.attributes, c.length, c.hash, i.number, i.series
        FROM instance AS i CROSS JOIN copy AS c ON c.instance = i.id AND c.version = 0 AND c.state <= 4
        """;

    /// <summary>What foreign archives behind this node offer and it does not hold.</summary>
    private const string SelectOffered =
        $"""
        SELECT i.id, i.uid, i.sop_class, i.transfer_syntax, i.attributes, 0, zeroblob(32), i.number, i.series
        FROM instance AS i
        WHERE EXISTS (SELECT 1 FROM holding AS h JOIN publisher AS p ON p.id = h.publisher WHERE h.instance = i.id AND {ForeignRows.IsForeign})
          AND NOT EXISTS (SELECT 1 FROM copy AS c WHERE c.instance = i.id AND c.version = 0 AND c.state <= 4)
        """;

    /// <summary>Publishers whose words are this node's own.</summary>
    private const string Own = $"SELECT p.id FROM publisher AS p WHERE p.id = 0 OR {ForeignRows.IsForeign}";

    private const string SelectSeries =
        $"""
        SELECT series.uid, coalesce(c.attributes, series.attributes), series.id
        FROM series LEFT JOIN series_claim AS c ON c.series = series.id AND c.publisher IN ({Own})
        """;

    /// <summary>History, newest change and its mark.</summary>
    internal static FeedCursor Head(Reader reader, FeedFilter filter)
    {
        long head = Queries.Lookups.LastSequence(reader);
        return new FeedCursor(History(reader), head, head, Mark(reader, head) ?? 0, filter.Fingerprint, null);
    }

    /// <summary>Whether the feed can go on from here: the same catalogue, the same newest change that was seen, all since, the same filter.</summary>
    internal static bool CanResume(Reader reader, FeedCursor cursor, FeedFilter filter) =>
        cursor.History == History(reader) && filter.Continues(cursor.Filter) && cursor.Sequence <= cursor.Seen && Mark(reader, cursor.Seen) == cursor.Mark
        && cursor.Sequence >= Oldest(reader) - 1 && Aged(reader, filter, cursor.Filter) is not null;

    /// <summary>All that changed after a sequence, as it is now; when that is too much, as much as the limit says.</summary>
    /// <param name="told">Fingerprint of the filter by which all up to the sequence was told.</param>
    /// <returns>Null when changes after the sequence were compacted away.</returns>
    internal static FeedStep? Changes(Reader reader, long after, int limit, FeedFilter filter, long told, DateTimeOffset now)
    {
        FeedCursor head = Head(reader, filter);
        var instances = new HashSet<string>(StringComparer.Ordinal);
        var corrected = new HashSet<string>(StringComparer.Ordinal);
        long last = after;
        foreach (Change change in Queries.Lookups.Changes(reader, after, limit))
        {
            if (change.Sequence != last + 1)
            {
                return null;
            }

            (change.Kind == ChangeKind.StudyCorrected ? corrected : instances).Add(change.SopInstanceUid);
            last = change.Sequence;
        }

        corrected.UnionWith(Aged(reader, filter, told) ?? []);
        var studies = new Dictionary<long, StudyDraft>();
        List<string> goneStudies = [], goneInstances = [];
        foreach (string uid in corrected)
        {
            if (FindStudy(reader, uid) is not { } id || Whole(reader, id, filter) is not { } draft)
            {
                goneStudies.Add(uid);
                continue;
            }

            studies[id] = draft;
        }

        foreach (string uid in instances)
        {
            Collect(reader, uid, studies, goneInstances, filter);
        }

        FeedCursor cursor = head with { Sequence = last };
        var state = new CatalogueState([.. studies.Values.Where(static study => !study.IsHidden).Select(study => study.ToState())], goneStudies, goneInstances);
        return new FeedStep(state, cursor, new FeedHead(head.Sequence, now), IsFreshSnapshot: false);
    }

    /// <summary>Whole studies after one of them, in the order in which they came.</summary>
    /// <param name="start">Where the feed goes on when the snapshot has ended, and which study was the last.</param>
    /// <param name="isFresh">Nothing of this snapshot was taken over yet.</param>
    internal static FeedStep Snapshot(Reader reader, FeedCursor start, bool isFresh, int instanceLimit, FeedFilter filter, DateTimeOffset now)
    {
        long after = start.SnapshotAfter ?? 0;
        var studies = new List<StudyState>();
        int count = 0;
        bool isEnd = false;
        while (!isEnd && count < instanceLimit)
        {
            Statement next = reader.Prepare("SELECT id FROM study WHERE id > ?1 ORDER BY id LIMIT 1").Bind(1, after);
            isEnd = !next.Step();
            after = isEnd ? after : next.Int64(0);
            next.Reset();
            if (!isEnd && Whole(reader, after, filter)?.ToState() is { } study)
            {
                studies.Add(study);
                count += study.Series.Sum(static series => series.Instances.Count);
            }
        }

        FeedCursor head = Head(reader, filter);
        return new FeedStep(
            new CatalogueState(studies, [], []), start with { SnapshotAfter = isEnd ? null : after, Seen = head.Seen, Mark = head.Mark },
            new FeedHead(head.Sequence, now), isFresh);
    }

    internal static Guid History(Reader reader)
    {
        Statement statement = reader.Prepare("SELECT history FROM opening");
        statement.Step();
        var history = new Guid(statement.Blob(0), bigEndian: true);
        statement.Reset();
        return history;
    }

    /// <summary>Fingerprint of one change; null when it is not there, or no more. The feed's beginning is 0.</summary>
    private static long? Mark(Reader reader, long sequence)
    {
        Statement statement = reader.Prepare("SELECT kind, at, subject FROM change WHERE sequence = ?1").Bind(1, sequence);
        long? mark = null;
        if (statement.Step())
        {
            Span<byte> numbers = stackalloc byte[24];
            BinaryPrimitives.WriteInt64LittleEndian(numbers, sequence);
            BinaryPrimitives.WriteInt64LittleEndian(numbers[8..], statement.Int64(0));
            BinaryPrimitives.WriteInt64LittleEndian(numbers[16..], statement.Int64(1));
            mark = BinaryPrimitives.ReadInt64LittleEndian(SHA256.HashData([.. numbers, .. statement.Blob(2)]));
        }

        statement.Reset();
        if (sequence > 0 || mark is not null)
        {
            return mark;
        }

        // Nothing was compacted yet if the first change is there, or none at all.
        return Oldest(reader) == 1 ? 0 : null;
    }

    private static long Oldest(Reader reader)
    {
        Statement statement = reader.Prepare("SELECT coalesce(min(sequence), 1) FROM change");
        statement.Step();
        long oldest = statement.Int64(0);
        statement.Reset();
        return oldest;
    }

    private static void Collect(Reader reader, string uid, Dictionary<long, StudyDraft> studies, List<string> gone, FeedFilter filter)
    {
        HeldInstance? held = One(reader.Prepare(SelectHeld + " WHERE i.uid = ?1 ORDER BY c.volume LIMIT 1").Bind(1, uid))
            ?? One(reader.Prepare(SelectOffered + " AND i.uid = ?1").Bind(1, uid));
        if (held is null)
        {
            gone.Add(uid);
            return;
        }

        Statement parent = reader.Prepare("SELECT study FROM series WHERE id = ?1").Bind(1, held.Series);
        parent.Step();
        long studyId = parent.Int64(0);
        parent.Reset();
        if (!studies.TryGetValue(studyId, out StudyDraft? study))
        {
            studies[studyId] = study = ReadStudy(reader, studyId, filter);
        }

        if (study.IsWhole || study.Withheld is null)
        {
            return;
        }

        if (!study.Series.TryGetValue(held.Series, out SeriesDraft? series))
        {
            study.Series[held.Series] = series = ReadSeries(reader, held.Series, study.Attributes, filter);
        }

        series.Instances.Add(held);
    }

    private static HeldInstance? One(Statement statement)
    {
        HeldInstance? held = statement.Step() ? HeldInstance.Read(statement) : null;
        statement.Reset();
        return held;
    }

    /// <summary>All that is held or offered and may be told of a study; null when that is nothing.</summary>
    private static StudyDraft? Whole(Reader reader, long id, FeedFilter filter)
    {
        StudyDraft study = ReadStudy(reader, id, filter);
        if (study.IsHidden)
        {
            return null;
        }

        study.IsWhole = true;
        var seriesIds = new List<long>();
        Statement ofStudy = reader.Prepare(
            $"""
            SELECT id FROM series WHERE study = ?1 AND (
                EXISTS (SELECT 1 FROM series_content WHERE series = series.id AND held > 0)
                OR EXISTS (SELECT 1 FROM series_claim AS c JOIN publisher AS p ON p.id = c.publisher WHERE c.series = series.id AND {ForeignRows.IsForeign}))
            ORDER BY id
            """).Bind(1, id);
        while (ofStudy.Step())
        {
            seriesIds.Add(ofStudy.Int64(0));
        }

        ofStudy.Reset();
        foreach (long seriesId in seriesIds)
        {
            SeriesDraft series = ReadSeries(reader, seriesId, study.Attributes, filter);
            Statement statement = reader.Prepare(SelectHeld + " WHERE i.series = ?1 ORDER BY i.number, i.id, c.volume").Bind(1, seriesId);
            while (series.Withheld is not null && statement.Step())
            {
                if (series.Instances.Count == 0 || series.Instances[^1].Id != statement.Int64(0))
                {
                    series.Instances.Add(HeldInstance.Read(statement));
                }
            }

            statement.Reset();
            AddOffered(reader, seriesId, series);
            study.Series[seriesId] = series;
        }

        return study.Series.Values.Any(static series => series is { Withheld: not null, Instances.Count: > 0 }) ? study : null;
    }

    private static void AddOffered(Reader reader, long seriesId, SeriesDraft series)
    {
        Statement offered = reader.Prepare(SelectOffered + " AND i.series = ?1 ORDER BY i.number, i.id").Bind(1, seriesId);
        while (series.Withheld is not null && offered.Step())
        {
            series.Instances.Add(HeldInstance.Read(offered));
        }

        offered.Reset();
    }

    private static long? FindStudy(Reader reader, string uid)
    {
        Statement statement = reader.Prepare("SELECT id FROM study WHERE uid = ?1").Bind(1, uid);
        long? id = statement.Step() ? statement.Int64(0) : null;
        statement.Reset();
        return id;
    }

    /// <summary>Studies that were told by the filter of a fingerprint and have become too old for a selection since; null when they are more than one step may say.</summary>
    private static List<string>? Aged(Reader reader, FeedFilter filter, long told)
    {
        var uids = new List<string>();
        long instances = 0;
        foreach ((int first, int behind) in filter.AgedSince(told))
        {
            Statement statement = reader.Prepare(
                $"""
                SELECT study.uid, c.attributes, (SELECT coalesce(sum(held), 0) FROM series_content JOIN series ON series.id = series_content.series WHERE series.study = study.id)
                FROM study LEFT JOIN study_claim AS c ON c.study = study.id AND c.publisher IN ({Own})
                WHERE (study.date >= ?1 AND study.date < ?2) OR c.attributes IS NOT NULL
                """).Bind(1, first).Bind(2, behind);
            while (statement.Step())
            {
                // What this node says itself counts: another date may be shown than it tells.
                ReadOnlySpan<byte> own = statement.Blob(1);
                if (own.IsEmpty || (DateValue.Parse(AttributeBlob.FirstText(own, Tags.StudyDate)) is var date && date >= first && date < behind))
                {
                    uids.Add(statement.Text(0));
                    instances += statement.Int64(2);
                }
            }

            statement.Reset();
        }

        return instances <= AgedInstanceLimit ? uids : null;
    }

    private static StudyDraft ReadStudy(Reader reader, long id, FeedFilter filter)
    {
        Statement statement = reader.Prepare(
            $"""
            SELECT study.uid, coalesce(c.patient_attributes, patient.attributes), coalesce(c.attributes, study.attributes)
            FROM study JOIN patient ON patient.id = study.patient
            LEFT JOIN study_claim AS c ON c.study = study.id AND c.publisher IN ({Own})
            WHERE study.id = ?1 ORDER BY c.publisher LIMIT 1
            """).Bind(1, id);
        statement.Step();
        var (uid, patient, attributes) = (statement.Text(0), statement.Blob(1).ToArray(), statement.Blob(2).ToArray());
        statement.Reset();
        return new StudyDraft(uid, patient, attributes, filter.MatchesStudy(attributes) ? filter.WithheldOfAll ?? WithheldOfSeries(reader, id, attributes, filter) : null);
    }

    /// <summary>What is withheld of a study: only what is withheld of each of its series that are told.</summary>
    private static IReadOnlySet<Tag>? WithheldOfSeries(Reader reader, long study, byte[] attributes, FeedFilter filter)
    {
        Statement statement = reader.Prepare(SelectSeries + " WHERE series.study = ?1 ORDER BY series.id, c.publisher").Bind(1, study);
        IReadOnlySet<Tag>? withheld = null;
        for (long last = 0; statement.Step(); last = statement.Int64(2))
        {
            withheld = statement.Int64(2) != last && filter.WithheldOf(attributes, statement.Blob(1)) is { } ofSeries ? FeedFilter.Least(withheld, ofSeries) : withheld;
        }

        statement.Reset();
        return withheld;
    }

    private static SeriesDraft ReadSeries(Reader reader, long id, byte[] study, FeedFilter filter)
    {
        Statement statement = reader.Prepare(SelectSeries + " WHERE series.id = ?1 ORDER BY c.publisher LIMIT 1").Bind(1, id);
        statement.Step();
        var series = new SeriesDraft(statement.Text(0), statement.Blob(1).ToArray(), filter.WithheldOf(study, statement.Blob(1)));
        statement.Reset();
        return series;
    }

    /// <param name="Withheld">What is not told; null when nothing of the study is.</param>
    private sealed record StudyDraft(string Uid, byte[] Patient, byte[] Attributes, IReadOnlySet<Tag>? Withheld)
    {
        internal SortedDictionary<long, SeriesDraft> Series { get; } = [];

        internal bool IsWhole { get; set; }

        internal bool IsHidden => Withheld is null || (Series.Count > 0 && Series.Values.All(static series => series.Withheld is null));

        internal StudyState ToState() => new(
            Uid, IsWhole, FeedFilter.Strip(Patient, Withheld!), FeedFilter.Strip(Attributes, Withheld!),
            [.. Series.Values.Where(static series => series is { Withheld: not null, Instances.Count: > 0 }).Select(static series => series.ToState(series.Withheld!))]);
    }

    /// <param name="Withheld">What is not told; null when nothing of the series is.</param>
    private sealed record SeriesDraft(string Uid, byte[] Attributes, IReadOnlySet<Tag>? Withheld)
    {
        internal List<HeldInstance> Instances { get; } = [];

        internal SeriesState ToState(IReadOnlySet<Tag> withheld)
        {
            // Neighbours in display order are alike, which is what makes columns short.
            Instances.Sort(static (a, b) => a.Number != b.Number ? Nullable.Compare(a.Number, b.Number) : a.Id.CompareTo(b.Id));
            return new SeriesState(
                Uid, FeedFilter.Strip(Attributes, withheld),
                [.. Instances.Select(instance => instance.State with { Attributes = FeedFilter.Strip(instance.State.Attributes, withheld) })]);
        }
    }

    private sealed record HeldInstance(long Id, long? Number, long Series, InstanceState State)
    {
        internal static HeldInstance Read(Statement row) => new(
            row.Int64(0), row.NullableInt64(7), row.Int64(8),
            new InstanceState(row.Text(1), row.Text(2), row.Text(3), row.Int64(5), row.Blob(6).ToArray(), row.Blob(4).ToArray()));
    }
}
