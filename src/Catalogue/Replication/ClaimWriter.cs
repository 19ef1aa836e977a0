using Panal.Catalogue.Attributes;
using Panal.Catalogue.Sqlite;

namespace Panal.Catalogue.Replication;

/// <summary>
/// Keeps what each publisher says of studies and series, and shows the word of the highest authority; of equal ones that of the lower
/// identity, so that every node shows the same. What this node says itself (publisher 0) becomes a row as soon as others speak too.
/// </summary>
internal sealed class ClaimWriter(Connection connection, ParentRows parents) : IDisposable
{
    /// <summary>The publisher that is this node.</summary>
    internal const long Self = 0;

    private readonly Statement _findStudyClaim = connection.Prepare(
        "SELECT round, patient_key, patient_attributes, attributes, corrected FROM study_claim WHERE study = ?1 AND publisher = ?2");

    private readonly Statement _setStudyClaim = connection.Prepare(
        """
        INSERT INTO study_claim (study, publisher, round, patient_key, patient_attributes, attributes, corrected) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
        ON CONFLICT (study, publisher) DO UPDATE SET round = excluded.round, patient_key = excluded.patient_key,
            patient_attributes = excluded.patient_attributes, attributes = excluded.attributes, corrected = excluded.corrected
        """);

    private readonly Statement _setRound = connection.Prepare("UPDATE study_claim SET round = ?3 WHERE study = ?1 AND publisher = ?2");

    private readonly Statement _deleteStudyClaim = connection.Prepare("DELETE FROM study_claim WHERE study = ?1 AND publisher = ?2");

    /// <summary>What is shown becomes this node's own word; ?2 also where nobody else speaks yet.</summary>
    private readonly Statement _speakOfPatient = connection.Prepare(
        """
        INSERT OR IGNORE INTO study_claim (study, publisher, round, patient_key, patient_attributes, attributes, corrected)
        SELECT study.id, 0, 0, patient.key, patient.attributes, study.attributes, coalesce((
            SELECT c.corrected FROM study_claim AS c JOIN publisher AS p ON p.id = c.publisher
            WHERE c.study = study.id ORDER BY p.authority DESC, c.corrected DESC, p.node LIMIT 1), 0)
        FROM study JOIN patient ON patient.id = study.patient
        WHERE study.patient = ?1 AND (?2 OR EXISTS (SELECT 1 FROM publisher WHERE id > 0))
          AND EXISTS (SELECT 1 FROM series JOIN series_content ON series_content.series = series.id WHERE series.study = study.id AND series_content.held > 0)
        """);

    private readonly Statement _bestOfStudy = connection.Prepare(
        """
        SELECT c.patient_key, c.patient_attributes, c.attributes FROM study_claim AS c JOIN publisher AS p ON p.id = c.publisher
        WHERE c.study = ?1 ORDER BY p.authority DESC, c.corrected DESC, p.node LIMIT 1
        """);

    private readonly Statement _lower = connection.Prepare(
        """
        SELECT p.node, p.authority < (SELECT authority FROM publisher WHERE id = 0) AND c.corrected = 0
        FROM study_claim AS c JOIN publisher AS p ON p.id = c.publisher
        WHERE c.study = ?1 ORDER BY p.authority DESC, c.corrected DESC, p.node LIMIT 1
        """);

    private readonly Statement _bestOfPatient = connection.Prepare(
        """
        SELECT c.patient_attributes
        FROM study AS s JOIN study_claim AS c ON c.study = s.id JOIN publisher AS p ON p.id = c.publisher
        WHERE s.patient = ?1 AND c.patient_key = (SELECT key FROM patient WHERE id = ?1)
        ORDER BY p.authority DESC, c.corrected DESC, p.node, s.uid LIMIT 1
        """);

    private readonly Statement _findSeriesClaim = connection.Prepare("SELECT attributes FROM series_claim WHERE series = ?1 AND publisher = ?2");

    private readonly Statement _setSeriesClaim = connection.Prepare(
        """
        INSERT INTO series_claim (series, publisher, instances, attributes) VALUES (?1, ?2, 0, ?3)
        ON CONFLICT (series, publisher) DO UPDATE SET attributes = excluded.attributes
        """);

    private readonly Statement _addInstances = connection.Prepare("UPDATE series_claim SET instances = instances + ?3 WHERE series = ?1 AND publisher = ?2");

    private readonly Statement _deleteSeriesClaim = connection.Prepare("DELETE FROM series_claim WHERE series = ?1 AND publisher = ?2");

    private readonly Statement _deleteEmptyClaim = connection.Prepare("DELETE FROM series_claim WHERE series = ?1 AND publisher = ?2 AND instances <= 0");

    private readonly Statement _speakOfSeries = connection.Prepare(
        """
        INSERT OR IGNORE INTO series_claim (series, publisher, instances, attributes)
        SELECT id, 0, 0, attributes FROM series
        WHERE id = ?1 AND EXISTS (SELECT 1 FROM series_content WHERE series = ?1 AND held > 0)
        """);

    private readonly Statement _bestOfSeries = connection.Prepare(
        """
        SELECT c.attributes FROM series_claim AS c JOIN publisher AS p ON p.id = c.publisher
        WHERE c.series = ?1 ORDER BY p.authority DESC, p.node LIMIT 1
        """);

    private readonly Statement _hasSeriesClaim = connection.Prepare(
        "SELECT 1 FROM series JOIN series_claim ON series_claim.series = series.id WHERE series.study = ?1 AND series_claim.publisher = ?2 LIMIT 1");

    private readonly Statement _holdsSeries = connection.Prepare("SELECT 1 FROM series_content WHERE series = ?1 AND held > 0 LIMIT 1");

    private readonly Statement _holdsStudy = connection.Prepare(
        "SELECT 1 FROM series JOIN series_content ON series_content.series = series.id WHERE series.study = ?1 AND held > 0 LIMIT 1");

    private readonly Statement _studiesOfPatient = connection.Prepare("SELECT id FROM study WHERE patient = ?1 ORDER BY id");

    /// <summary>Takes down what a publisher says of a study and makes the rows; null attributes are as before.</summary>
    /// <exception cref="StateFormatException">As before, but there is no before.</exception>
    internal long SetStudy(StudyState state, long publisher, long round)
    {
        (long Id, long Patient)? row = parents.FindStudy(state.StudyInstanceUid);
        if (state.Patient is not { } patient || state.Attributes is not { } attributes)
        {
            if (row is not { } known || FindClaim(known.Id, publisher) is null)
            {
                throw new StateFormatException("A study is said to be as before, and was never said.");
            }

            _setRound.Bind(1, known.Id).Bind(2, publisher).Bind(3, round).Run();
            return known.Id;
        }

        string key = ParentRows.PatientKey(patient, state.StudyInstanceUid);
        if (row is null)
        {
            long owner = parents.FindOrAddPatient(key, patient.Span);
            long added = parents.AddStudy(owner, state.StudyInstanceUid, attributes.Span);
            SetClaim(added, publisher, round, key, patient.Span, attributes.Span);
            ShowPatient(owner);
            return added;
        }

        long study = row.Value.Id;
        if (FindClaim(study, publisher) is { } before && before.Key == key && before.Patient.AsSpan().SequenceEqual(patient.Span)
            && before.Attributes.AsSpan().SequenceEqual(attributes.Span))
        {
            _setRound.Bind(1, study).Bind(2, publisher).Bind(3, round).Run();
            return study;
        }

        SpeakOf(row.Value.Patient);
        SetClaim(study, publisher, round, key, patient.Span, attributes.Span);
        ShowStudy(study);
        return study;
    }

    /// <summary>Takes down what a publisher says of a series and makes the row; null attributes are as before.</summary>
    /// <exception cref="StateFormatException">As before, but there is no before.</exception>
    internal long SetSeries(SeriesState state, long study, long publisher)
    {
        long? row = parents.FindSeries(state.SeriesInstanceUid, study);
        if (state.Attributes is not { } attributes)
        {
            return row is { } known && FindSeriesClaim(known, publisher) is not null
                ? known
                : throw new StateFormatException("A series is said to be as before, and was never said.");
        }

        if (row is not { } series)
        {
            series = parents.AddSeries(study, state.SeriesInstanceUid, attributes.Span);
            _setSeriesClaim.Bind(1, series).Bind(2, publisher).Bind(3, attributes.Span).Run();
            return series;
        }

        if (FindSeriesClaim(series, publisher) is { } before && before.AsSpan().SequenceEqual(attributes.Span))
        {
            return series;
        }

        _speakOfSeries.Bind(1, series).Run();
        _setSeriesClaim.Bind(1, series).Bind(2, publisher).Bind(3, attributes.Span).Run();
        ShowSeries(series);
        return series;
    }

    /// <summary>Speaks of a study and series of which this node holds nothing yet, if its word goes before all that was said of them and nobody corrected it.</summary>
    /// <returns>What was shown before, and the identity of the node that said so; null when nothing was taken over, or nothing is said otherwise.</returns>
    internal (EncodedAttributes Before, string Node)? TakeOver(EncodedAttributes attributes)
    {
        if (parents.FindStudy(attributes.StudyInstanceUid) is not { } study || Holds(study.Id) || FindLower(study.Id) is not { } node)
        {
            return null;
        }

        (string key, byte[] patient, byte[] shown) = Shown(study.Id);
        long? series = parents.FindSeries(attributes.SeriesInstanceUid, study.Id);
        ReadOnlyMemory<byte> shownSeries = series is { } known ? parents.ReadSeries(known)!.Value.Attributes : attributes[QueryLevel.Series];
        var before = new EncodedAttributes([patient, shown, shownSeries, default], attributes.StudyInstanceUid, attributes.SeriesInstanceUid, key);
        if (before.HasSameParents(attributes))
        {
            return null;
        }

        SetClaim(study.Id, Self, 0, attributes.PatientKey, attributes[QueryLevel.Patient].Span, attributes[QueryLevel.Study].Span);
        ShowStudy(study.Id);
        if (series is { } row)
        {
            _setSeriesClaim.Bind(1, row).Bind(2, Self).Bind(3, attributes[QueryLevel.Series].Span).Run();
            ShowSeries(row);
        }

        return (before, node);
    }

    /// <summary>The node whose word on a study is shown, if its authority is lower than this node's and nobody corrected it.</summary>
    private string? FindLower(long study)
    {
        _lower.Bind(1, study);
        string? node = _lower.Step() && _lower.Int64(1) != 0 ? new Guid(_lower.Blob(0), bigEndian: true).ToString("D") : null;
        _lower.Reset();
        return node;
    }

    /// <summary>Says another thing of a study that this node holds, and of its patient in all studies that it holds of that one.</summary>
    /// <param name="correction">What is said from now on, by whom and when.</param>
    /// <param name="isDryRun">Only tells what would be.</param>
    internal CorrectionOutcome Correct(long study, Correction correction, bool isDryRun)
    {
        (long patient, _, string uid) = parents.ReadStudy(study)!.Value;
        (string Key, byte[] Patient, byte[] Attributes) before = FindClaim(study, Self) ?? Shown(study);
        ReadOnlyMemory<byte> correctedPatient = AttributeOverlay.Over(before.Patient, correction.Patient.Span);
        string key = ParentRows.PatientKey(correctedPatient, uid);
        long? owner = parents.FindPatient(key);
        if (key != before.Key && owner is { } other)
        {
            // It is that patient's, with all that is known of that one.
            correctedPatient = AttributeOverlay.Over(parents.ReadPatient(other), correction.Patient.Span);
        }

        ReadOnlyMemory<byte> correctedStudy = AttributeOverlay.Over(before.Attributes, correction.Study.Span);
        List<AttributeCorrection> attributes =
            [.. AttributeOverlay.Differences(before.Patient, correctedPatient.Span), .. AttributeOverlay.Differences(before.Attributes, correctedStudy.Span)];
        if (attributes.Count == 0)
        {
            return new CorrectionOutcome(CorrectionResult.Unchanged, [], []);
        }

        var words = new List<(long Study, string Key, ReadOnlyMemory<byte>? Attributes)>
        {
            (study, key, WithOriginals(before, correctedPatient.Span, correctedStudy.Span, correction)),
        };
        words.AddRange(from one in StudiesOf(owner ?? patient)
                       where one != study && Holds(one)
                       let claim = FindClaim(one, Self) ?? Shown(one)
                       where claim.Key == key && !claim.Patient.AsSpan().SequenceEqual(correctedPatient.Span)
                       select (one, key, WithOriginals(claim, correctedPatient.Span, claim.Attributes, correction)));
        if (words.Exists(static word => word.Attributes is null))
        {
            return new CorrectionOutcome(CorrectionResult.TooOften, attributes, []);
        }

        var outcome = new CorrectionOutcome(CorrectionResult.Corrected, attributes, [.. words.Select(word => parents.ReadStudy(word.Study)!.Value.Uid)]);
        if (!isDryRun)
        {
            // Other studies of the patient, too, get a word of this node's own, if nobody else has spoken yet: it is this one that is compared.
            SpeakOf(patient, isAlone: true);
            SpeakOf(owner ?? patient, isAlone: true);
            words.ForEach(word => SetClaim(word.Study, Self, 0, word.Key, correctedPatient.Span, word.Attributes!.Value.Span));
            words.ForEach(word => ShowStudy(word.Study));
        }

        return outcome;
    }

    /// <summary>What is shown of a study.</summary>
    private (string Key, byte[] Patient, byte[] Attributes) Shown(long study)
    {
        (long patient, byte[] attributes, _) = parents.ReadStudy(study)!.Value;
        return (parents.ReadPatientKey(patient), parents.ReadPatient(patient), attributes);
    }

    private static ReadOnlyMemory<byte>? WithOriginals(
        (string Key, byte[] Patient, byte[] Attributes) before, ReadOnlySpan<byte> patient, ReadOnlySpan<byte> study, Correction correction) =>
        OriginalAttributes.Add(study, AttributeOverlay.Replaced(before.Patient, patient, before.Attributes, study), correction.System, correction.At);

    private void SpeakOf(long patient, bool isAlone = false) => _speakOfPatient.Bind(1, patient).Bind(2, isAlone ? 1 : 0).Run();

    /// <summary>Whether a publisher said exactly this of a study and its series before; true where it said nothing.</summary>
    internal bool IsAsBefore(StudyState state, long publisher)
    {
        if (parents.FindStudy(state.StudyInstanceUid) is not { } study || FindClaim(study.Id, publisher) is not { } claim)
        {
            return true;
        }

        return claim.Patient.AsSpan().SequenceEqual(state.Patient!.Value.Span) && claim.Attributes.AsSpan().SequenceEqual(state.Attributes!.Value.Span)
            && state.Series.All(series => parents.FindSeries(series.SeriesInstanceUid, study.Id) is not { } id
                || FindSeriesClaim(id, publisher) is not { } said || said.AsSpan().SequenceEqual(series.Attributes!.Value.Span));
    }

    /// <summary>Whether this node holds something of the study.</summary>
    internal bool Holds(long study) => Exists(_holdsStudy.Bind(1, study));

    /// <summary>Forgets what this node says of a series and its study when it holds nothing of them any more.</summary>
    internal void FallSilent(long series, long study)
    {
        if (!Exists(_holdsSeries.Bind(1, series)))
        {
            _deleteSeriesClaim.Bind(1, series).Bind(2, Self).Run();
            ShowSeries(series);
        }

        if (!Holds(study))
        {
            _deleteStudyClaim.Bind(1, study).Bind(2, Self).Run();
            ShowStudy(study);
        }
    }

    /// <summary>Counts instances that a publisher has begun, or ceased, to hold; without any its word on the series is gone, and so on upwards.</summary>
    internal void AddInstances(long series, long study, long publisher, int instances)
    {
        _addInstances.Bind(1, series).Bind(2, publisher).Bind(3, instances).Run();
        _deleteEmptyClaim.Bind(1, series).Bind(2, publisher).Run();
        if (connection.Changes == 0)
        {
            return;
        }

        bool isStudyGone = RemoveEmpty(series, study);
        if (!isStudyGone && !Exists(_hasSeriesClaim.Bind(1, study).Bind(2, publisher)))
        {
            _deleteStudyClaim.Bind(1, study).Bind(2, publisher).Run();
            ShowStudy(study);
        }
    }

    /// <summary>Removes a series and its parents as far as they are empty, and shows what others say of the rest.</summary>
    /// <returns>Whether the study has gone.</returns>
    internal bool RemoveEmpty(long series, long study)
    {
        if (parents.ReadStudy(study) is not { } row)
        {
            return true;
        }

        SpeakOf(row.Patient);
        (bool isSeriesGone, bool isStudyGone) = parents.RemoveEmpty(series, study);
        if (!isSeriesGone)
        {
            ShowSeries(series);
        }

        if (isStudyGone)
        {
            ShowPatient(row.Patient);
        }

        return isStudyGone;
    }

    /// <summary>Shows the best word on a study, moving it to another patient if that says so.</summary>
    internal void ShowStudy(long study)
    {
        if (parents.ReadStudy(study) is not { } row)
        {
            return;
        }

        SpeakOf(row.Patient);
        _bestOfStudy.Bind(1, study);
        (string Key, byte[] Patient, byte[] Attributes)? best =
            _bestOfStudy.Step() ? (_bestOfStudy.Text(0), _bestOfStudy.Blob(1).ToArray(), _bestOfStudy.Blob(2).ToArray()) : null;
        _bestOfStudy.Reset();
        if (best is not { } word)
        {
            return;
        }

        long patient = parents.FindOrAddPatient(word.Key, word.Patient);
        if (patient != row.Patient || !word.Attributes.AsSpan().SequenceEqual(row.Attributes))
        {
            parents.UpdateStudy(study, patient, word.Attributes);
        }

        ShowPatient(patient);
        if (patient != row.Patient)
        {
            ShowPatient(row.Patient);
            parents.RemoveEmptyPatient(row.Patient);
        }
    }

    /// <summary>Shows the best word on a patient among what is said with the studies.</summary>
    internal void ShowPatient(long patient)
    {
        SpeakOf(patient);
        _bestOfPatient.Bind(1, patient);
        byte[]? best = _bestOfPatient.Step() ? _bestOfPatient.Blob(0).ToArray() : null;
        _bestOfPatient.Reset();
        if (best is not null && !best.AsSpan().SequenceEqual(parents.ReadPatient(patient)))
        {
            parents.UpdatePatient(patient, best);
        }
    }

    /// <summary>Shows the best word on a series.</summary>
    internal void ShowSeries(long series)
    {
        _speakOfSeries.Bind(1, series).Run();
        _bestOfSeries.Bind(1, series);
        byte[]? best = _bestOfSeries.Step() ? _bestOfSeries.Blob(0).ToArray() : null;
        _bestOfSeries.Reset();
        if (best is not null && parents.ReadSeries(series) is { } row && !best.AsSpan().SequenceEqual(row.Attributes))
        {
            parents.UpdateSeries(series, best);
        }
    }

    private void SetClaim(long study, long publisher, long round, string key, ReadOnlySpan<byte> patient, ReadOnlySpan<byte> attributes) =>
        _setStudyClaim.Bind(1, study).Bind(2, publisher).Bind(3, round).Bind(4, key).Bind(5, patient).Bind(6, attributes)
            .Bind(7, OriginalAttributes.LastAt(attributes)).Run();

    private (string Key, byte[] Patient, byte[] Attributes)? FindClaim(long study, long publisher)
    {
        _findStudyClaim.Bind(1, study).Bind(2, publisher);
        (string, byte[], byte[])? found = _findStudyClaim.Step()
            ? (_findStudyClaim.Text(1), _findStudyClaim.Blob(2).ToArray(), _findStudyClaim.Blob(3).ToArray())
            : null;
        _findStudyClaim.Reset();
        return found;
    }

    private byte[]? FindSeriesClaim(long series, long publisher)
    {
        _findSeriesClaim.Bind(1, series).Bind(2, publisher);
        byte[]? found = _findSeriesClaim.Step() ? _findSeriesClaim.Blob(0).ToArray() : null;
        _findSeriesClaim.Reset();
        return found;
    }

    private List<long> StudiesOf(long patient)
    {
        var studies = new List<long>();
        _studiesOfPatient.Bind(1, patient);
        while (_studiesOfPatient.Step())
        {
            studies.Add(_studiesOfPatient.Int64(0));
        }

        _studiesOfPatient.Reset();
        return studies;
    }

    private static bool Exists(Statement statement)
    {
        bool exists = statement.Step();
        statement.Reset();
        return exists;
    }

    public void Dispose()
    {
        foreach (Statement statement in (Statement[])[
            _findStudyClaim, _setStudyClaim, _setRound, _deleteStudyClaim, _speakOfPatient, _bestOfStudy, _lower, _bestOfPatient, _findSeriesClaim, _setSeriesClaim,
            _addInstances, _deleteSeriesClaim, _deleteEmptyClaim, _speakOfSeries, _bestOfSeries, _hasSeriesClaim, _holdsSeries, _holdsStudy, _studiesOfPatient])
        {
            statement.Dispose();
        }
    }
}
