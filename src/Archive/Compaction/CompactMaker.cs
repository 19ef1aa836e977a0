using System.Buffers;
using Microsoft.Extensions.Logging;
using Panal.Archive.Retrieve;
using Panal.Catalogue;
using Panal.Dicom;
using Panal.Imaging;
using Panal.Imaging.Compact;
using Panal.Volumes;

namespace Panal.Archive.Compaction;

/// <summary>Writes the compact form of one copy beside it, reads it back, and compares what it gives with what was received.</summary>
internal sealed class CompactMaker(VolumeStore volumes, ILogger logger)
{
    /// <summary>Lies beside a compact form in the staging log; says that there is no row to write after a crash (docs/formats/compact-form.md).</summary>
    internal static ReadOnlySpan<byte> Note => "PCN\u0001"u8;

    private const int BufferBytes = 256 << 10;

    /// <summary>What does not become a tenth shorter is not worth decoding at each reading.</summary>
    private const double LongestShare = 0.9;

    /// <summary>The path of the compact form of a file.</summary>
    internal static string PathFor(string path) =>
        path.EndsWith(".dcm", StringComparison.Ordinal) ? string.Concat(path.AsSpan(0, path.Length - 4), ".compact.dcm") : path + ".compact";

    /// <summary>Whether a file has the name of a compact form.</summary>
    internal static bool IsPathOfCompact(string path) => path.EndsWith(".compact.dcm", StringComparison.Ordinal) || path.EndsWith(".compact", StringComparison.Ordinal);

    /// <summary>Makes the compact form; null when the bytes cannot be had now.</summary>
    /// <exception cref="StorageFullException">There is no room for it.</exception>
    internal async Task<CompactionDecision?> MakeAsync(CompactionCandidate candidate, TransferSyntax syntax, CancellationToken ct)
    {
        try
        {
            return await WriteAsync(candidate, syntax, ct);
        }
        catch (Exception e) when (e is ImageException or DicomFormatException)
        {
            return LeftAlone(candidate, CompactionOutcome.NotPossible);
        }
        catch (IOException e) when (e is not StorageFullException)
        {
            // Gone since, or the disk does not give it: others are not held up, and this one is tried again.
            Log.NotCompactedNow(logger, candidate.SopInstanceUid, e.GetType().Name);
            return null;
        }
    }

    /// <summary>How long the compact form would be; null when there is none, or none that is worth it.</summary>
    internal async Task<long?> MeasureAsync(CompactionCandidate candidate, TransferSyntax syntax, CancellationToken ct)
    {
        try
        {
            using var form = await BeginAsync(candidate, syntax, ct);
            return await CopyAsync(form, (_, _) => ValueTask.CompletedTask, LimitOf(candidate.Copy), ct);
        }
        catch (Exception e) when (e is ImageException or DicomFormatException or ObjectMissingException)
        {
            return null;
        }
    }

    private static CompactionDecision LeftAlone(CompactionCandidate candidate, CompactionOutcome outcome) =>
        new(candidate.SopInstanceUid, candidate.Copy, outcome, candidate.Copy.Path, candidate.Copy.VolumeId, null);

    private static long LimitOf(CopyRecord copy) => (long)(copy.LengthBytes * LongestShare);

    private Task<CompactForm> BeginAsync(CompactionCandidate candidate, TransferSyntax syntax, CancellationToken ct)
    {
        var copy = candidate.Copy;
        return CompactForm.BeginAsync(volumes.Open(new VolumeId(copy.VolumeId), copy.Path), copy.Hash, syntax, ImageLimits.Default, ct);
    }

    private async Task<CompactionDecision> WriteAsync(CompactionCandidate candidate, TransferSyntax syntax, CancellationToken ct)
    {
        var copy = candidate.Copy;
        var path = PathFor(copy.Path);
        await using var staged = volumes.Begin();
        long dataSetOffset;
        using (var form = await BeginAsync(candidate, syntax, ct))
        {
            dataSetOffset = form.Head.Length;
            if (await CopyAsync(form, staged.WriteAsync, LimitOf(copy), ct) is null)
            {
                return LeftAlone(candidate, CompactionOutcome.NotShorter);
            }
        }

        // What is there of an attempt that nobody remembers is no copy's file: the copy has the other path.
        if (volumes.FindLengthBytes(new VolumeId(copy.VolumeId), path) is not null)
        {
            await volumes.DeleteAsync(new VolumeId(copy.VolumeId), path, ct);
        }

        var hash = staged.Seal();
        var stored = await staged.CommitAsync(path, Note.ToArray(), ct);
        var file = new CompactFile(staged.LengthBytes, hash.ToArray(), dataSetOffset, syntax.Uid);
        if (GivesBack(copy with { VolumeId = stored.Volume.Value, Path = path, Compact = file }, ct))
        {
            using var compact = volumes.Open(stored.Volume, path);
            file = file with { Stages = CompactStages.Describe(compact) };
            return new CompactionDecision(candidate.SopInstanceUid, copy, CompactionOutcome.Compact, path, stored.Volume.Value, file);
        }

        Log.CompactFormDiffers(logger, candidate.SopInstanceUid);
        await volumes.DeleteAsync(stored.Volume, path, CancellationToken.None);
        return LeftAlone(candidate, CompactionOutcome.NotReversible);
    }

    /// <summary>Gives the whole file to a writer; null when it is longer than the limit.</summary>
    private static async Task<long?> CopyAsync(
        CompactForm form, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> write, long limitBytes, CancellationToken ct)
    {
        await write(form.Head, ct);
        long length = form.Head.Length;
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            int read;
            while (length <= limitBytes && (read = await form.DataSet.ReadAsync(buffer, ct)) > 0)
            {
                await write(buffer.AsMemory(0, read), ct);
                length += read;
            }

            return length <= limitBytes ? length : null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Whether the compact form, as it was stored, gives every byte of the received file.</summary>
    private bool GivesBack(CopyRecord copy, CancellationToken ct)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            using var received = volumes.OpenReceived(copy);
            using var hasher = new ContentHasher();
            int read;
            while ((read = received.Read(buffer)) > 0)
            {
                ct.ThrowIfCancellationRequested();
                hasher.Append(buffer.AsSpan(0, read));
            }

            return hasher.LengthBytes == copy.LengthBytes && copy.Hash.Span.SequenceEqual(hasher.Complete().ToArray());
        }
        catch (IOException)
        {
            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
