using Panal.Catalogue.Attributes;
using Panal.Catalogue.Sqlite;
using Panal.Catalogue.Writing;
using Panal.Dicom;

namespace Panal.Catalogue.Replication;

/// <summary>Writes what other nodes say, rows and cursor in one transaction. Saying it twice changes nothing.</summary>
internal sealed class ReplicaWriter : IDisposable
{
    private readonly ParentRows _parents;
    private readonly PublisherRows _publishers;
    private readonly ClaimWriter _claims;
    private readonly HoldingWriter _holdings;
    private readonly ChangeWriter _feed;
    private readonly Statement _heldOfStudy;
    private readonly Statement _studiesOf;
    private readonly Statement _seriesOf;
    private readonly Statement _disputedOf;
    private readonly Statement _studyOfSeries;

    /// <summary>Instances that a publisher has begun or ceased to hold, a series.</summary>
    private readonly Dictionary<long, (long Study, int Instances)> _changed = [];

    /// <summary>Instances of which a foreign archive says something new.</summary>
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);

    internal ReplicaWriter(Connection connection, ConflictWriter conflicts, ChangeWriter feed)
    {
        _feed = feed;
        _parents = new ParentRows(connection);
        _publishers = new PublisherRows(connection);
        _claims = new ClaimWriter(connection, _parents);
        _holdings = new HoldingWriter(connection, _parents, conflicts);
        _heldOfStudy = connection.Prepare(
            """
            SELECT instance.id, instance.uid, series.id FROM series JOIN instance ON instance.series = series.id
            JOIN holding ON holding.instance = instance.id AND holding.publisher = ?2 WHERE series.study = ?1
            """);
        _studiesOf = connection.Prepare("SELECT study FROM study_claim WHERE publisher = ?1 AND round < ?2");
        _seriesOf = connection.Prepare("SELECT series FROM series_claim WHERE publisher = ?1");
        _disputedOf = connection.Prepare(
            """
            SELECT DISTINCT instance FROM holding AS h WHERE said IS NOT NULL
              AND NOT EXISTS (SELECT 1 FROM copy WHERE copy.instance = h.instance)
            """);
        _studyOfSeries = connection.Prepare("SELECT study FROM series WHERE id = ?1");
    }

    internal HoldingWriter Holdings => _holdings;

    internal ClaimWriter Claims => _claims;

    /// <summary>Applies one step of a publisher's feed.</summary>
    /// <exception cref="StateFormatException">The publisher says something that cannot be.</exception>
    /// <exception cref="InvalidOperationException">The publisher is unknown.</exception>
    internal void Apply(Guid node, FeedStep step, long now)
    {
        (long publisher, long round, bool isSnapshot) = _publishers.Find(node) ?? throw new InvalidOperationException("The publisher is unknown.");
        _changed.Clear();
        _told.Clear();
        round += step.IsFreshSnapshot ? 1 : 0;
        foreach (StudyState study in step.State.Studies)
        {
            Apply(study, publisher, round, now);
        }

        foreach (string uid in step.State.GoneInstances)
        {
            if (_holdings.Find(uid) is { } instance)
            {
                Release(instance.Id, instance.Series, publisher);
            }
        }

        foreach (string uid in step.State.GoneStudies)
        {
            if (_parents.FindStudy(uid) is { } study)
            {
                Keep(study.Id, publisher, null);
            }
        }

        if (step.Cursor.SnapshotAfter is null && (isSnapshot || step.IsFreshSnapshot))
        {
            // The snapshot has ended: what it did not name has gone.
            DropOlder(publisher, round);
        }

        Settle(publisher);
        _publishers.Advance(publisher, step, round, now);
    }

    /// <summary>Takes down what a foreign archive offers, each study whole, and tells the subscribers of this node what is new.</summary>
    /// <exception cref="InvalidOperationException">The archive is unknown.</exception>
    internal void Offer(Guid source, IReadOnlyList<StudyState> studies, IReadOnlyList<string> goneStudies, long now)
    {
        (long publisher, long round, _) = _publishers.Find(source) ?? throw new InvalidOperationException("The foreign archive is unknown.");
        _changed.Clear();
        _told.Clear();
        foreach (StudyState study in studies)
        {
            bool isCorrected = !_claims.IsAsBefore(study, publisher);
            _told.UnionWith(study.Series.SelectMany(static series => series.Instances).Where(one => IsNews(one, publisher)).Select(static instance => instance.SopInstanceUid));
            Apply(study, publisher, round, now);
            if (isCorrected)
            {
                _feed.Append(ChangeKind.StudyCorrected, now, study.StudyInstanceUid);
            }
        }

        foreach (string uid in goneStudies)
        {
            if (_parents.FindStudy(uid) is { } study)
            {
                Keep(study.Id, publisher, null);
            }
        }

        Settle(publisher);
        foreach (string uid in _told)
        {
            _feed.Append(ChangeKind.InstanceOffered, now, uid);
        }
    }

    /// <summary>Whether the archive did not say exactly this before. What others say of the instance does not matter: this node shall be asked for it too.</summary>
    private bool IsNews(InstanceState instance, long publisher) =>
        _holdings.Find(instance.SopInstanceUid) is not { } known || !_holdings.IsToldBy(known.Id, publisher) || !_holdings.IsSaid(known.Id, instance);

    internal void Hear(Guid node, FeedHead head) => _publishers.Hear(node, head);

    /// <summary>Adds a publisher or changes its authority, and weighs what it says anew.</summary>
    internal void Subscribe(Guid node, int authority)
    {
        (long publisher, bool isChanged) = _publishers.Set(node, authority);
        if (isChanged)
        {
            Weigh(publisher);
        }
    }

    /// <summary>Says who this node is.</summary>
    internal void Identify(Guid node, int authority)
    {
        if (_publishers.SetSelf(node, authority))
        {
            Weigh(ClaimWriter.Self);
        }
    }

    /// <summary>Forgets a foreign archive, and tells the subscribers of this node.</summary>
    internal void Withdraw(Guid source, long now)
    {
        Unsubscribe(source);
        foreach (string uid in _told)
        {
            _feed.Append(ChangeKind.InstanceOffered, now, uid);
        }
    }

    /// <summary>Forgets a publisher with all that it said.</summary>
    internal void Unsubscribe(Guid node)
    {
        _changed.Clear();
        _told.Clear();
        if (_publishers.Find(node) is not { } known)
        {
            return;
        }

        DropOlder(known.Id, long.MaxValue);
        Settle(known.Id);
        _publishers.Delete(known.Id);
    }

    /// <summary>Corrects a study that this node holds, and its patient.</summary>
    internal CorrectionOutcome Correct(string studyInstanceUid, Correction correction, bool isDryRun)
    {
        if (_parents.FindStudy(studyInstanceUid) is not { } study || !_claims.Holds(study.Id))
        {
            return new CorrectionOutcome(CorrectionResult.NotHeld, [], []);
        }

        CorrectionOutcome outcome = _claims.Correct(study.Id, correction, isDryRun);
        if (outcome.Result == CorrectionResult.Corrected && !isDryRun)
        {
            foreach (string one in outcome.Studies)
            {
                _feed.Append(ChangeKind.StudyCorrected, correction.At.ToUnixTimeMilliseconds(), one);
            }
        }

        return outcome;
    }

    /// <summary>After a copy was the last one here of an instance that others hold.</summary>
    internal void LetGo(long instance, long series, long study)
    {
        _holdings.Elect(instance);
        _claims.FallSilent(series, study);
    }

    private void Apply(StudyState state, long publisher, long round, long now)
    {
        if (state.Series.All(static series => series.Instances.Count == 0))
        {
            throw new StateFormatException("A study without instances is said.");
        }

        long study = _claims.SetStudy(state, publisher, round);
        foreach (SeriesState series in state.Series)
        {
            if (series.Instances.Count == 0)
            {
                throw new StateFormatException("A series without instances is said.");
            }

            Apply(series, _claims.SetSeries(series, study, publisher), study, publisher, now);
        }

        if (state.IsWhole)
        {
            Keep(study, publisher, [.. state.Series.SelectMany(static series => series.Instances).Select(static instance => instance.SopInstanceUid)]);
        }
    }

    private void Apply(SeriesState state, long series, long study, long publisher, long now)
    {
        // Looked at in the end even when all its instances are known in another series.
        Count(series, study, 0);
        var added = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (InstanceState instance in state.Instances)
        {
            (long Id, long Series)? known = _holdings.Find(instance.SopInstanceUid);
            if (known is { } elsewhere && elsewhere.Series != series)
            {
                // It came to another series, perhaps after a deletion: if only this publisher held it there, it moves.
                Release(elsewhere.Id, elsewhere.Series, publisher);
                known = _holdings.Find(instance.SopInstanceUid);
            }

            if (known is null)
            {
                _holdings.Add(instance, series, publisher, now);
                added[instance.SopClassUid] = added.GetValueOrDefault(instance.SopClassUid) + 1;
                Count(series, study, 1);
            }
            else if (_holdings.Hold(known.Value.Id, instance, publisher, now))
            {
                Count(known.Value.Series, StudyOf(known.Value.Series), 1);
            }
        }

        foreach ((string sopClass, int count) in added)
        {
            _parents.Count(series, sopClass, count);
        }
    }

    /// <summary>Releases what the publisher holds of a study, but for some.</summary>
    private void Keep(long study, long publisher, HashSet<string>? kept)
    {
        var gone = new List<(long Instance, long Series)>();
        _heldOfStudy.Bind(1, study).Bind(2, publisher);
        while (_heldOfStudy.Step())
        {
            if (kept is null || !kept.Contains(_heldOfStudy.Text(1)))
            {
                gone.Add((_heldOfStudy.Int64(0), _heldOfStudy.Int64(2)));
                _told.Add(_heldOfStudy.Text(1));
            }
        }

        _heldOfStudy.Reset();
        foreach ((long instance, long series) in gone)
        {
            Release(instance, series, publisher);
        }
    }

    private void Release(long instance, long series, long publisher)
    {
        if (_holdings.Release(instance, publisher))
        {
            Count(series, StudyOf(series), -1);
        }
    }

    private void DropOlder(long publisher, long round)
    {
        foreach (long study in Ids(_studiesOf.Bind(1, publisher).Bind(2, round)))
        {
            Keep(study, publisher, null);
        }
    }

    private void Count(long series, long study, int instances) =>
        _changed[series] = (study, _changed.GetValueOrDefault(series).Instances + instances);

    /// <summary>Brings counts and words of the series that changed up to date, and removes what is empty.</summary>
    private void Settle(long publisher)
    {
        foreach ((long series, (long study, int instances)) in _changed)
        {
            _claims.AddInstances(series, study, publisher, instances);
        }

        _changed.Clear();
    }

    private void Weigh(long publisher)
    {
        foreach (long study in Ids(_studiesOf.Bind(1, publisher).Bind(2, long.MaxValue)))
        {
            _claims.ShowStudy(study);
        }

        foreach (long series in Ids(_seriesOf.Bind(1, publisher)))
        {
            _claims.ShowSeries(series);
        }

        foreach (long instance in Ids(_disputedOf))
        {
            _holdings.Elect(instance);
        }
    }

    private long StudyOf(long series)
    {
        _studyOfSeries.Bind(1, series);
        long study = _studyOfSeries.Step() ? _studyOfSeries.Int64(0) : 0;
        _studyOfSeries.Reset();
        return study;
    }

    private static List<long> Ids(Statement statement)
    {
        var ids = new List<long>();
        while (statement.Step())
        {
            ids.Add(statement.Int64(0));
        }

        statement.Reset();
        return ids;
    }

    public void Dispose()
    {
        foreach (IDisposable part in (IDisposable[])[
            _heldOfStudy, _studiesOf, _seriesOf, _disputedOf, _studyOfSeries, _holdings, _claims, _publishers, _parents])
        {
            part.Dispose();
        }
    }
}
