using Panal.Catalogue.Replication;
using Panal.Catalogue.Sqlite;

namespace Panal.Catalogue.Writing;

/// <summary>Takes copies out of the catalogue whose content other nodes hold; the rows of their instances stay.</summary>
internal sealed class ReleaseWriter(Connection connection, CopyWriter copies, ChangeWriter feed, ReplicaWriter replica) : IDisposable
{
    private readonly Statement _find = connection.Prepare(
        """
        SELECT instance.id, instance.sop_class, series.id, series.study
        FROM instance JOIN series ON series.id = instance.series
        WHERE instance.uid = ?1 AND EXISTS (SELECT 1 FROM holding WHERE holding.instance = instance.id AND holding.hash = ?2)
        """);

    private readonly Statement _count = connection.Prepare(
        "UPDATE series_content SET held = held - 1, bytes = bytes - ?3 WHERE series = ?1 AND sop_class = ?2");

    internal List<ReleasedCopy> Release(IReadOnlyList<HeldContent> instances, long now)
    {
        var released = new List<ReleasedCopy>();
        foreach (var instance in instances)
        {
            Release(instance, released, now);
        }

        return released;
    }

    private void Release(HeldContent content, List<ReleasedCopy> released, long now)
    {
        _find.Bind(1, content.SopInstanceUid).Bind(2, content.Hash.Span);
        if (!_find.Step())
        {
            _find.Reset();
            return;
        }

        long instance = _find.Int64(0), series = _find.Int64(2), study = _find.Int64(3);
        string sopClass = _find.Text(1);
        _find.Reset();

        // Another content under the same UID is held nowhere else: it stays, and so does the copy that it stands beside.
        List<CopyRecord> here = copies.Of(instance);
        if (here.Count == 0 || here.Exists(copy => copy.Version != 0 || copy.LengthBytes != content.LengthBytes || !copy.Hash.Span.SequenceEqual(content.Hash.Span)))
        {
            return;
        }

        copies.DeleteAll(instance);
        feed.Append(ChangeKind.InstanceDeleted, now, content.SopInstanceUid);
        LetGo(instance, series, study, sopClass, here[0].LengthBytes);
        released.AddRange(here.Select(copy => new ReleasedCopy(content.SopInstanceUid, copy.VolumeId, copy.Path, copy.LengthBytes)));
    }

    /// <summary>The instance is another node's from now on: it counts as known, and no longer as held.</summary>
    internal void LetGo(long instance, long series, long study, string sopClass, long lengthBytes)
    {
        _count.Bind(1, series).Bind(2, sopClass).Bind(3, lengthBytes).Run();
        replica.LetGo(instance, series, study);
    }

    public void Dispose()
    {
        _find.Dispose();
        _count.Dispose();
    }
}
