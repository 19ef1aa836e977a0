using Panal.Catalogue.Sqlite;

namespace Panal.Catalogue.Writing;

/// <summary>Deletes instances, and parents that have become empty.</summary>
internal sealed class DeletionWriter(Connection connection, CopyWriter copies, ChangeWriter feed) : IDisposable
{
    private readonly Statement _find = connection.Prepare(
        """
        SELECT instance.id, instance.sop_class, series.id, study.id, patient.id
        FROM instance JOIN series ON series.id = instance.series JOIN study ON study.id = series.study JOIN patient ON patient.id = study.patient
        WHERE instance.uid = ?1
        """);

    private readonly Statement _deleteInstance = connection.Prepare("DELETE FROM instance WHERE id = ?1");

    private readonly Statement _deleteContent = connection.Prepare("DELETE FROM series_content WHERE series = ?1 AND sop_class = ?2 AND instances = 1");

    private readonly Statement _reduceContent = connection.Prepare(
        "UPDATE series_content SET instances = instances - 1, bytes = bytes - ?3 WHERE series = ?1 AND sop_class = ?2");

    private readonly Statement _deleteSeries = connection.Prepare(
        "DELETE FROM series WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM series_content WHERE series = ?1)");

    private readonly Statement _deleteStudy = connection.Prepare("DELETE FROM study WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM series WHERE study = ?1)");

    private readonly Statement _deletePatient = connection.Prepare("DELETE FROM patient WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM study WHERE patient = ?1)");

    /// <summary>Deletes the instances that are there, and tells which copies nothing points to any more.</summary>
    internal List<CopyRecord> Delete(IReadOnlyList<string> sopInstanceUids, InstanceWriter instances, long now)
    {
        var orphans = new List<CopyRecord>();
        foreach (string uid in sopInstanceUids)
        {
            Delete(uid, orphans, now);
        }

        instances.Forget();
        return orphans;
    }

    private void Delete(string uid, List<CopyRecord> orphans, long now)
    {
        _find.Bind(1, uid);
        if (!_find.Step())
        {
            _find.Reset();
            return;
        }

        long instance = _find.Int64(0), series = _find.Int64(2), study = _find.Int64(3), patient = _find.Int64(4);
        string sopClass = _find.Text(1);
        _find.Reset();

        List<CopyRecord> gone = copies.Of(instance);
        orphans.AddRange(gone);
        copies.DeleteAll(instance);
        _deleteInstance.Bind(1, instance).Run();
        _deleteContent.Bind(1, series).Bind(2, sopClass).Run();
        if (connection.Changes == 0)
        {
            _reduceContent.Bind(1, series).Bind(2, sopClass).Bind(3, gone.Count > 0 ? gone[0].LengthBytes : 0).Run();
        }
        else
        {
            _deleteSeries.Bind(1, series).Run();
            _deleteStudy.Bind(1, study).Run();
            _deletePatient.Bind(1, patient).Run();
        }

        feed.Append(ChangeKind.InstanceDeleted, now, uid);
    }

    public void Dispose()
    {
        foreach (Statement statement in (Statement[])[_find, _deleteInstance, _deleteContent, _reduceContent, _deleteSeries, _deleteStudy, _deletePatient])
        {
            statement.Dispose();
        }
    }
}
