using Panal.Catalogue.Sqlite;

namespace Panal.Catalogue.Writing;

/// <summary>Appends to the change feed, inside the transaction of what changed.</summary>
internal sealed class ChangeWriter(Connection connection) : IDisposable
{
    // SQLite gives the highest sequence + 1; a rollback gives it back, so there are no gaps.
    private readonly Statement _insert = connection.Prepare("INSERT INTO change (kind, at, subject) VALUES (?1, ?2, ?3)");

    // Times need not ascend when clocks are set: what goes is always the front of the feed, up to the first change that must stay.
    private readonly Statement _compact = connection.Prepare(
        """
        DELETE FROM change WHERE sequence <= min(
            (SELECT max(sequence) FROM change) - ?1,
            coalesce((SELECT min(sequence) FROM change WHERE at >= ?2) - 1, (SELECT max(sequence) FROM change)))
        """);

    internal void Append(ChangeKind kind, long at, string sopInstanceUid) =>
        _insert.Bind(1, (long)kind).Bind(2, at).Bind(3, sopInstanceUid).Run();

    /// <summary>Drops changes before a time, but for the newest ones.</summary>
    internal int Compact(int keep, long olderThan)
    {
        _compact.Bind(1, keep).Bind(2, olderThan).Run();
        return connection.Changes;
    }

    public void Dispose()
    {
        _insert.Dispose();
        _compact.Dispose();
    }
}
