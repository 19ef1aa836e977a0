using System.Globalization;
using Panal.Catalogue.Attributes;
using Panal.Catalogue.Matching;
using Panal.Catalogue.Sqlite;
using Panal.Dicom;

namespace Panal.Catalogue.Replication;

/// <summary>Rows of patients, studies and series as they are shown, whoever said so; made, changed and removed here for replication.</summary>
internal sealed class ParentRows(Connection connection) : IDisposable
{
    private readonly Statement _findPatient = connection.Prepare("SELECT id FROM patient WHERE key = ?1");

    private readonly Statement _readPatient = connection.Prepare("SELECT attributes, key FROM patient WHERE id = ?1");

    private readonly Statement _insertPatient = connection.Prepare(
        """
        INSERT INTO patient (patient_id, issuer, name_alphabetic, name_ideographic, name_phonetic, birth_date, sex, attributes, key)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
        """);

    private readonly Statement _updatePatient = connection.Prepare(
        """
        UPDATE patient SET patient_id = ?1, issuer = ?2, name_alphabetic = ?3, name_ideographic = ?4, name_phonetic = ?5,
                           birth_date = ?6, sex = ?7, attributes = ?8
        WHERE id = ?9
        """);

    private readonly Statement _findStudy = connection.Prepare("SELECT id, patient FROM study WHERE uid = ?1");

    private readonly Statement _readStudy = connection.Prepare("SELECT patient, attributes, uid FROM study WHERE id = ?1");

    private readonly Statement _insertStudy = connection.Prepare(
        """
        INSERT INTO study (study_id, date, time, accession_number, referring_alphabetic, referring_ideographic, referring_phonetic,
                           attributes, description, patient, uid)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
        """);

    private readonly Statement _updateStudy = connection.Prepare(
        """
        UPDATE study SET study_id = ?1, date = ?2, time = ?3, accession_number = ?4, referring_alphabetic = ?5, referring_ideographic = ?6,
                         referring_phonetic = ?7, attributes = ?8, description = ?9, patient = ?10
        WHERE id = ?11
        """);

    private readonly Statement _findSeries = connection.Prepare("SELECT id FROM series WHERE uid = ?1 AND study = ?2");

    private readonly Statement _readSeries = connection.Prepare("SELECT study, attributes FROM series WHERE id = ?1");

    private readonly Statement _insertSeries = connection.Prepare("INSERT INTO series (modality, number, attributes, study, uid) VALUES (?1, ?2, ?3, ?4, ?5)");

    private readonly Statement _updateSeries = connection.Prepare("UPDATE series SET modality = ?1, number = ?2, attributes = ?3 WHERE id = ?4");

    private readonly Statement _count = connection.Prepare(
        """
        INSERT INTO series_content (series, sop_class, instances, held, bytes) VALUES (?1, ?2, ?3, 0, 0)
        ON CONFLICT (series, sop_class) DO UPDATE SET instances = instances + excluded.instances
        """);

    private readonly Statement _reduce = connection.Prepare("UPDATE series_content SET instances = instances - 1 WHERE series = ?1 AND sop_class = ?2 AND instances > 1");

    private readonly Statement _deleteContent = connection.Prepare("DELETE FROM series_content WHERE series = ?1 AND sop_class = ?2");

    private readonly Statement _deleteSeriesClaims = connection.Prepare(
        "DELETE FROM series_claim WHERE series = ?1 AND NOT EXISTS (SELECT 1 FROM series_content WHERE series = ?1)");

    private readonly Statement _deleteSeries = connection.Prepare("DELETE FROM series WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM series_content WHERE series = ?1)");

    private readonly Statement _deleteStudyClaims = connection.Prepare(
        "DELETE FROM study_claim WHERE study = ?1 AND NOT EXISTS (SELECT 1 FROM series WHERE study = ?1)");

    private readonly Statement _deleteStudy = connection.Prepare("DELETE FROM study WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM series WHERE study = ?1)");

    private readonly Statement _deletePatient = connection.Prepare("DELETE FROM patient WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM study WHERE patient = ?1)");

    internal static string PatientKey(ReadOnlyMemory<byte> patient, string studyInstanceUid) =>
        new EncodedAttributes([patient, default, default, default], studyInstanceUid, string.Empty).PatientKey;

    internal long? FindPatient(string key)
    {
        _findPatient.Bind(1, key);
        long? known = _findPatient.Step() ? _findPatient.Int64(0) : null;
        _findPatient.Reset();
        return known;
    }

    internal long FindOrAddPatient(string key, ReadOnlySpan<byte> attributes)
    {
        if (FindPatient(key) is { } patient)
        {
            return patient;
        }

        BindPatient(_insertPatient, attributes).Bind(9, key).Run();
        return connection.LastInsertId;
    }

    internal byte[] ReadPatient(long patient)
    {
        _readPatient.Bind(1, patient);
        byte[] attributes = _readPatient.Step() ? _readPatient.Blob(0).ToArray() : [];
        _readPatient.Reset();
        return attributes;
    }

    internal string ReadPatientKey(long patient)
    {
        _readPatient.Bind(1, patient);
        string key = _readPatient.Step() ? _readPatient.Text(1) : string.Empty;
        _readPatient.Reset();
        return key;
    }

    internal void UpdatePatient(long patient, ReadOnlySpan<byte> attributes) => BindPatient(_updatePatient, attributes).Bind(9, patient).Run();

    internal (long Id, long Patient)? FindStudy(string uid)
    {
        _findStudy.Bind(1, uid);
        (long, long)? found = _findStudy.Step() ? (_findStudy.Int64(0), _findStudy.Int64(1)) : null;
        _findStudy.Reset();
        return found;
    }

    /// <summary>Patient, attributes and UID; null when the study has gone.</summary>
    internal (long Patient, byte[] Attributes, string Uid)? ReadStudy(long study)
    {
        _readStudy.Bind(1, study);
        (long, byte[], string)? found = _readStudy.Step() ? (_readStudy.Int64(0), _readStudy.Blob(1).ToArray(), _readStudy.Text(2)) : null;
        _readStudy.Reset();
        return found;
    }

    internal long AddStudy(long patient, string uid, ReadOnlySpan<byte> attributes)
    {
        BindStudy(_insertStudy, attributes).Bind(10, patient).Bind(11, uid).Run();
        return connection.LastInsertId;
    }

    internal void UpdateStudy(long study, long patient, ReadOnlySpan<byte> attributes) =>
        BindStudy(_updateStudy, attributes).Bind(10, patient).Bind(11, study).Run();

    internal long? FindSeries(string uid, long study)
    {
        _findSeries.Bind(1, uid).Bind(2, study);
        long? id = _findSeries.Step() ? _findSeries.Int64(0) : null;
        _findSeries.Reset();
        return id;
    }

    /// <summary>Study and attributes; null when the series has gone.</summary>
    internal (long Study, byte[] Attributes)? ReadSeries(long series)
    {
        _readSeries.Bind(1, series);
        (long, byte[])? found = _readSeries.Step() ? (_readSeries.Int64(0), _readSeries.Blob(1).ToArray()) : null;
        _readSeries.Reset();
        return found;
    }

    internal long AddSeries(long study, string uid, ReadOnlySpan<byte> attributes)
    {
        BindSeries(_insertSeries, attributes).Bind(4, study).Bind(5, uid).Run();
        return connection.LastInsertId;
    }

    internal void UpdateSeries(long series, ReadOnlySpan<byte> attributes) => BindSeries(_updateSeries, attributes).Bind(4, series).Run();

    /// <summary>Counts instances that came to a series and are not held here.</summary>
    internal void Count(long series, string sopClass, int instances) => _count.Bind(1, series).Bind(2, sopClass).Bind(3, instances).Run();

    /// <summary>Takes one instance that is not held here off the count.</summary>
    internal void Uncount(long series, string sopClass)
    {
        _reduce.Bind(1, series).Bind(2, sopClass).Run();
        if (connection.Changes == 0)
        {
            _deleteContent.Bind(1, series).Bind(2, sopClass).Run();
        }
    }

    /// <summary>Removes the series, its study and its patient as far as nothing is in them, with what was said of them.</summary>
    /// <returns>Whether the series has gone, and the study.</returns>
    internal (bool Series, bool Study) RemoveEmpty(long series, long study)
    {
        _deleteSeriesClaims.Bind(1, series).Run();
        _deleteSeries.Bind(1, series).Run();
        if (connection.Changes == 0)
        {
            return (false, false);
        }

        long? patient = ReadStudy(study)?.Patient;
        _deleteStudyClaims.Bind(1, study).Run();
        _deleteStudy.Bind(1, study).Run();
        if (connection.Changes == 0)
        {
            return (true, false);
        }

        if (patient is { } known)
        {
            RemoveEmptyPatient(known);
        }

        return (true, true);
    }

    internal void RemoveEmptyPatient(long patient) => _deletePatient.Bind(1, patient).Run();

    internal static long? Number(ReadOnlySpan<byte> attributes, Tag tag) =>
        long.TryParse(AttributeBlob.FirstText(attributes, tag), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number : null;

    private static Statement BindPatient(Statement statement, ReadOnlySpan<byte> attributes)
    {
        FoldedName name = FoldedName.Fold(AttributeBlob.FirstText(attributes, Tags.PatientName));
        return statement.Bind(1, AttributeBlob.FirstText(attributes, Tags.PatientID)).Bind(2, AttributeBlob.FirstText(attributes, Tags.IssuerOfPatientID))
            .Bind(3, name.Alphabetic).Bind(4, name.Ideographic).Bind(5, name.Phonetic)
            .Bind(6, DateValue.Parse(AttributeBlob.FirstText(attributes, Tags.PatientBirthDate)))
            .Bind(7, AttributeBlob.FirstText(attributes, Tags.PatientSex)).Bind(8, attributes);
    }

    private static Statement BindStudy(Statement statement, ReadOnlySpan<byte> attributes)
    {
        FoldedName referring = FoldedName.Fold(AttributeBlob.FirstText(attributes, Tags.ReferringPhysicianName));
        return statement.Bind(1, AttributeBlob.FirstText(attributes, Tags.StudyID))
            .Bind(2, DateValue.Parse(AttributeBlob.FirstText(attributes, Tags.StudyDate)))
            .Bind(3, TimeValue.Parse(AttributeBlob.FirstText(attributes, Tags.StudyTime)))
            .Bind(4, AttributeBlob.FirstText(attributes, Tags.AccessionNumber))
            .Bind(5, referring.Alphabetic).Bind(6, referring.Ideographic).Bind(7, referring.Phonetic).Bind(8, attributes)
            .Bind(9, StudyText.Description(attributes));
    }

    private static Statement BindSeries(Statement statement, ReadOnlySpan<byte> attributes) =>
        statement.Bind(1, AttributeBlob.FirstText(attributes, Tags.Modality)).Bind(2, Number(attributes, Tags.SeriesNumber)).Bind(3, attributes);

    public void Dispose()
    {
        foreach (Statement statement in (Statement[])[
            _findPatient, _readPatient, _insertPatient, _updatePatient, _findStudy, _readStudy, _insertStudy, _updateStudy, _findSeries, _readSeries,
            _insertSeries, _updateSeries, _count, _reduce, _deleteContent, _deleteSeriesClaims, _deleteSeries, _deleteStudyClaims, _deleteStudy, _deletePatient])
        {
            statement.Dispose();
        }
    }
}
