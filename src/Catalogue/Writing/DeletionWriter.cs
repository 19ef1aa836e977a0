using Panal.Catalogue.Replication;
using Panal.Catalogue.Sqlite;

namespace Panal.Catalogue.Writing;

/// <summary>Deletes the copies of instances, the rows that no other node holds, and parents that have become empty.</summary>
internal sealed class DeletionWriter(Connection connection, CopyWriter copies, ChangeWriter feed, ReplicaWriter replica, ReleaseWriter releases) : IDisposable
{
    private readonly Statement _find = connection.Prepare(
        """
        SELECT instance.id, instance.sop_class, series.id, series.study
        FROM instance JOIN series ON series.id = instance.series WHERE instance.uid = ?1
        """);

    private readonly Statement _deleteInstance = connection.Prepare("DELETE FROM instance WHERE id = ?1");

    private readonly Statement _deleteContent = connection.Prepare("DELETE FROM series_content WHERE series = ?1 AND sop_class = ?2 AND instances = 1");

    private readonly Statement _reduceContent = connection.Prepare(
        "UPDATE series_content SET instances = instances - 1, held = held - 1, bytes = bytes - ?3 WHERE series = ?1 AND sop_class = ?2");

    /// <summary>Deletes the instances that are there, and tells which copies of them nothing points to any more.</summary>
    internal List<(string SopInstanceUid, CopyRecord Copy)> Delete(IReadOnlyList<string> sopInstanceUids, InstanceWriter instances, long now)
    {
        var orphans = new List<(string, CopyRecord)>();
        foreach (string uid in sopInstanceUids)
        {
            Delete(uid, orphans, now);
        }

        instances.Forget();
        return orphans;
    }

    private void Delete(string uid, List<(string SopInstanceUid, CopyRecord Copy)> orphans, long now)
    {
        _find.Bind(1, uid);
        if (!_find.Step())
        {
            _find.Reset();
            return;
        }

        long instance = _find.Int64(0), series = _find.Int64(2), study = _find.Int64(3);
        string sopClass = _find.Text(1);
        _find.Reset();

        List<CopyRecord> gone = copies.Of(instance);
        if (gone.Count == 0)
        {
            return;
        }

        orphans.AddRange(gone.Select(copy => (uid, copy)));
        copies.DeleteAll(instance);
        feed.Append(ChangeKind.InstanceDeleted, now, uid);
        if (replica.Holdings.IsHeldElsewhere(instance))
        {
            releases.LetGo(instance, series, study, sopClass, gone[0].LengthBytes);
            return;
        }

        _deleteInstance.Bind(1, instance).Run();
        _deleteContent.Bind(1, series).Bind(2, sopClass).Run();
        if (connection.Changes == 0)
        {
            _reduceContent.Bind(1, series).Bind(2, sopClass).Bind(3, gone[0].LengthBytes).Run();
        }
        else if (replica.Claims.RemoveEmpty(series, study))
        {
            return;
        }

        replica.Claims.FallSilent(series, study);
    }

    public void Dispose()
    {
        foreach (Statement statement in (Statement[])[_find, _deleteInstance, _deleteContent, _reduceContent])
        {
            statement.Dispose();
        }
    }
}
