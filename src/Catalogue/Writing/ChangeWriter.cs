using Panal.Catalogue.Sqlite;

namespace Panal.Catalogue.Writing;

/// <summary>Appends to the change feed, inside the transaction of what changed.</summary>
internal sealed class ChangeWriter(Connection connection) : IDisposable
{
    // SQLite gives the highest sequence + 1; a rollback gives it back, so there are no gaps.
    private readonly Statement _insert = connection.Prepare("INSERT INTO change (kind, at, subject) VALUES (?1, ?2, ?3)");

    internal void Append(ChangeKind kind, long at, string sopInstanceUid) =>
        _insert.Bind(1, (long)kind).Bind(2, at).Bind(3, sopInstanceUid).Run();

    public void Dispose() => _insert.Dispose();
}
