using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using Panal.Archive.Ingest;
using Panal.Catalogue;

namespace Panal.Archive.Compaction;

/// <summary>One file of an instance that may have to go.</summary>
internal sealed record SupersededFile(string Uid, int Volume, string Path)
{
    /// <summary>A path may hold a patient identifier.</summary>
    public override string ToString() => Uid;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(SupersededFile[]))]
internal sealed partial class SupersededJson : JsonSerializerContext;

/// <summary>
/// Deletes the files that compaction leaves behind: received files that a compact form stands for, and compact forms that a crash kept from
/// standing for anything. Both are named in a durable job before they can come to be (docs/formats/catalogue.md).
/// </summary>
internal sealed class SupersededFiles(CatalogueDatabase catalogue, Ingester ingester, TimeProvider time, ILogger logger)
{
    /// <summary>Kind of the job, as stored; never changes.</summary>
    internal const string Kind = "compaction";

    private const int StepJobs = 16;
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMinutes(10);

    /// <summary>Names the files of a batch, durably; they are not touched before the job gets a time, or the node starts again.</summary>
    internal async ValueTask<Job> AnnounceAsync(IReadOnlyList<CompactionCandidate> batch, CancellationToken ct)
    {
        SupersededFile[] files =
        [
            .. batch.SelectMany(candidate => (SupersededFile[])
                [Named(candidate, candidate.Copy.Path), Named(candidate, CompactMaker.PathFor(candidate.Copy.Path))]),
        ];
        var payload = JsonSerializer.SerializeToUtf8Bytes(files, SupersededJson.Default.SupersededFileArray);
        var key = Guid.NewGuid().ToString("N");
        var id = await catalogue.EnqueueJobAsync(Kind, key, payload, DateTimeOffset.MaxValue, ct);
        return new Job(id, Kind, key, payload, DateTimeOffset.MaxValue, 0, JobState.Waiting);
    }

    /// <summary>Does the jobs that are due; those of an earlier process too when <paramref name="isStart"/> says so.</summary>
    internal async Task CleanAsync(bool isStart, CancellationToken ct)
    {
        while (catalogue.Jobs(Kind, isStart ? DateTimeOffset.MaxValue : time.GetUtcNow(), JobState.Waiting, StepJobs) is { Count: > 0 } jobs)
        {
            foreach (var job in jobs)
            {
                try
                {
                    await DeleteAsync(job, ct);
                    await catalogue.RemoveJobAsync(job.Id, ct);
                }
                catch (Exception fault) when (fault is IOException or JsonException && !ct.IsCancellationRequested)
                {
                    Log.JobStepFailed(logger, fault, Kind, job.Id, job.Attempts + 1);
                    await catalogue.UpdateJobAsync(job with { Attempts = job.Attempts + 1, DueAt = time.GetUtcNow() + RetryDelay }, ct);
                    if (isStart)
                    {
                        return;
                    }
                }
            }
        }
    }

    private static SupersededFile Named(CompactionCandidate candidate, string path) => new(candidate.SopInstanceUid, candidate.Copy.VolumeId, path);

    private async Task DeleteAsync(Job job, CancellationToken ct)
    {
        foreach (var file in JsonSerializer.Deserialize(job.Payload.Span, SupersededJson.Default.SupersededFileArray) ?? [])
        {
            await ingester.DeleteReleasedAsync(new ReleasedCopy(file.Uid, file.Volume, file.Path, 0), ct);
        }
    }
}
