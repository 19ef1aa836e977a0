using System.Buffers;
using Panal.Volumes;

namespace Panal.Archive.Retrieve;

/// <summary>How far an export is.</summary>
/// <param name="Total">Instances in all.</param>
/// <param name="Written">Files that were written and compared.</param>
/// <param name="Failed">Instances that could not be had, or are not what was received any more.</param>
/// <param name="Bytes">Bytes of the files.</param>
/// <param name="IsComplete">Whether it has come to its end.</param>
public sealed record ReceivedExportProgress(int Total, int Written, int Failed, long Bytes, bool IsComplete);

/// <summary>Writes files exactly as they were received, whatever form they are kept in; what is elsewhere is brought.</summary>
public sealed class ReceivedExport(Retriever retriever)
{
    private const int BufferBytes = 256 << 10;

    /// <summary>Writes the files that a retrieval names, one a SOP Instance UID.</summary>
    /// <param name="request">Which ones.</param>
    /// <param name="folder">A folder, made where there is none; files of the same names are replaced when the new ones are whole.</param>
    /// <param name="report">Called for each.</param>
    /// <param name="ct">Stops after the file in hand.</param>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public async Task<ReceivedExportProgress> ExportAsync(RetrieveRequest request, string folder, Action<ReceivedExportProgress> report, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(report);
        var instances = retriever.Locate(request, ct);
        Directory.CreateDirectory(folder);
        var progress = new ReceivedExportProgress(instances.Count, 0, 0, 0, false);
        foreach (var instance in instances)
        {
            var written = await retriever.BringAsync(instance, ct) && retriever.Refresh(instance) is { } here ? await WriteAsync(here, folder, ct) : null;
            progress = written is { } bytes
                ? progress with { Written = progress.Written + 1, Bytes = progress.Bytes + bytes }
                : progress with { Failed = progress.Failed + 1 };
            report(progress);
        }

        progress = progress with { IsComplete = true };
        report(progress);
        return progress;
    }

    /// <summary>Writes one file and compares its hash; null when it is not what was received.</summary>
    private async Task<long?> WriteAsync(InstanceReference instance, string folder, CancellationToken ct)
    {
        var path = Path.Combine(folder, SafePath.Component(instance.SopInstanceUid) + ".dcm");
        var unfinished = path + ".part";
        using var hasher = new ContentHasher();
        if (retriever.OpenHeld(instance) is not var (copy, stored))
        {
            return null;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            await using var received = stored;
            await using var file = new FileStream(unfinished, FileMode.Create, FileAccess.Write, FileShare.None);
            for (int read; (read = await ReadAsync(received, buffer, ct)) > 0;)
            {
                hasher.Append(buffer.AsSpan(0, read));
                await file.WriteAsync(buffer.AsMemory(0, read), ct);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        var length = hasher.LengthBytes;
        if (!hasher.Complete().Equals(new ContentHash(copy.Hash.Span)))
        {
            File.Delete(unfinished);
            return null;
        }

        File.Move(unfinished, path, overwrite: true);
        return length;
    }

    private static async ValueTask<int> ReadAsync(Stream stored, byte[] buffer, CancellationToken ct)
    {
        try
        {
            return await stored.ReadAsync(buffer, ct);
        }
        catch (IOException)
        {
            // A stored file that cannot be read is told of by its hash, like one that is damaged; others are exported all the same.
            return 0;
        }
    }
}
