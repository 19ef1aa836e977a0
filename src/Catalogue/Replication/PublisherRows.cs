using Panal.Catalogue.Sqlite;

namespace Panal.Catalogue.Replication;

/// <summary>Rows of publishers: cursors, authority, what was heard.</summary>
internal sealed class PublisherRows(Connection connection) : IDisposable
{
    private readonly Statement _find = connection.Prepare("SELECT id, round, snapshot_after IS NOT NULL FROM publisher WHERE node = ?1");

    private readonly Statement _insert = connection.Prepare(
        "INSERT INTO publisher VALUES (NULL, ?1, ?2, zeroblob(16), 0, 0, 0, 0, NULL, 0, 0, 0, 0, 0)");

    private readonly Statement _setAuthority = connection.Prepare("UPDATE publisher SET authority = ?2 WHERE id = ?1 AND authority <> ?2");

    private readonly Statement _setSelf = connection.Prepare("UPDATE publisher SET node = ?1, authority = ?2 WHERE id = 0 AND (node <> ?1 OR authority <> ?2)");

    private readonly Statement _advance = connection.Prepare(
        """
        UPDATE publisher SET history = ?2, cursor = ?3, mark = ?4, filter = ?5, snapshot_after = ?6, round = ?7,
                             head = max(?8, ?3), head_at = ?9, applied_at = ?10, is_complete = ?11, seen = ?12
        WHERE id = ?1
        """);

    private readonly Statement _hear = connection.Prepare("UPDATE publisher SET head = ?2, head_at = ?3 WHERE node = ?1 AND cursor <= ?2");

    private readonly Statement _delete = connection.Prepare("DELETE FROM publisher WHERE id = ?1");

    internal static byte[] Bytes(Guid node) => node.ToByteArray(bigEndian: true);

    /// <summary>Id, number of its last snapshot, and whether that is still under way.</summary>
    internal (long Id, long Round, bool IsSnapshot)? Find(Guid node)
    {
        _find.Bind(1, Bytes(node));
        (long, long, bool)? found = _find.Step() ? (_find.Int64(0), _find.Int64(1), _find.Int64(2) != 0) : null;
        _find.Reset();
        return found;
    }

    /// <summary>Adds a publisher, or changes its authority.</summary>
    /// <returns>Its id, and whether what it says must be weighed anew.</returns>
    internal (long Id, bool IsChanged) Set(Guid node, int authority)
    {
        if (Find(node) is not { } known)
        {
            _insert.Bind(1, Bytes(node)).Bind(2, authority).Run();
            return (connection.LastInsertId, false);
        }

        _setAuthority.Bind(1, known.Id).Bind(2, authority).Run();
        return (known.Id, connection.Changes > 0);
    }

    /// <summary>Says who this node is; true when that is new.</summary>
    internal bool SetSelf(Guid node, int authority)
    {
        _setSelf.Bind(1, Bytes(node)).Bind(2, authority).Run();
        return connection.Changes > 0;
    }

    internal void Advance(long publisher, FeedStep step, long round, long now)
    {
        FeedCursor cursor = step.Cursor;
        _advance.Bind(1, publisher).Bind(2, Bytes(cursor.History)).Bind(3, cursor.Sequence).Bind(4, cursor.Mark).Bind(5, cursor.Filter)
            .Bind(6, cursor.SnapshotAfter).Bind(7, round).Bind(8, step.Head.Sequence).Bind(9, step.Head.At.ToUnixTimeMilliseconds())
            .Bind(10, now).Bind(11, step.IsComplete ? 1 : 0).Bind(12, cursor.Seen).Run();
    }

    internal void Hear(Guid node, FeedHead head) =>
        _hear.Bind(1, Bytes(node)).Bind(2, head.Sequence).Bind(3, head.At.ToUnixTimeMilliseconds()).Run();

    internal void Delete(long publisher) => _delete.Bind(1, publisher).Run();

    public void Dispose()
    {
        foreach (Statement statement in (Statement[])[_find, _insert, _setAuthority, _setSelf, _advance, _hear, _delete])
        {
            statement.Dispose();
        }
    }
}
