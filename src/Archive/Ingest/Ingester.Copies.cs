using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using Panal.Archive.Compaction;
using Panal.Catalogue;
using Panal.Dicom;
using Panal.Imaging;
using Panal.Imaging.Compact;
using Panal.Imaging.Transcoding;
using Panal.Volumes;

namespace Panal.Archive.Ingest;

/// <content>Files that other nodes of ours stored.</content>
public sealed partial class Ingester
{
    private const int CopyBufferBytes = 256 << 10;

    /// <summary>
    /// Stores a file that another node of ours stored, byte for byte, in the form that it comes in: as it was stored at first, or compact. A
    /// compact file must give back a file that some holder is known to have.
    /// </summary>
    /// <param name="file">The file; it can seek, and stays open.</param>
    /// <param name="ct">Nothing is kept when it fires.</param>
    /// <returns>What became of the instance, as with <see cref="StoreAsync"/>.</returns>
    public async ValueTask<IngestOutcome> StoreCopyAsync(Stream file, CancellationToken ct)
    {
        if (await StoreIfCompactAsync(file, ct) is { } outcome)
        {
            return outcome;
        }

        file.Position = 0;
        var reader = PipeReader.Create(file, new StreamPipeReaderOptions(bufferSize: CopyBufferBytes, leaveOpen: true));
        try
        {
            return await StoreCopyAsync(reader, ct);
        }
        finally
        {
            await reader.CompleteAsync();
        }
    }

    /// <summary>Stores a compact file in its form; null when the file is none, which then stands anywhere.</summary>
    internal async ValueTask<IngestOutcome?> StoreIfCompactAsync(Stream file, CancellationToken ct)
    {
        FileMetaInformation meta;
        try
        {
            meta = await FileTranscoder.ReadMetaAsync(file, ct);
        }
        catch (DicomFormatException)
        {
            return null;
        }

        if (!ReceivedStream.IsCompact(meta))
        {
            return null;
        }

        var started = Stopwatch.GetTimestamp();
        var outcome = await TryStoreCompactAsync(file, meta, ct);
        _meter.Record(outcome, Stopwatch.GetElapsedTime(started));
        return outcome;
    }

    private async ValueTask<IngestOutcome> TryStoreCompactAsync(Stream file, FileMetaInformation meta, CancellationToken ct)
    {
        try
        {
            using var received = ReceivedStream.Open(file, ImageLimits.Default, leavesOpen: true);
            var (request, attributes, dataSetOffset, hash) = await ReadReceivedAsync(received, ct);
            if (!received.Hash.Span.SequenceEqual(hash.ToArray()) || !IsKnownContent(request.SopInstanceUid, hash))
            {
                return IngestOutcome.Refused(IngestRefusal.CannotUnderstand, "The compact form does not give back what is known of the instance");
            }

            await using var staged = _volumes.Begin();
            await CopyAsync(file, staged, ct);
            var compact = new CompactFile(staged.LengthBytes, staged.Seal().ToArray(), meta.DataSetOffsetBytes, meta.TransferSyntax.Uid)
            {
                Stages = CompactStages.Describe(file),
            };
            var copy = new Received(request, attributes, dataSetOffset, staged) { Form = new CompactReceived(compact, hash, received.Length) };
            return Fault(attributes, request) ?? await DecideAsync(copy, ct) with { Attributes = attributes };
        }
        catch (Exception fault) when (fault is ImageException or DicomFormatException or CompactFormException)
        {
            return IngestOutcome.Refused(IngestRefusal.CannotUnderstand, fault.Message);
        }
        catch (Exception fault) when (fault is StorageFullException or StorageFailedException or CatalogueException)
        {
            return IngestOutcome.Refused(IngestRefusal.OutOfResources, "It cannot be written");
        }
    }

    /// <summary>Whether a holder told of this content, or nobody told of any.</summary>
    private bool IsKnownContent(string sopInstanceUid, ContentHash hash)
    {
        var bytes = hash.ToArray();
        return _catalogue.HoldersOfInstance(sopInstanceUid) is not { Count: > 0 } holders || holders.Any(holder => holder.Hash.Span.SequenceEqual(bytes));
    }

    /// <summary>Reads the first file to its end: what it is, what the catalogue wants of it, and its hash.</summary>
    private async ValueTask<(IngestRequest Request, DataSet Attributes, long DataSetOffset, ContentHash Hash)> ReadReceivedAsync(
        ReceivedStream received, CancellationToken ct)
    {
        var reader = PipeReader.Create(received, new StreamPipeReaderOptions(bufferSize: CopyBufferBytes, leaveOpen: true));
        using var hasher = new ContentHasher();
        try
        {
            var (request, header) = await ReadHeaderAsync(reader, ct);
            hasher.Append(header.Span);
            var scanner = _scanners.TryTake(out var pooled) ? pooled : new ElementScanner(Wanted, ScanOptions.Default);
            scanner.Start(request.TransferSyntax);
            while (true)
            {
                var read = await reader.ReadAsync(ct);
                scanner.Append(read.Buffer);
                foreach (var segment in read.Buffer)
                {
                    hasher.Append(segment.Span);
                }

                reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    break;
                }
            }

            var attributes = scanner.Complete();
            _scanners.Add(scanner);
            return (request, attributes, header.Length, hasher.Complete());
        }
        finally
        {
            await reader.CompleteAsync();
        }
    }

    private static async ValueTask CopyAsync(Stream file, StagedWrite staged, CancellationToken ct)
    {
        file.Position = 0;
        var buffer = ArrayPool<byte>.Shared.Rent(CopyBufferBytes);
        try
        {
            int read;
            while ((read = await file.ReadAsync(buffer, ct)) > 0)
            {
                await staged.WriteAsync(buffer.AsMemory(0, read), ct);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>What a compact file is and gives back.</summary>
    private sealed record CompactReceived(CompactFile File, ContentHash Hash, long LengthBytes);
}
