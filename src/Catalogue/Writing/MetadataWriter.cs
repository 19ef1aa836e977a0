using Panal.Catalogue.Sqlite;

namespace Panal.Catalogue.Writing;

/// <summary>Stores and removes chunks of metadata.</summary>
internal sealed class MetadataWriter(Connection connection) : IDisposable
{
    private readonly Statement _series = connection.Prepare(
        "SELECT series.id FROM series JOIN study ON study.id = series.study WHERE series.uid = ?1 AND study.uid = ?2");

    private readonly Statement _instance = connection.Prepare("SELECT 1 FROM instance WHERE uid = ?1 AND series = ?2");

    private readonly Statement _delete = connection.Prepare("DELETE FROM metadata_chunk WHERE id = ?1 AND series = ?2");

    private readonly Statement _insert = connection.Prepare("INSERT INTO metadata_chunk (series, instances, names, chunk) VALUES (?1, ?2, ?3, ?4)");

    /// <summary>Replaces chunks of a series by others.</summary>
    /// <returns>False when the series is gone, or one of the instances: what was deleted meanwhile must not come back in another form.</returns>
    internal bool Replace(SeriesName name, IReadOnlyList<long> gone, IReadOnlyList<MetadataChunkRow> chunks, IReadOnlyList<string> instances)
    {
        _series.Bind(1, name.SeriesInstanceUid).Bind(2, name.StudyInstanceUid);
        long? found = _series.Step() ? _series.Int64(0) : null;
        _series.Reset();
        if (found is not { } series || !instances.All(uid => Holds(series, uid)))
        {
            return false;
        }

        foreach (long id in gone)
        {
            _delete.Bind(1, id).Bind(2, series).Run();
        }

        foreach (MetadataChunkRow chunk in chunks)
        {
            _insert.Bind(1, series).Bind(2, chunk.Instances).Bind(3, chunk.Names.Span).Bind(4, chunk.Chunk.Span).Run();
        }

        return true;
    }

    private bool Holds(long series, string instance)
    {
        _instance.Bind(1, instance).Bind(2, series);
        bool isThere = _instance.Step();
        _instance.Reset();
        return isThere;
    }

    public void Dispose()
    {
        _series.Dispose();
        _instance.Dispose();
        _delete.Dispose();
        _insert.Dispose();
    }
}
