using System.Text.Json;
using Microsoft.Extensions.Logging;
using Panal.Archive.Fixity;
using Panal.Archive.Jobs;
using Panal.Catalogue;
using Panal.Volumes;

namespace Panal.Archive.Commitment;

/// <summary>
/// Commits to keep instances: each one is read back from its volume and its hash compared before the answer is yes. Requests survive
/// a restart, reports are repeated until they are delivered.
/// </summary>
/// <remarks>PS3.4 Annex J. The same Transaction UID again gets the same answer again.</remarks>
public sealed class CommitmentService : IJobHandler
{
    private readonly CatalogueDatabase _catalogue;
    private readonly VolumeStore _volumes;
    private readonly JobRunner _jobs;
    private readonly IReportCommitment _reporter;
    private readonly ILogger<CommitmentService> _logger;

    public CommitmentService(
        CatalogueDatabase catalogue, VolumeStore volumes, JobRunner jobs, IReportCommitment reporter, ILogger<CommitmentService> logger)
    {
        _catalogue = catalogue;
        _volumes = volumes;
        _jobs = jobs;
        _reporter = reporter;
        _logger = logger;
    }

    /// <inheritdoc/>
    public string Kind => "storage-commitment";

    /// <summary>Takes the request; it is durable when this returns, and worked on in the background.</summary>
    public ValueTask RequestAsync(CommitmentRequest request, CancellationToken ct)
    {
        var payload = JsonSerializer.SerializeToUtf8Bytes(new CommitmentJob(request, null), CommitmentJson.Default.CommitmentJob);
        return _jobs.SubmitAsync(Kind, $"{request.RequestorAeTitle}\\{request.TransactionUid}", payload, ct);
    }

    /// <inheritdoc/>
    public async ValueTask<JobStep> RunAsync(ReadOnlyMemory<byte> payload, CancellationToken ct)
    {
        var job = JsonSerializer.Deserialize(payload.Span, CommitmentJson.Default.CommitmentJob)
            ?? throw new JsonException("An empty commitment job");
        if (job.Report is null)
        {
            var report = await VerifyAsync(job.Request, ct);
            return JobStep.Continue(JsonSerializer.SerializeToUtf8Bytes(job with { Report = report }, CommitmentJson.Default.CommitmentJob));
        }

        var delivered = await _reporter.ReportAsync(job.Report, ct);
        if (delivered)
        {
            Log.CommitmentReported(_logger, job.Report.RequestorAeTitle, job.Report.Committed.Count, job.Report.Failed.Count);
        }

        return delivered ? JobStep.Done : JobStep.Retry;
    }

    private async ValueTask<CommitmentReport> VerifyAsync(CommitmentRequest request, CancellationToken ct)
    {
        var committed = new List<ReferencedInstance>(request.Instances.Count);
        var failed = new List<FailedInstance>();
        foreach (var instance in request.Instances)
        {
            if (await FaultOfAsync(instance, ct) is { } reason)
            {
                failed.Add(new FailedInstance(instance.SopClassUid, instance.SopInstanceUid, reason));
            }
            else
            {
                committed.Add(instance);
            }
        }

        return new CommitmentReport(request.TransactionUid, request.RequestorAeTitle, request.OwnAeTitle, committed, failed);
    }

    private async ValueTask<ushort?> FaultOfAsync(ReferencedInstance instance, CancellationToken ct)
    {
        var row = _catalogue.FindInstance(instance.SopInstanceUid);
        if (row?.Copy is not { } copy)
        {
            return FailureReasons.NoSuchObjectInstance;
        }

        if (row.SopClassUid != instance.SopClassUid)
        {
            return FailureReasons.ClassInstanceConflict;
        }

        return await _volumes.VerifyAsync(_catalogue, instance.SopInstanceUid, copy, ct) == VerifyOutcome.Verified ? null : FailureReasons.ProcessingFailure;
    }
}
