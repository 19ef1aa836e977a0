using Panal.Catalogue.Attributes;
using Panal.Catalogue.Queries;
using Panal.Catalogue.Replication;
using Panal.Dicom;

namespace Panal.Catalogue;

/// <summary>What a catalogue tells other nodes and is told by them; see docs/formats/feed.md.</summary>
public sealed partial class CatalogueDatabase
{
    /// <summary>Instances that one step of a snapshot holds, about: whole studies are added until there are so many.</summary>
    public const int StepInstances = 8192;

    /// <summary>Changes in one step of the feed at most.</summary>
    public const int StepChanges = 16_384;

    /// <summary>Says who this node is and what weight its own words have; durably.</summary>
    /// <param name="authority">The word of a higher authority is shown; of equal ones, that of the lower identity.</param>
    public ValueTask<bool> IdentifyAsync(Guid node, int authority, CancellationToken ct) => ReplicateAsync(
        (node, authority), static (writer, self) => { writer.Replica.Identify(self.node, self.authority); return true; }, ct);

    /// <summary>Makes a publisher known, or changes its authority; durably.</summary>
    /// <exception cref="ArgumentException">The identity is empty.</exception>
    public ValueTask<bool> SubscribeAsync(Guid node, int authority, CancellationToken ct)
    {
        if (node == Guid.Empty)
        {
            throw new ArgumentException("A publisher has an identity.", nameof(node));
        }

        return ReplicateAsync((node, authority), static (writer, of) => { writer.Replica.Subscribe(of.node, of.authority); return true; }, ct);
    }

    /// <summary>Forgets a publisher and all that only it said or held; durably.</summary>
    public ValueTask<bool> UnsubscribeAsync(Guid node, CancellationToken ct) => ReplicateAsync(
        node, static (writer, node) => { writer.Replica.Unsubscribe(node); return true; }, ct);

    /// <summary>Applies one step of a publisher's feed, rows and cursor in one transaction; saying it twice changes nothing.</summary>
    /// <exception cref="StateFormatException">The publisher says something that cannot be; nothing was applied.</exception>
    /// <exception cref="InvalidOperationException">The publisher is unknown.</exception>
    /// <remarks>Not synced: what power loss takes is sent again, because the cursor goes with it.</remarks>
    public async ValueTask ApplyAsync(Guid publisher, FeedStep step, CancellationToken ct) => await _queue.RunAsync(
        (publisher, step),
        static (writer, state) =>
        {
            writer.Instances.Forget();
            writer.Replica.Apply(state.publisher, state.step, writer.Now);
            return true;
        },
        ct);

    /// <summary>Takes down where a publisher's feed stands, without anything new.</summary>
    public async ValueTask HearAsync(Guid publisher, FeedHead head, CancellationToken ct) => await _queue.RunAsync(
        (publisher, head), static (writer, heard) => { writer.Replica.Hear(heard.publisher, heard.head); return true; }, ct);

    /// <summary>Corrects attributes of a study that this node holds, and of its patient; durably, and told to all subscribers.</summary>
    /// <param name="studyInstanceUid">Study Instance UID.</param>
    /// <param name="corrections">Elements of patient and study level that replace what was said; others are ignored, and so are empty ones.</param>
    /// <param name="modifyingSystem">Modifying System (0400,0563), at most 64 characters.</param>
    /// <param name="isDryRun">Only tells what would be.</param>
    /// <param name="ct">Ends the waiting before the transaction.</param>
    /// <remarks>
    /// Another Patient ID moves the study to that patient, with what is known of that one; other attributes of the patient change in all its studies that are held
    /// here. What was said before stands in the Original Attributes Sequence (PS3.3 §C.12.1) of each study.
    /// </remarks>
    public ValueTask<CorrectionOutcome> CorrectAsync(string studyInstanceUid, DataSet corrections, string modifyingSystem, bool isDryRun, CancellationToken ct)
    {
        EncodedAttributes encoded = AttributeEncoder.Encode(corrections);
        var correction = new Correction(encoded[QueryLevel.Patient], encoded[QueryLevel.Study], modifyingSystem, _time.GetUtcNow());
        return RunDurablyAsync(
            (studyInstanceUid, correction, isDryRun),
            static (writer, of) =>
            {
                writer.Instances.Forget();
                return writer.Replica.Correct(of.studyInstanceUid, of.correction, of.isDryRun);
            },
            ct);
    }

    /// <summary>What is shown of a study and its patient; null when it is unknown.</summary>
    public DataSet? Describe(string studyInstanceUid) =>
        _readers.Read(studyInstanceUid, static (reader, uid) => CorrectionLookups.Describe(reader, uid), CancellationToken.None);

    /// <summary>What is to be said of a study in place of what its files say; null when it was never corrected.</summary>
    public StudyCorrection? CorrectionOf(string studyInstanceUid) =>
        _readers.Read(studyInstanceUid, static (reader, uid) => CorrectionLookups.Of(reader, uid), CancellationToken.None);

    /// <summary>Where this node's own feed stands; whoever knows nothing begins here with a snapshot.</summary>
    public FeedCursor OwnHead(FeedFilter filter) => _readers.Read(filter, static (reader, filter) => FeedReader.Head(reader, filter), CancellationToken.None);

    /// <summary>Whether a subscriber can go on from its cursor, be it with the feed or with a snapshot that was cut.</summary>
    public bool CanResume(FeedCursor cursor, FeedFilter filter) => _readers.Read(
        (cursor, filter), static (reader, state) => FeedReader.CanResume(reader, state.cursor, state.filter), CancellationToken.None);

    /// <summary>The next step of this node's own feed after a sequence; the same cursor when nothing changed.</summary>
    /// <param name="told">Fingerprint of the filter by which all up to the sequence was told, when that was another day's; what has become too old since is gone.</param>
    /// <returns>Null when changes after the sequence were compacted away.</returns>
    public FeedStep? OwnChanges(long afterSequence, int limit, FeedFilter filter, long? told = null) => _readers.Read(
        (afterSequence, limit, filter, Told: told ?? filter.Fingerprint, Now: _time.GetUtcNow()),
        static (reader, of) => FeedReader.Changes(reader, of.afterSequence, of.limit, of.filter, of.Told, of.Now), CancellationToken.None);

    /// <summary>The next part of a snapshot of what this node holds.</summary>
    /// <param name="start">OwnHead when it began, then the cursor of the part before.</param>
    /// <param name="isFresh">Whether it is the first part.</param>
    public FeedStep OwnSnapshot(FeedCursor start, bool isFresh, int instanceLimit, FeedFilter filter) => _readers.Read(
        (start, isFresh, instanceLimit, filter, Now: _time.GetUtcNow()),
        static (reader, of) => FeedReader.Snapshot(reader, of.start, of.isFresh, of.instanceLimit, of.filter, of.Now), CancellationToken.None);

    /// <summary>Ends when something is committed after the call; one of many reasons to look at the feed again.</summary>
    public Task NextCommitAsync() => _signal.NextAsync();

    /// <summary>Drops old changes; subscribers whose cursor is older get a snapshot. The newest change always stays.</summary>
    /// <param name="keep">Changes that stay in any case.</param>
    /// <param name="olderThan">Only changes before this time go.</param>
    /// <returns>How many went.</returns>
    public ValueTask<int> CompactChangesAsync(int keep, DateTimeOffset olderThan, CancellationToken ct) => _queue.RunAsync(
        (keep, olderThan), static (writer, of) => writer.Feed.Compact(Math.Max(1, of.keep), of.olderThan.ToUnixTimeMilliseconds()), ct);

    /// <summary>Nodes that hold an instance besides this one, with what they hold.</summary>
    public IReadOnlyList<InstanceHolder> HoldersOfInstance(string sopInstanceUid) =>
        _readers.Read(sopInstanceUid, static (reader, uid) => HolderLookups.OfInstance(reader, uid), CancellationToken.None);

    /// <summary>Nodes that hold something of studies, or of one series in them, besides this one; with 0 instances, those that only offer something.</summary>
    public IReadOnlyList<Holder> HoldersOfStudies(IReadOnlyList<string> studyInstanceUids, string? seriesInstanceUid) => _readers.Read(
        (studyInstanceUids, seriesInstanceUid),
        static (reader, of) => HolderLookups.OfStudies(reader, of.studyInstanceUids, of.seriesInstanceUid), CancellationToken.None);

    /// <summary>Series of a study that a subscriber with this filter may be told of; empty when there is no such study.</summary>
    public IReadOnlySet<string> SeriesTold(string studyInstanceUid, FeedFilter filter) => _readers.Read(
        (studyInstanceUid, filter), static (reader, of) => HolderLookups.SeriesTold(reader, of.studyInstanceUid, of.filter), CancellationToken.None);

    /// <summary>How many instances each node holds, as far as is known here; this one too, under the identity that it was given.</summary>
    public IReadOnlyList<Holder> Holdings() => _readers.Read(0, static (reader, _) => HolderLookups.All(reader), CancellationToken.None);

    /// <summary>How far behind each publisher this catalogue is.</summary>
    public IReadOnlyList<PublisherState> Publishers() => _readers.Read(0, static (reader, _) => HolderLookups.Publishers(reader), CancellationToken.None);

    /// <summary>Studies of which bytes are here, in the order in which they came.</summary>
    public IReadOnlyList<StudyHeldHere> StudiesHeldHere(CancellationToken ct) => _readers.Read(0, static (reader, _) => HoldingLookups.HeldHere(reader), ct);

    /// <summary>How many nodes hold each study, this one too, as their feeds say; studies after one of them, in the order in which they came.</summary>
    /// <param name="afterId">0, or Last of the step before.</param>
    /// <param name="limit">Studies at most.</param>
    /// <param name="ct">Ends the reading.</param>
    public (IReadOnlyList<StudyCoverage> Studies, long Last) CoverageAfter(long afterId, int limit, CancellationToken ct) =>
        _readers.Read((afterId, limit), static (reader, of) => HoldingLookups.CoverageAfter(reader, of.afterId, of.limit), ct);

    /// <summary>How much is here of the studies that became known last.</summary>
    public IReadOnlyList<StudyHolding> NewestStudies(int limit, CancellationToken ct) =>
        _readers.Read(limit, static (reader, limit) => HoldingLookups.Newest(reader, limit), ct);

    /// <summary>Studies after one of them of which something is lacking here, in the order in which they came.</summary>
    /// <param name="afterId">0, or Last of the step before.</param>
    /// <param name="limit">Studies at most; none are left when there are none.</param>
    /// <param name="ct">Ends the reading.</param>
    public (IReadOnlyList<StudyHolding> Studies, long Last) LackingAfter(long afterId, int limit, CancellationToken ct) =>
        _readers.Read((afterId, limit), static (reader, of) => HoldingLookups.LackingAfter(reader, of.afterId, of.limit), ct);

    /// <summary>How much is here of all that is known.</summary>
    public HoldingTotals HoldingTotals() => _readers.Read(0, static (reader, _) => HoldingLookups.Totals(reader), CancellationToken.None);

    /// <summary>How many nodes hold one study; null when it is unknown.</summary>
    public StudyCoverage? CoverageOf(string studyInstanceUid) =>
        _readers.Read(studyInstanceUid, static (reader, uid) => HoldingLookups.CoverageOf(reader, uid), CancellationToken.None);

    /// <summary>Other studies of the patient of a study, the newest first.</summary>
    public IReadOnlyList<string> OtherStudiesOfPatient(string studyInstanceUid, int limit) => _readers.Read(
        (studyInstanceUid, limit), static (reader, of) => HoldingLookups.OtherStudies(reader, of.studyInstanceUid, of.limit), CancellationToken.None);

    /// <summary>
    /// Forgets the copies of instances that other nodes hold with the same content, tells the feed, and leaves a job that names the files; all
    /// in one transaction, durably. The rows of the instances stay. What nobody else holds so, and what has other versions, is left as it is.
    /// </summary>
    /// <param name="instances">The instances, each with the content hash that was found elsewhere.</param>
    /// <param name="jobKind">Kind of the job; its payload is <see cref="ReleasedCopy.Encode"/> of what is returned.</param>
    /// <param name="ct">Ends the waiting before the transaction.</param>
    /// <returns>The job, and the copies whose bytes can go; no job when there are none.</returns>
    /// <exception cref="ArgumentException">There are more instances than <see cref="ReleasedCopy.LimitOfOneJob"/>.</exception>
    public ValueTask<(long? Job, IReadOnlyList<ReleasedCopy> Copies)> ReleaseAsync(
        IReadOnlyList<HeldContent> instances, string jobKind, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(instances.Count, ReleasedCopy.LimitOfOneJob, nameof(instances));
        return RunDurablyAsync<(IReadOnlyList<HeldContent> Instances, string JobKind), (long?, IReadOnlyList<ReleasedCopy>)>(
            (instances, jobKind),
            static (writer, of) =>
            {
                var copies = writer.Releases.Release(of.Instances, writer.Now);
                writer.Instances.Forget();
                return Named(writer, of.JobKind, copies);
            },
            ct);
    }

    /// <summary>
    /// Deletes instances with all their versions, and parents that this empties, tells the feed, and leaves a job that names the files; all in one transaction, durably.
    /// What other nodes hold stays known.
    /// </summary>
    /// <param name="sopInstanceUids">The instances; unknown ones are passed over.</param>
    /// <param name="jobKind">Kind of the job; its payload is <see cref="ReleasedCopy.Encode"/> of what is returned.</param>
    /// <param name="ct">Ends the waiting before the transaction.</param>
    /// <returns>The job, and the copies whose bytes can go; no job when there are none.</returns>
    /// <exception cref="ArgumentException">There are more instances than half of <see cref="ReleasedCopy.LimitOfOneJob"/>.</exception>
    public ValueTask<(long? Job, IReadOnlyList<ReleasedCopy> Copies)> DeleteAsync(
        IReadOnlyList<string> sopInstanceUids, string jobKind, CancellationToken ct)
    {
        // An instance with other versions has several copies.
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sopInstanceUids.Count, ReleasedCopy.LimitOfOneJob / 2, nameof(sopInstanceUids));
        return RunDurablyAsync<(IReadOnlyList<string> Instances, string JobKind), (long?, IReadOnlyList<ReleasedCopy>)>(
            (sopInstanceUids, jobKind),
            static (writer, of) => Named(
                writer,
                of.JobKind,
                writer.Deletion.Delete(of.Instances, writer.Instances, writer.Now)
                    .ConvertAll(static gone => new ReleasedCopy(gone.SopInstanceUid, gone.Copy.VolumeId, gone.Copy.Path, gone.Copy.LengthBytes))),
            ct);
    }

    /// <summary>The job that names files that can go, in the transaction that took their copies out.</summary>
    private static (long? Job, IReadOnlyList<ReleasedCopy> Copies) Named(Writing.Writer writer, string jobKind, List<ReleasedCopy> copies) => copies.Count == 0
        ? (null, copies)
        : (writer.Jobs.Enqueue(jobKind, Guid.NewGuid().ToString("N"), ReleasedCopy.Encode(copies), DateTimeOffset.UnixEpoch), copies);

    /// <summary>Parents may have changed or gone: what the writer remembers of them is dropped before the next instance comes.</summary>
    private ValueTask<bool> ReplicateAsync<TArgument>(TArgument argument, Func<Writing.Writer, TArgument, bool> work, CancellationToken ct) => RunDurablyAsync(
        (argument, work),
        static (writer, state) =>
        {
            writer.Instances.Forget();
            return state.work(writer, state.argument);
        },
        ct);
}
