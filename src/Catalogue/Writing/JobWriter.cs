using Panal.Catalogue.Sqlite;

namespace Panal.Catalogue.Writing;

/// <summary>Writes the table of jobs.</summary>
internal sealed class JobWriter(Connection connection) : IDisposable
{
    private readonly Statement _insert = connection.Prepare(
        """
        INSERT INTO job (kind, key, payload, due_at, attempts, state) VALUES (?1, ?2, ?3, ?4, 0, ?5)
        ON CONFLICT (kind, key) DO UPDATE SET
            payload = excluded.payload, due_at = excluded.due_at, attempts = 0, state = excluded.state
        RETURNING id
        """);

    private readonly Statement _update = connection.Prepare("UPDATE job SET payload = ?2, due_at = ?3, attempts = ?4, state = ?5 WHERE id = ?1");

    private readonly Statement _delete = connection.Prepare("DELETE FROM job WHERE id = ?1");

    /// <summary>Adds the job, or starts the one of the same kind and key anew.</summary>
    internal long Enqueue(string kind, string key, ReadOnlyMemory<byte> payload, DateTimeOffset dueAt)
    {
        _insert.Bind(1, kind).Bind(2, key).Bind(3, payload.Span).Bind(4, dueAt.ToUnixTimeMilliseconds()).Bind(5, (long)JobState.Waiting);
        _insert.Step();
        long id = _insert.Int64(0);
        _insert.Run();
        return id;
    }

    internal bool Update(Job job)
    {
        _update.Bind(1, job.Id).Bind(2, job.Payload.Span).Bind(3, job.DueAt.ToUnixTimeMilliseconds()).Bind(4, job.Attempts).Bind(5, (long)job.State).Run();
        return connection.Changes == 1;
    }

    internal bool Remove(long id)
    {
        _delete.Bind(1, id).Run();
        return connection.Changes == 1;
    }

    public void Dispose()
    {
        _insert.Dispose();
        _update.Dispose();
        _delete.Dispose();
    }
}
