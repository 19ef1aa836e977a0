using System.Globalization;
using Panal.Catalogue.Attributes;
using Panal.Catalogue.Matching;
using Panal.Catalogue.Replication;
using Panal.Catalogue.Sqlite;
using Panal.Dicom;

namespace Panal.Catalogue.Writing;

/// <summary>Adds instances: finds or makes the parents, then writes instance, copy, count and change.</summary>
internal sealed class InstanceWriter(
    Connection connection, ConflictWriter conflicts, CopyWriter copies, ChangeWriter feed, AdoptionWriter adoption, ClaimWriter claims) : IDisposable
{
    private readonly SeriesCache _cache = new();

    private readonly Statement _findInstance = connection.Prepare("SELECT id FROM instance WHERE uid = ?1");

    private readonly Statement _findPatient = connection.Prepare("SELECT id, attributes FROM patient WHERE key = ?1");

    private readonly Statement _findStudy = connection.Prepare(
        """
        SELECT study.id, study.attributes, patient.key, patient.attributes
        FROM study JOIN patient ON patient.id = study.patient WHERE study.uid = ?1
        """);

    private readonly Statement _findSeries = connection.Prepare("SELECT id, attributes FROM series WHERE uid = ?1 AND study = ?2");

    private readonly Statement _seriesElsewhere = connection.Prepare("SELECT 1 FROM series WHERE uid = ?1 AND study <> ?2 LIMIT 1");

    private readonly Statement _insertPatient = connection.Prepare(
        """
        INSERT INTO patient (key, patient_id, issuer, name_alphabetic, name_ideographic, name_phonetic, birth_date, sex, attributes)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
        """);

    private readonly Statement _insertStudy = connection.Prepare(
        """
        INSERT INTO study (patient, uid, study_id, date, time, accession_number,
                           referring_alphabetic, referring_ideographic, referring_phonetic, attributes, description)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
        """);

    private readonly Statement _insertSeries = connection.Prepare(
        "INSERT INTO series (study, uid, modality, number, attributes) VALUES (?1, ?2, ?3, ?4, ?5)");

    private readonly Statement _insertInstance = connection.Prepare(
        """
        INSERT INTO instance (series, uid, sop_class, transfer_syntax, number, source, received_at, attributes)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        """);

    private readonly Statement _count = connection.Prepare(
        """
        INSERT INTO series_content (series, sop_class, instances, held, bytes) VALUES (?1, ?2, 1, 1, ?3)
        ON CONFLICT (series, sop_class) DO UPDATE SET instances = instances + 1, held = held + 1, bytes = bytes + excluded.bytes
        """);

    /// <summary>Adds the record unless its SOP Instance UID is known.</summary>
    internal AddOutcome Add(InstanceRecord record, long now)
    {
        if (Find(record.SopInstanceUid) is { } existing)
        {
            List<CopyRecord> known = copies.Of(existing);
            if (known.Count > 0)
            {
                return Compare(known, record.Copy);
            }

            TakeOver(record, now);
            return adoption.Adopt(existing, record, now);
        }

        EncodedAttributes attributes = record.Encoded;
        SeriesEntry series = FindOrAddSeries(record, attributes, now);
        _insertInstance.Bind(1, series.Id).Bind(2, record.SopInstanceUid).Bind(3, record.SopClassUid).Bind(4, record.TransferSyntaxUid)
            .Bind(5, Number(attributes[QueryLevel.Image].Span, Tags.InstanceNumber)).Bind(6, record.SourceAeTitle)
            .Bind(7, record.ReceivedAt.ToUnixTimeMilliseconds()).Bind(8, attributes[QueryLevel.Image].Span).Run();
        copies.Insert(connection.LastInsertId, record.Copy with { Version = 0 });
        _count.Bind(1, series.Id).Bind(2, record.SopClassUid).Bind(3, record.Copy.LengthBytes).Run();
        feed.Append(ChangeKind.InstanceAdded, now, record.SopInstanceUid);
        return new AddOutcome(AddResult.Added, null);
    }

    /// <summary>
    /// What is sent to this node first, of a study that so far only nodes of a lower authority told of, is described as it was sent. Copies that this node fetched itself
    /// have no source: they say again what is known.
    /// </summary>
    private void TakeOver(InstanceRecord record, long now)
    {
        if (record.SourceAeTitle.Length > 0 && claims.TakeOver(record.Encoded) is var (before, node))
        {
            _cache.Clear();
            conflicts.CompareTakenOver(record, before, node, now);
        }
    }

    internal long? Find(string sopInstanceUid)
    {
        _findInstance.Bind(1, sopInstanceUid);
        long? id = _findInstance.Step() ? _findInstance.Int64(0) : null;
        _findInstance.Reset();
        return id;
    }

    /// <summary>Drops what is remembered of rows that may be gone.</summary>
    internal void Forget() => _cache.Clear();

    internal static AddOutcome Compare(List<CopyRecord> existing, CopyRecord offered)
    {
        CopyRecord? same = existing.Find(copy => copy.LengthBytes == offered.LengthBytes && copy.Hash.Span.SequenceEqual(offered.Hash.Span));
        return same is null ? new AddOutcome(AddResult.OtherContent, existing[0]) : new AddOutcome(AddResult.AlreadyThere, same);
    }

    private SeriesEntry FindOrAddSeries(InstanceRecord record, EncodedAttributes attributes, long now)
    {
        SeriesEntry? entry = _cache.Find(attributes.StudyInstanceUid, attributes.SeriesInstanceUid);
        if (entry is null)
        {
            TakeOver(record, now);
            entry = LoadOrAddSeries(record, attributes, now);
            _cache.Add(attributes.StudyInstanceUid, attributes.SeriesInstanceUid, entry);
        }

        if (!entry.IsSettled(attributes))
        {
            conflicts.Compare(record, attributes, entry.Rows, now);
            entry.Settle(attributes);
        }

        return entry;
    }

    private SeriesEntry LoadOrAddSeries(InstanceRecord record, EncodedAttributes attributes, long now)
    {
        var levels = new ReadOnlyMemory<byte>[4];
        string patientKey = attributes.PatientKey;
        _findStudy.Bind(1, attributes.StudyInstanceUid);
        long? study = null;
        if (_findStudy.Step())
        {
            study = _findStudy.Int64(0);
            levels[1] = _findStudy.Blob(1).ToArray();
            patientKey = _findStudy.Text(2);
            levels[0] = _findStudy.Blob(3).ToArray();
        }

        _findStudy.Reset();
        if (study is null)
        {
            (long patient, levels[0]) = FindOrAddPatient(attributes);
            study = AddStudy(patient, attributes);
            levels[1] = attributes[QueryLevel.Study];
        }

        _findSeries.Bind(1, attributes.SeriesInstanceUid).Bind(2, study.Value);
        long? series = null;
        if (_findSeries.Step())
        {
            series = _findSeries.Int64(0);
            levels[2] = _findSeries.Blob(1).ToArray();
        }

        _findSeries.Reset();
        if (series is null)
        {
            series = AddSeries(record, study.Value, attributes, now);
            levels[2] = attributes[QueryLevel.Series];
        }

        return new SeriesEntry(series.Value, new EncodedAttributes(levels, attributes.StudyInstanceUid, attributes.SeriesInstanceUid, patientKey));
    }

    private (long Id, ReadOnlyMemory<byte> Attributes) FindOrAddPatient(EncodedAttributes attributes)
    {
        _findPatient.Bind(1, attributes.PatientKey);
        (long, ReadOnlyMemory<byte>)? known = _findPatient.Step() ? (_findPatient.Int64(0), _findPatient.Blob(1).ToArray()) : null;
        _findPatient.Reset();
        if (known is { } patient)
        {
            return patient;
        }

        ReadOnlySpan<byte> blob = attributes[QueryLevel.Patient].Span;
        FoldedName name = FoldedName.Fold(AttributeBlob.FirstText(blob, Tags.PatientName));
        _insertPatient.Bind(1, attributes.PatientKey).Bind(2, AttributeBlob.FirstText(blob, Tags.PatientID))
            .Bind(3, AttributeBlob.FirstText(blob, Tags.IssuerOfPatientID)).Bind(4, name.Alphabetic).Bind(5, name.Ideographic).Bind(6, name.Phonetic)
            .Bind(7, DateValue.Parse(AttributeBlob.FirstText(blob, Tags.PatientBirthDate))).Bind(8, AttributeBlob.FirstText(blob, Tags.PatientSex))
            .Bind(9, blob).Run();
        return (connection.LastInsertId, attributes[QueryLevel.Patient]);
    }

    private long AddStudy(long patient, EncodedAttributes attributes)
    {
        ReadOnlySpan<byte> blob = attributes[QueryLevel.Study].Span;
        FoldedName referring = FoldedName.Fold(AttributeBlob.FirstText(blob, Tags.ReferringPhysicianName));
        _insertStudy.Bind(1, patient).Bind(2, attributes.StudyInstanceUid).Bind(3, AttributeBlob.FirstText(blob, Tags.StudyID))
            .Bind(4, DateValue.Parse(AttributeBlob.FirstText(blob, Tags.StudyDate)))
            .Bind(5, TimeValue.Parse(AttributeBlob.FirstText(blob, Tags.StudyTime)))
            .Bind(6, AttributeBlob.FirstText(blob, Tags.AccessionNumber))
            .Bind(7, referring.Alphabetic).Bind(8, referring.Ideographic).Bind(9, referring.Phonetic)
            .Bind(10, blob).Bind(11, StudyText.Description(blob)).Run();
        return connection.LastInsertId;
    }

    private long AddSeries(InstanceRecord record, long study, EncodedAttributes attributes, long now)
    {
        _seriesElsewhere.Bind(1, attributes.SeriesInstanceUid).Bind(2, study);
        bool isElsewhere = _seriesElsewhere.Step();
        _seriesElsewhere.Reset();
        if (isElsewhere)
        {
            conflicts.RecordSeriesOfOtherStudy(record, attributes, now);
        }

        ReadOnlySpan<byte> blob = attributes[QueryLevel.Series].Span;
        _insertSeries.Bind(1, study).Bind(2, attributes.SeriesInstanceUid).Bind(3, AttributeBlob.FirstText(blob, Tags.Modality))
            .Bind(4, Number(blob, Tags.SeriesNumber)).Bind(5, blob).Run();
        return connection.LastInsertId;
    }

    private static long? Number(ReadOnlySpan<byte> blob, Tag tag) =>
        long.TryParse(AttributeBlob.FirstText(blob, tag), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number : null;

    public void Dispose()
    {
        foreach (Statement statement in (Statement[])[
            _findInstance, _findStudy, _findSeries, _seriesElsewhere, _insertPatient, _insertStudy, _insertSeries, _insertInstance, _count, _findPatient])
        {
            statement.Dispose();
        }
    }
}
