using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.IO.Pipelines;
using Microsoft.Extensions.Logging;
using Panal.Archive.Compaction;
using Panal.Catalogue;
using Panal.Dicom;
using Panal.Volumes;

namespace Panal.Archive.Ingest;

/// <summary>What a door knows about an instance before its data set arrives.</summary>
/// <param name="SopClassUid">SOP Class UID as announced.</param>
/// <param name="SopInstanceUid">SOP Instance UID as announced.</param>
/// <param name="TransferSyntax">How the data set is encoded.</param>
/// <param name="SourceAeTitle">Who sends, for the catalogue.</param>
public sealed record IngestRequest(string SopClassUid, string SopInstanceUid, TransferSyntax TransferSyntax, string SourceAeTitle)
{
    /// <summary>The study that the instance must be of; null when every study will do.</summary>
    public string? StudyInstanceUid { get; init; }
}

/// <summary>
/// Takes instances in: bytes flow from the door to the volume while the elements before Pixel Data are read from the same buffers.
/// </summary>
/// <remarks>
/// The order is bytes, then row, then answer. The bytes become durable together with a note that holds the row, so a crash
/// between the two loses nothing: start-up writes the missing rows from the notes (docs/formats/staging-log.md). The row is given to the
/// catalogue before the answer, which every later read sees, and is committed in company of others (<see cref="PendingRows"/>).
/// </remarks>
public sealed partial class Ingester
{
    private static readonly ElementSelection Wanted = new([.. CataloguedAttributes.Wanted]);
    private static readonly Tag[] Parents = [Tags.StudyInstanceUID, Tags.SeriesInstanceUID];

    private readonly VolumeStore _volumes;
    private readonly CatalogueDatabase _catalogue;
    private readonly IngestOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<Ingester> _logger;
    private readonly IngestMeter _meter;
    private readonly PendingRows _rows;
    private readonly InstanceLocks _locks;
    private readonly ConcurrentBag<ElementScanner> _scanners = [];

    public Ingester(
        VolumeStore volumes,
        CatalogueDatabase catalogue,
        PendingRows rows,
        IngestOptions options,
        IngestMeter meter,
        TimeProvider time,
        ILogger<Ingester> logger)
    {
        _volumes = volumes;
        _catalogue = catalogue;
        _rows = rows;
        _locks = new InstanceLocks(rows);
        _options = options;
        _meter = meter;
        _time = time;
        _logger = logger;
    }

    /// <summary>Stores one instance; when it returns an acknowledged outcome, bytes and row survive power loss.</summary>
    /// <param name="dataSet">The data set without file meta information; read to its end or to the first fault.</param>
    /// <param name="request">What the door knows already.</param>
    /// <param name="ct">Fires when the sender is gone; nothing is kept then.</param>
    /// <returns>What became of the instance. Faults of the peer's connection leave as its own exceptions.</returns>
    public ValueTask<IngestOutcome> StoreAsync(PipeReader dataSet, IngestRequest request, CancellationToken ct) =>
        TakeInAsync(dataSet, request, received: null, ct);

    /// <summary>
    /// Receives one instance. What is returned ends as <see cref="StoreAsync"/> does: who sends many in one go need not wait
    /// for the disk between two of them.
    /// </summary>
    /// <param name="dataSet">Read to its end, or to the first fault, when this returns.</param>
    /// <param name="request">What the door knows already.</param>
    /// <param name="ct">Fires when the sender is gone; nothing is kept then.</param>
    public async ValueTask<Task<IngestOutcome>> ReceiveAsync(PipeReader dataSet, IngestRequest request, CancellationToken ct)
    {
        var received = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var stored = TakeInAsync(dataSet, request, received, ct).AsTask();
        await Task.WhenAny(received.Task, stored);
        return stored;
    }

    private async ValueTask<IngestOutcome> TakeInAsync(PipeReader dataSet, IngestRequest request, TaskCompletionSource? received, CancellationToken ct)
    {
        var started = Stopwatch.GetTimestamp();
        var outcome = await TryStoreAsync(dataSet, request, null, received, ct);
        _meter.Record(outcome, Stopwatch.GetElapsedTime(started));
        if (outcome.Result is IngestResult.Refused)
        {
            Log.Refused(_logger, request.SourceAeTitle, outcome.Refusal, outcome.Explanation);
        }

        return outcome;
    }

    /// <summary>Stores a file that another node of ours stored, byte for byte, file meta information and all: its content hash stays.</summary>
    /// <param name="file">The Part 10 file; read to its end or to the first fault.</param>
    /// <param name="ct">Nothing is kept when it fires.</param>
    /// <returns>What became of the instance, as with <see cref="StoreAsync"/>.</returns>
    public async ValueTask<IngestOutcome> StoreCopyAsync(PipeReader file, CancellationToken ct)
    {
        var started = Stopwatch.GetTimestamp();
        IngestOutcome outcome;
        try
        {
            var (request, header) = await ReadHeaderAsync(file, ct);
            outcome = await TryStoreAsync(file, request, header, received: null, ct);
        }
        catch (DicomFormatException fault)
        {
            outcome = IngestOutcome.Refused(IngestRefusal.CannotUnderstand, $"{fault.Reason} at byte {fault.OffsetBytes}");
        }

        _meter.Record(outcome, Stopwatch.GetElapsedTime(started));
        return outcome;
    }

    /// <summary>
    /// Deletes the bytes of a copy that no row names any more, durably; never while the same instance is being taken in, and not when it has come
    /// to be named again.
    /// </summary>
    /// <returns>False when they are named again, or are gone already.</returns>
    /// <exception cref="IOException">They cannot be deleted now.</exception>
    public async ValueTask<bool> DeleteReleasedAsync(ReleasedCopy released, CancellationToken ct)
    {
        using var alone = await _locks.AcquireAsync(released.SopInstanceUid, ct);
        // By the path alone: a volume that does not have it lets the others look.
        var isNamed = _catalogue.FindInstance(released.SopInstanceUid)?.Copies.Any(copy => copy.Path == released.Path) ?? false;
        return !isNamed && await _volumes.DeleteAsync(new VolumeId(released.VolumeId), released.Path, ct);
    }

    /// <summary>Reads the head of a file that one of our nodes wrote, and leaves the reader at its data set.</summary>
    private static async ValueTask<(IngestRequest Request, ReadOnlyMemory<byte> Header)> ReadHeaderAsync(PipeReader file, CancellationToken ct)
    {
        while (true)
        {
            var read = await file.ReadAsync(ct);
            if (FileMeta.TryReadHeader(read.Buffer, read.IsCompleted, out var meta, out var dataSet) && meta is not null)
            {
                var header = read.Buffer.Slice(0, dataSet).ToArray();
                file.AdvanceTo(dataSet);

                // The feed does not tell which application entity sent it to the other node, and none sent it to this one.
                return (new IngestRequest(meta.MediaStorageSopClassUid ?? "", meta.MediaStorageSopInstanceUid ?? "", meta.TransferSyntax, ""), header);
            }

            file.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private async ValueTask<IngestOutcome> TryStoreAsync(
        PipeReader dataSet, IngestRequest request, ReadOnlyMemory<byte>? given, TaskCompletionSource? received, CancellationToken ct)
    {
        if (!Uid.IsWellFormed(request.SopInstanceUid) || !Uid.IsWellFormed(request.SopClassUid))
        {
            return IngestOutcome.Refused(IngestRefusal.InvalidUid, "SOP Class or SOP Instance UID is not a UID");
        }

        try
        {
            await using var staged = _volumes.Begin();
            var header = given ?? WriteHeader(request);
            await staged.WriteAsync(header, ct);
            var attributes = await ReceiveAsync(dataSet, request, staged, ct);
            if (received is not null)
            {
                // The thread that brought the bytes goes back for the next ones; the disk is waited for on another.
                received.SetResult();
                await Task.Yield();
            }

            return Fault(attributes, request)
                ?? await DecideAsync(new Received(request, attributes, header.Length, staged), ct) with { Attributes = attributes };
        }
        catch (DicomFormatException fault)
        {
            return IngestOutcome.Refused(IngestRefusal.CannotUnderstand, $"{fault.Reason} at byte {fault.OffsetBytes}");
        }
        catch (StorageFullException)
        {
            return IngestOutcome.Refused(IngestRefusal.OutOfResources, "No volume has room");
        }
        catch (StorageFailedException)
        {
            return IngestOutcome.Refused(IngestRefusal.OutOfResources, "No volume can be written");
        }
        catch (CatalogueException fault) when (fault.Failure is CatalogueFailure.StorageFull or CatalogueFailure.StorageFailed)
        {
            return IngestOutcome.Refused(IngestRefusal.OutOfResources, "The catalogue cannot be written");
        }
    }

    private static ReadOnlyMemory<byte> WriteHeader(IngestRequest request)
    {
        var header = new ArrayBufferWriter<byte>(1024);
        FileMeta.WriteHeader(request.SopClassUid, request.SopInstanceUid, request.TransferSyntax, header);
        return header.WrittenMemory;
    }

    /// <summary>Lets the bytes flow to the volume and reads the catalogued attributes out of the same buffers.</summary>
    private async ValueTask<DataSet> ReceiveAsync(PipeReader dataSet, IngestRequest request, StagedWrite staged, CancellationToken ct)
    {
        var scanner = _scanners.TryTake(out var pooled) ? pooled : new ElementScanner(Wanted, ScanOptions.Default);
        scanner.Start(request.TransferSyntax);
        while (true)
        {
            var read = await dataSet.ReadAsync(ct);
            var bytes = read.Buffer;
            scanner.Append(bytes);
            await staged.WriteAsync(bytes, ct);
            dataSet.AdvanceTo(bytes.End);
            if (read.IsCompleted)
            {
                break;
            }
        }

        var attributes = scanner.Complete();
        _scanners.Add(scanner);
        return attributes;
    }

    /// <summary>Reads the catalogued attributes out of a data set that is stored already.</summary>
    /// <exception cref="DicomFormatException">It is broken.</exception>
    internal static async ValueTask<DataSet> ReadAttributesAsync(PipeReader dataSet, TransferSyntax syntax, CancellationToken ct)
    {
        using var scanner = new ElementScanner(Wanted, ScanOptions.Default);
        scanner.Start(syntax);
        while (true)
        {
            var read = await dataSet.ReadAsync(ct);
            scanner.Append(read.Buffer);
            dataSet.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return scanner.Complete();
            }
        }
    }

    /// <summary>Says why an instance that arrived whole still cannot be kept; null when it can.</summary>
    private static IngestOutcome? Fault(DataSet attributes, IngestRequest request)
    {
        if (attributes.GetString(Tags.SOPClassUID) is { } sopClass && sopClass != request.SopClassUid)
        {
            return IngestOutcome.Refused(IngestRefusal.DataSetDoesNotMatchSopClass, "The data set has another SOP Class UID");
        }

        if (attributes.GetString(Tags.SOPInstanceUID) is { } sopInstance && sopInstance != request.SopInstanceUid)
        {
            return IngestOutcome.Refused(IngestRefusal.DataSetDoesNotMatchSopClass, "The data set has another SOP Instance UID");
        }

        NonPatientObjects.Adopt(attributes, request.SopClassUid);
        if (request.StudyInstanceUid is { } study && attributes.GetString(Tags.StudyInstanceUID) != study)
        {
            return IngestOutcome.Refused(IngestRefusal.DataSetDoesNotMatchSopClass, "The data set is of another study");
        }

        foreach (var tag in Parents)
        {
            var uid = attributes.GetString(tag);
            if (string.IsNullOrEmpty(uid))
            {
                return IngestOutcome.Refused(IngestRefusal.CannotUnderstand, $"{DataDictionary.KeywordOf(tag)} is missing");
            }

            if (!Uid.IsWellFormed(uid))
            {
                return IngestOutcome.Refused(IngestRefusal.InvalidUid, $"{DataDictionary.KeywordOf(tag)} is not a UID");
            }
        }

        return null;
    }

    /// <summary>Compares with what is held under the UID, and keeps, drops or refuses. One caller at a time for each UID, until its row is committed.</summary>
    private async ValueTask<IngestOutcome> DecideAsync(Received received, CancellationToken ct)
    {
        var alone = await _locks.AcquireAsync(received.Request.SopInstanceUid, ct);
        var isHandedOver = false;
        try
        {
            // Whoever wrote this UID before has let go of it after its commit.
            var held = _catalogue.FindCommitted(received.Request.SopInstanceUid);
            if (held is not { Copies.Count: > 0 })
            {
                isHandedOver = await KeepFirstAsync(received, alone, ct);
                return new IngestOutcome(IngestResult.Stored);
            }

            return await DecideAgainstAsync(held, received, ct);
        }
        finally
        {
            if (!isHandedOver)
            {
                alone.Dispose();
            }
        }
    }

    private async ValueTask<IngestOutcome> DecideAgainstAsync(InstanceRow held, Received received, CancellationToken ct)
    {
        var hash = received.Hash.ToArray();
        if (held.Copies.Any(copy => copy.Hash.Span.SequenceEqual(hash)))
        {
            return new IngestOutcome(IngestResult.AlreadyThere);
        }

        Log.OtherContent(_logger, received.Request.SopInstanceUid, received.Request.SourceAeTitle);
        switch (_catalogue.IsContentWanted(received.Request.SopInstanceUid, hash) ? DuplicatePolicy.KeepBothVersions : _options.Duplicates)
        {
            case DuplicatePolicy.KeepBothVersions:
                var record = await CommitAsync(received, isVersion: true, ct);
                await CatalogueAsync(record, () => _catalogue.AddConflictAsync(record, ConflictDecision.KeptBoth, isDurable: false, CancellationToken.None));
                return new IngestOutcome(IngestResult.KeptBoth);
            case DuplicatePolicy.Refuse:
                await RecordConflictAsync(received, ConflictDecision.Refused, ct);
                return IngestOutcome.Refused(IngestRefusal.DuplicateSopInstance, "Other content is held under this UID");
            default:
                await RecordConflictAsync(received, ConflictDecision.KeptFirst, ct);
                return new IngestOutcome(IngestResult.KeptFirst);
        }
    }

    /// <summary>Makes the bytes durable with a note of the row, and gives the row to the catalogue; true when the UID went with it.</summary>
    private async ValueTask<bool> KeepFirstAsync(Received received, InstanceLocks.Holder alone, CancellationToken ct)
    {
        var record = await CommitAsync(received, isVersion: false, ct);
        if (_rows.IsFailing)
        {
            await CatalogueAsync(record, () => _catalogue.AddAsync(record, CancellationToken.None));
            return false;
        }

        _rows.Add(record, received.Staged.DetachNote(), alone);
        _meter.Kept(record.Copy.LengthBytes);
        return true;
    }

    /// <summary>Makes the bytes durable with a note of the row.</summary>
    private async ValueTask<InstanceRecord> CommitAsync(Received received, bool isVersion, CancellationToken ct)
    {
        var staged = received.Staged;
        var hash = received.Hash;
        var record = Describe(received, hash, isVersion);
        StoredObject stored;
        try
        {
            stored = await staged.CommitAsync(record.Copy.Path, Note(record), ct);
        }
        catch (ObjectExistsException) when (!isVersion)
        {
            // A file that the catalogue does not know has the name. It is left alone; this one gets another.
            record = Describe(received, hash, isVersion: true);
            stored = await staged.CommitAsync(record.Copy.Path, Note(record), ct);
        }

        return record with { Copy = record.Copy with { VolumeId = stored.Volume.Value } };
    }

    /// <summary>Waits for the commit of a row; the sender's departure changes nothing any more, but without the row the bytes go again.</summary>
    private async ValueTask CatalogueAsync<TOutcome>(InstanceRecord record, Func<ValueTask<TOutcome>> write)
    {
        try
        {
            await write();
            _meter.Kept(record.Copy.LengthBytes);
        }
        catch
        {
            await _volumes.DeleteAsync(new VolumeId(record.Copy.VolumeId), record.Copy.Path, CancellationToken.None);
            throw;
        }
    }

    private async ValueTask RecordConflictAsync(Received received, ConflictDecision decision, CancellationToken ct)
    {
        var record = Describe(received, received.Hash, isVersion: true);
        await _catalogue.AddConflictAsync(record, decision, isDurable: true, ct);
    }

    private InstanceRecord Describe(Received received, ContentHash hash, bool isVersion)
    {
        var request = received.Request;
        var now = _time.GetUtcNow();
        var path = FileNames.For(_options.Layout, received.Attributes, request.SopInstanceUid, hash, now, isVersion);
        var copy = received.Form is { } form
            ? new CopyRecord(0, CompactMaker.PathFor(path), form.LengthBytes, hash.ToArray(), received.DataSetOffsetBytes, CopyState.Online) { Compact = form.File }
            : new CopyRecord(0, path, received.Staged.LengthBytes, hash.ToArray(), received.DataSetOffsetBytes, CopyState.Online);
        return new InstanceRecord(
            received.Attributes, request.SopInstanceUid, request.SopClassUid, request.TransferSyntax.Uid, request.SourceAeTitle, now, copy);
    }

    private static ReadOnlyMemory<byte> Note(InstanceRecord record)
    {
        var note = new ArrayBufferWriter<byte>(4096);
        InstanceNote.Encode(record, note);
        return note.WrittenMemory;
    }

    private sealed record Received(IngestRequest Request, DataSet Attributes, long DataSetOffsetBytes, StagedWrite Staged)
    {
        /// <summary>What the staged bytes are and give back, where they are a compact file; else null.</summary>
        public CompactReceived? Form { get; init; }

        /// <summary>Content hash of the file as it was stored at first; nothing can be staged afterwards.</summary>
        public ContentHash Hash => Form?.Hash ?? Staged.Seal();
    }
}
