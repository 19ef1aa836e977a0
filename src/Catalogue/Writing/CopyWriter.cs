using Panal.Catalogue.Records;
using Panal.Catalogue.Sqlite;

namespace Panal.Catalogue.Writing;

/// <summary>Writes and reads the copies of instances inside the writer's transaction.</summary>
internal sealed class CopyWriter(Connection connection, ChangeWriter feed) : IDisposable
{
    private readonly Statement _insert = connection.Prepare(
        """
        INSERT INTO copy (instance, version, volume, path, length, hash, data_set_offset, state, verified_at,
                          compaction, compact_length, compact_hash, compact_data_set_offset, compact_syntax, compact_stages)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
        ON CONFLICT (instance, version, volume) DO UPDATE SET
            path = excluded.path, length = excluded.length, hash = excluded.hash,
            data_set_offset = excluded.data_set_offset, state = excluded.state, verified_at = excluded.verified_at,
            compaction = excluded.compaction, compact_length = excluded.compact_length, compact_hash = excluded.compact_hash,
            compact_data_set_offset = excluded.compact_data_set_offset, compact_syntax = excluded.compact_syntax,
            compact_stages = excluded.compact_stages
        """);

    private readonly Statement _ofInstance = connection.Prepare(CopyRow.Select + " WHERE instance = ?1 ORDER BY version, state, volume");

    private readonly Statement _instance = connection.Prepare("SELECT id FROM instance WHERE uid = ?1");

    private readonly Statement _setState = connection.Prepare(
        """
        UPDATE copy SET state = ?4, verified_at = coalesce(?5, verified_at)
        WHERE instance = ?1 AND version = ?2 AND volume = ?3
        """);

    private readonly Statement _delete = connection.Prepare("DELETE FROM copy WHERE instance = ?1 AND version = ?2 AND volume = ?3");

    private readonly Statement _deleteAll = connection.Prepare("DELETE FROM copy WHERE instance = ?1");

    internal void Insert(long instance, CopyRecord copy)
    {
        _insert.Bind(1, instance).Bind(2, copy.Version).Bind(3, copy.VolumeId).Bind(4, copy.Path).Bind(5, copy.LengthBytes)
            .Bind(6, copy.Hash.Span).Bind(7, copy.DataSetOffsetBytes).Bind(8, (long)copy.State)
            .Bind(9, copy.VerifiedAt?.ToUnixTimeMilliseconds());
        if (copy.Compact is { } compact)
        {
            _insert.Bind(10, (long)CompactionOutcome.Compact).Bind(11, compact.LengthBytes).Bind(12, compact.Hash.Span)
                .Bind(13, compact.DataSetOffsetBytes).Bind(14, compact.TransferSyntaxUid).BindOrNull(15, compact.Stages.Span).Run();
        }
        else
        {
            _insert.Bind(10, (long)CompactionOutcome.Undecided).BindNull(11).BindNull(12).BindNull(13).BindNull(14).BindNull(15).Run();
        }
    }

    internal List<CopyRecord> Of(long instance)
    {
        var copies = new List<CopyRecord>(1);
        _ofInstance.Bind(1, instance);
        while (_ofInstance.Step())
        {
            copies.Add(CopyRow.Read(_ofInstance));
        }

        _ofInstance.Reset();
        return copies;
    }

    internal void DeleteAll(long instance) => _deleteAll.Bind(1, instance).Run();

    /// <summary>Adds a copy of the same content; false when nothing of the instance is here.</summary>
    internal bool Add(string sopInstanceUid, CopyRecord copy, long now)
    {
        if (InstanceId(sopInstanceUid) is not { } instance || Of(instance).Count == 0)
        {
            return false;
        }

        Insert(instance, copy);
        feed.Append(ChangeKind.CopiesChanged, now, sopInstanceUid);
        return true;
    }

    /// <summary>Forgets a copy; false when there is none. The last copy of version 0 cannot go without its instance.</summary>
    internal bool Remove(string sopInstanceUid, int version, int volume, long now)
    {
        if (InstanceId(sopInstanceUid) is not { } instance)
        {
            return false;
        }

        List<CopyRecord> copies = Of(instance);
        if (version == 0 && copies.Count(copy => copy.Version == 0) == 1)
        {
            return false;
        }

        _delete.Bind(1, instance).Bind(2, version).Bind(3, volume).Run();
        bool removed = connection.Changes == 1;
        if (removed)
        {
            feed.Append(ChangeKind.CopiesChanged, now, sopInstanceUid);
        }

        return removed;
    }

    /// <summary>Sets the state, and the time of verification when given; only a new state is a change for subscribers.</summary>
    internal bool SetState(CopyStateChange change, long now)
    {
        if (InstanceId(change.SopInstanceUid) is not { } instance)
        {
            return false;
        }

        CopyRecord? before = Of(instance).Find(copy => copy.Version == change.Version && copy.VolumeId == change.VolumeId);
        if (before is null)
        {
            return false;
        }

        _setState.Bind(1, instance).Bind(2, change.Version).Bind(3, change.VolumeId).Bind(4, (long)change.State)
            .Bind(5, change.VerifiedAt?.ToUnixTimeMilliseconds()).Run();
        if (before.State != change.State)
        {
            feed.Append(ChangeKind.CopiesChanged, now, change.SopInstanceUid);
        }

        return true;
    }

    private long? InstanceId(string sopInstanceUid)
    {
        _instance.Bind(1, sopInstanceUid);
        long? id = _instance.Step() ? _instance.Int64(0) : null;
        _instance.Reset();
        return id;
    }

    public void Dispose()
    {
        foreach (Statement statement in (Statement[])[_insert, _ofInstance, _instance, _setState, _delete, _deleteAll])
        {
            statement.Dispose();
        }
    }
}
