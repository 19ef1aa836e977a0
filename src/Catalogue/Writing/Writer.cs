using Panal.Catalogue.Replication;
using Panal.Catalogue.Sqlite;

namespace Panal.Catalogue.Writing;

/// <summary>The one connection that writes, with its statements; used by one thread at a time (see WriteQueue).</summary>
internal sealed class Writer : IDisposable
{
    private readonly TimeProvider _time;
    private readonly Statement _begin;
    private readonly Statement _commit;
    private readonly Statement _rollback;

    internal Writer(Connection connection, CatalogueOptions options, TimeProvider time)
    {
        Connection = connection;
        Options = options;
        _time = time;
        _begin = connection.Prepare("BEGIN IMMEDIATE");
        _commit = connection.Prepare("COMMIT");
        _rollback = connection.Prepare("ROLLBACK");
        Feed = new ChangeWriter(connection);
        Copies = new CopyWriter(connection, Feed);
        Conflicts = new ConflictWriter(connection, options, Feed);
        Replica = new ReplicaWriter(connection, Conflicts, Feed);
        Adoption = new AdoptionWriter(connection, Replica.Holdings, Copies, Feed);
        Instances = new InstanceWriter(connection, Conflicts, Copies, Feed, Adoption, Replica.Claims);
        Releases = new ReleaseWriter(connection, Copies, Feed, Replica);
        Deletion = new DeletionWriter(connection, Copies, Feed, Replica, Releases);
        Versions = new VersionWriter(connection, Replica.Holdings, Copies, Conflicts, Feed);
        Jobs = new JobWriter(connection);
        Compaction = new CompactionWriter(connection, Copies, Feed);
        Metadata = new MetadataWriter(connection);
    }

    internal Connection Connection { get; }

    internal CatalogueOptions Options { get; }

    /// <summary>Time of the transaction, in milliseconds since 1970 UTC.</summary>
    internal long Now { get; private set; }

    internal ChangeWriter Feed { get; }

    internal CopyWriter Copies { get; }

    internal ConflictWriter Conflicts { get; }

    internal ReplicaWriter Replica { get; }

    internal AdoptionWriter Adoption { get; }

    internal InstanceWriter Instances { get; }

    internal DeletionWriter Deletion { get; }

    internal ReleaseWriter Releases { get; }

    internal VersionWriter Versions { get; }

    internal JobWriter Jobs { get; }

    internal CompactionWriter Compaction { get; }

    internal MetadataWriter Metadata { get; }

    /// <summary>Runs the items in one transaction; when that fails, each alone, so that one bad write spoils no other.</summary>
    internal void Commit(List<WriteItem> group)
    {
        Exception? failure = TryCommit(group);
        if (failure is null)
        {
            foreach (WriteItem item in group)
            {
                item.Succeed();
            }

            return;
        }

        if (group.Count == 1)
        {
            group[0].Fail(failure);
            return;
        }

        var alone = new List<WriteItem>(1);
        foreach (WriteItem item in group)
        {
            alone.Add(item);
            Commit(alone);
            alone.Clear();
        }
    }

    private Exception? TryCommit(List<WriteItem> group)
    {
        try
        {
            Now = _time.GetUtcNow().ToUnixTimeMilliseconds();
            _begin.Run();
            foreach (WriteItem item in group)
            {
                item.Execute(this);
            }

            _commit.Run();
            return null;
        }
        catch (Exception failure)
        {
            Rollback();
            return failure;
        }
    }

    private void Rollback()
    {
        Instances.Forget();
        try
        {
            // Some failures (disk full, I/O) have already rolled back.
            if (Connection.IsInTransaction)
            {
                _rollback.Run();
            }
        }
        catch (CatalogueException)
        {
            // The next BEGIN reports what is still wrong.
        }
    }

    public void Dispose()
    {
        foreach (IDisposable part in (IDisposable[])[Metadata, Compaction, Jobs, Versions, Deletion, Releases, Instances, Adoption, Replica, Conflicts, Copies, Feed, _rollback, _commit, _begin])
        {
            part.Dispose();
        }

        Connection.Dispose();
    }
}
