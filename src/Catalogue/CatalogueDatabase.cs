using Panal.Catalogue.Queries;
using Panal.Catalogue.Sqlite;
using Panal.Catalogue.Writing;
using Panal.Dicom;

namespace Panal.Catalogue;

/// <summary>
/// The rows of a node: patients, studies, series, instances, copies, changes, conflicts and jobs, in one SQLite file. Writes share
/// transactions; reads see a snapshot and wait for no writer. Safe for many callers at once.
/// </summary>
public sealed partial class CatalogueDatabase : IAsyncDisposable
{
    private readonly FileStream _lock;
    private readonly Writer _writer;
    private readonly WriteQueue _queue;
    private readonly Checkpointer _checkpointer;
    private readonly DurableLog _log;
    private readonly ReaderPool _readers;
    private readonly QueryRunner _queries;
    private readonly TimeProvider _time;
    private readonly ChangeSignal _signal = new();

    private CatalogueDatabase(string path, FileStream fileLock, Connection connection, CatalogueOptions options, TimeProvider time)
    {
        _lock = fileLock;
        _writer = new Writer(connection, options, time);
        _log = new DurableLog(path + "-wal");
        _checkpointer = new Checkpointer(path, _writer, options);
        _time = time;
        _queue = new WriteQueue(_writer, options, time, AfterCommit);
        _readers = new ReaderPool(path, options, _queue.CatchUp);
        _queries = new QueryRunner(_readers, options);
    }

    /// <summary>Writes that wait for a transaction.</summary>
    public int PendingWrites => _queue.PendingCount;

    /// <summary>Why the last copying of the log into the file failed; null when all is well. Meanwhile the log grows.</summary>
    public Exception? CheckpointFailure => _checkpointer.Failure;

    /// <summary>Opens the catalogue, and makes or migrates it first where needed.</summary>
    /// <exception cref="CatalogueException">The file is damaged, unknown, in use, or cannot be read and written.</exception>
    public static Task<CatalogueDatabase> OpenAsync(string path, CatalogueOptions options, TimeProvider time, CancellationToken ct) =>
        Task.Run(() => Open(Path.GetFullPath(path), options, time), ct);

    /// <summary>Adds an instance with its parents, its copy and its change; visible to readers when it returns, durable after SyncAsync.</summary>
    /// <exception cref="ArgumentException">A UID is missing, or the hash is too long.</exception>
    /// <remarks>Repeating it with the same content changes nothing. Parents that are known stay as they are; differences become conflicts.</remarks>
    public ValueTask<AddOutcome> AddAsync(InstanceRecord record, CancellationToken ct)
    {
        ThrowIfIncomplete(record);
        return _queue.RunAsync(record, static (writer, record) => writer.Instances.Add(record, writer.Now), ct);
    }

    /// <summary>
    /// Adds an instance whose bytes are durable already, in company of others: readers see it from now on, for a read waits for the
    /// commit; the commit follows within <see cref="CatalogueOptions.GatherTime"/>. Other content under a known UID becomes a version.
    /// </summary>
    /// <param name="record">The instance.</param>
    /// <param name="witness">Hears of the commit or its failure, on the thread that commits.</param>
    /// <exception cref="ArgumentException">A UID is missing, or the hash is too long.</exception>
    public void AddSoon(InstanceRecord record, ICommitWitness witness)
    {
        ThrowIfIncomplete(record);
        _queue.RunSoon(new DeferredWrite(record, witness));
    }

    private static void ThrowIfIncomplete(InstanceRecord record)
    {
        if (record.SopInstanceUid.Length == 0 || record.Encoded.StudyInstanceUid.Length == 0 || record.Encoded.SeriesInstanceUid.Length == 0
            || record.Copy.Hash.Length > CopyRecord.HashLimitBytes)
        {
            throw new ArgumentException("An instance needs its three UIDs, and a hash of bounded length.", nameof(record));
        }
    }

    /// <summary>Everything committed before the call survives power loss when it returns.</summary>
    public ValueTask SyncAsync(CancellationToken ct) => new(_log.SyncAsync().WaitAsync(ct));

    /// <summary>The instance with its copies; null when it is not catalogued.</summary>
    public InstanceRow? FindInstance(string sopInstanceUid) =>
        _readers.Read(sopInstanceUid, static (reader, uid) => Lookups.Find(reader, uid), CancellationToken.None);

    /// <summary>The same as of the last transaction, without waiting; for callers who know that no write of this UID is under way.</summary>
    public InstanceRow? FindCommitted(string sopInstanceUid) =>
        _readers.ReadCommitted(sopInstanceUid, static (reader, uid) => Lookups.Find(reader, uid), CancellationToken.None);

    /// <summary>Commits what waits for company, so that those who wait for it can go on.</summary>
    public void CatchUp() => _queue.CatchUp();

    /// <summary>Answers of a C-FIND or QIDO query, made as they are taken.</summary>
    /// <exception cref="CatalogueQueryException">The query names an attribute that it cannot.</exception>
    public IEnumerable<DataSet> Query(CatalogueQuery query, CancellationToken ct) => _queries.Run(query, QueryPlan.For(query), ct);

    /// <summary>Instances to retrieve, in display order: by study, series number, instance number.</summary>
    /// <exception cref="ArgumentException">No key is given.</exception>
    public IReadOnlyList<InstanceRow> Locate(RetrieveKeys keys, CancellationToken ct) =>
        _readers.Read(keys, static (reader, keys) => Lookups.Locate(reader, keys), ct);

    /// <summary>Walks through all instances in the order in which they came.</summary>
    /// <param name="afterId">0, or Last of the step before.</param>
    public (IReadOnlyList<InstanceRow> Rows, long Last) InstancesAfter(long afterId, int limit, CancellationToken ct) =>
        _readers.Read((afterId, limit), static (reader, state) => Lookups.After(reader, state.afterId, state.limit), ct);

    /// <summary>Changes after a sequence number, oldest first, without gaps.</summary>
    public IReadOnlyList<Change> Changes(long afterSequence, int limit) =>
        _readers.Read((afterSequence, limit), static (reader, state) => Lookups.Changes(reader, state.afterSequence, state.limit), CancellationToken.None);

    /// <summary>Sequence number of the newest change; 0 when there is none.</summary>
    public long LastSequence() => _readers.Read(0, static (reader, _) => Lookups.LastSequence(reader), CancellationToken.None);

    /// <summary>How much there is.</summary>
    public CatalogueCounts Counts() => _readers.Read(0, static (reader, _) => Lookups.Counts(reader), CancellationToken.None);

    /// <summary>Records other content under a known SOP Instance UID; with KeptBoth its copy becomes another version.</summary>
    /// <returns>The kept copy, or the one with the same content that was there; null when none is kept or the UID is unknown.</returns>
    public async ValueTask<CopyRecord?> AddConflictAsync(InstanceRecord record, ConflictDecision decision, bool isDurable, CancellationToken ct)
    {
        CopyRecord? kept = await _queue.RunAsync(
            (record, decision),
            static (writer, state) => writer.Instances.Find(state.record.SopInstanceUid) is { } instance
                ? writer.Conflicts.RecordContent(state.record, state.decision, instance, writer.Copies, writer.Now)
                : null,
            ct);
        await SyncIfAsync(isDurable, ct);
        return kept;
    }

    /// <summary>Conflicts in the order of their detection.</summary>
    public IReadOnlyList<Conflict> Conflicts(bool isOpenOnly, long afterId, int limit) =>
        _readers.Read((isOpenOnly, afterId, limit), static (reader, state) => Lookups.Conflicts(reader, state.isOpenOnly, state.afterId, state.limit), CancellationToken.None);

    /// <summary>Has the other content of an open conflict kept as a version when it comes, durably; false when it is kept already, or the conflict is none of contents.</summary>
    public ValueTask<bool> WantContentAsync(long conflictId, CancellationToken ct) =>
        RunDurablyAsync(conflictId, static (writer, id) => writer.Conflicts.Want(id), ct);

    /// <summary>Whether a content is to be kept as a version of its instance because an administrator wants it.</summary>
    /// <param name="sopInstanceUid">The instance.</param>
    /// <param name="hash">SHA-256 of the content.</param>
    public bool IsContentWanted(string sopInstanceUid, ReadOnlyMemory<byte> hash) => _readers.Read(
        (sopInstanceUid, hash), static (reader, of) => Lookups.IsContentWanted(reader, of.sopInstanceUid, of.hash.Span), CancellationToken.None);

    /// <summary>Marks a conflict as resolved, durably; false when it was already, or is unknown.</summary>
    public ValueTask<bool> ResolveConflictAsync(long id, CancellationToken ct) =>
        RunDurablyAsync(id, static (writer, id) => writer.Conflicts.Resolve(id, writer.Now), ct);

    /// <summary>
    /// Lets the later content of an open conflict, which is kept as a version, and version 0 change places, and resolves the conflict, durably. What the archive
    /// answered with so far is kept under the number of the other.
    /// </summary>
    /// <param name="conflictId">Number of the conflict.</param>
    /// <param name="version">The version as its file describes it.</param>
    /// <param name="ct">Nothing is changed when it fires before the work is queued.</param>
    public ValueTask<VersionChoice> ChooseVersionAsync(long conflictId, InstanceRecord version, CancellationToken ct) =>
        RunDurablyAsync((conflictId, version), static (writer, state) => writer.Versions.Choose(state.conflictId, state.version, writer.Now), ct);

    /// <summary>Adds another copy of the content of a version; false when the instance is unknown.</summary>
    public async ValueTask<bool> AddCopyAsync(string sopInstanceUid, CopyRecord copy, bool isDurable, CancellationToken ct)
    {
        bool isAdded = await _queue.RunAsync(
            (sopInstanceUid, copy), static (writer, state) => writer.Copies.Add(state.sopInstanceUid, state.copy, writer.Now), ct);
        await SyncIfAsync(isDurable, ct);
        return isAdded;
    }

    /// <summary>Forgets a copy, durably; false when it is unknown or the last one of the instance.</summary>
    public ValueTask<bool> RemoveCopyAsync(string sopInstanceUid, int version, int volumeId, CancellationToken ct) =>
        RunDurablyAsync(
            (sopInstanceUid, version, volumeId),
            static (writer, state) => writer.Copies.Remove(state.sopInstanceUid, state.version, state.volumeId, writer.Now),
            ct);

    /// <summary>Sets state and time of verification of copies; unknown ones are passed over.</summary>
    /// <returns>How many were there.</returns>
    public async ValueTask<int> SetCopyStatesAsync(IReadOnlyList<CopyStateChange> changes, bool isDurable, CancellationToken ct)
    {
        int count = await _queue.RunAsync(
            changes, static (writer, changes) => changes.Count(change => writer.Copies.SetState(change, writer.Now)), ct);
        await SyncIfAsync(isDurable, ct);
        return count;
    }

    /// <summary>Deletes instances and emptied parents, durably.</summary>
    /// <returns>Copies that nothing points to any more: their files can go.</returns>
    public ValueTask<IReadOnlyList<CopyRecord>> DeleteAsync(IReadOnlyList<string> sopInstanceUids, CancellationToken ct) =>
        RunDurablyAsync<IReadOnlyList<string>, IReadOnlyList<CopyRecord>>(
            sopInstanceUids, static (writer, uids) => writer.Deletion.Delete(uids, writer.Instances, writer.Now).ConvertAll(static orphan => orphan.Copy), ct);

    /// <summary>Adds a job, durably; one of the same kind and key starts anew.</summary>
    /// <returns>Id of the job.</returns>
    public ValueTask<long> EnqueueJobAsync(string kind, string key, ReadOnlyMemory<byte> payload, DateTimeOffset dueAt, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(payload.Length, Job.PayloadLimitBytes, nameof(payload));
        return RunDurablyAsync(
            (kind, key, payload, dueAt), static (writer, job) => writer.Jobs.Enqueue(job.kind, job.key, job.payload, job.dueAt), ct);
    }

    /// <summary>Jobs of a kind that are due, oldest first.</summary>
    public IReadOnlyList<Job> Jobs(string kind, DateTimeOffset dueUntil, JobState state, int limit) =>
        _readers.Read((kind, dueUntil, state, limit), static (reader, of) => Lookups.Jobs(reader, of.kind, of.dueUntil, of.state, of.limit), CancellationToken.None);

    /// <summary>Jobs of every kind, those that were given up first, then by the time when they are due.</summary>
    public IReadOnlyList<Job> Jobs(int limit) => _readers.Read(limit, static (reader, limit) => Lookups.Jobs(reader, limit), CancellationToken.None);

    /// <summary>Saves payload, due time, attempts and state of a job, durably; false when it is gone.</summary>
    public ValueTask<bool> UpdateJobAsync(Job job, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(job.Payload.Length, Job.PayloadLimitBytes, nameof(job));
        return RunDurablyAsync(job, static (writer, job) => writer.Jobs.Update(job), ct);
    }

    /// <summary>Removes a finished job, durably; false when it was gone.</summary>
    public ValueTask<bool> RemoveJobAsync(long id, CancellationToken ct) =>
        RunDurablyAsync(id, static (writer, id) => writer.Jobs.Remove(id), ct);

    /// <summary>Lets go of the memory that only a load needs: pages that were read last, and readers beyond the first. What follows reads them again from the memory of the system.</summary>
    public async ValueTask GiveBackAsync(CancellationToken ct)
    {
        _readers.GiveBack();
        await _queue.RunAsync(
            0,
            static (writer, _) =>
            {
                writer.Connection.GiveBack();
                return 0;
            },
            ct);
    }

    /// <summary>Reads the whole file and checks its structure and references; minutes on a large catalogue.</summary>
    /// <exception cref="CatalogueException">The file is damaged.</exception>
    public void CheckIntegrity(CancellationToken ct) => _readers.Read(
        0,
        static (reader, _) =>
        {
            using Statement structure = reader.Connection.Prepare("PRAGMA integrity_check(1)");
            using Statement references = reader.Connection.Prepare("PRAGMA foreign_key_check");
            return structure.Step() && structure.Text(0) == "ok" && !references.Step()
                ? 0
                : throw new CatalogueException(CatalogueFailure.Corrupt, "Catalogue: the file is damaged; restore it from a backup, or move it away and import the volumes again.");
        },
        ct);

    /// <summary>Ends the writes under way, copies the log into the file and closes it.</summary>
    public async ValueTask DisposeAsync()
    {
        await _queue.CloseAsync();
        await _checkpointer.StopAsync();
        _readers.Dispose();
        _log.Dispose();
        _checkpointer.Dispose();
        _queue.Dispose();
        _writer.Dispose();
        await _lock.DisposeAsync();
    }

    /// <summary>Connection for tests that look at plans.</summary>
    internal ReaderPool Readers => _readers;

    /// <summary>For tests that lose power: length of the log, in bytes, when it was synced last.</summary>
    internal long SyncedLogBytes => _log.SyncedBytes;

    private static CatalogueDatabase Open(string path, CatalogueOptions options, TimeProvider time)
    {
        FileStream fileLock = CatalogueFile.Lock(path);
        Connection? connection = null;
        try
        {
            connection = CatalogueFile.Open(path, options, time);
            return new CatalogueDatabase(path, fileLock, connection, options, time);
        }
        catch
        {
            connection?.Dispose();
            fileLock.Dispose();
            throw;
        }
    }

    private void AfterCommit()
    {
        _checkpointer.AfterCommit();
        _signal.Committed();
    }

    private async ValueTask<TResult> RunDurablyAsync<TArgument, TResult>(TArgument argument, Func<Writer, TArgument, TResult> work, CancellationToken ct)
    {
        TResult result = await _queue.RunAsync(argument, work, ct);
        await SyncAsync(ct);
        return result;
    }

    private ValueTask SyncIfAsync(bool isDurable, CancellationToken ct) => isDurable ? SyncAsync(ct) : ValueTask.CompletedTask;
}
