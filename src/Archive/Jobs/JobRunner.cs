using Microsoft.Extensions.Logging;
using Panal.Catalogue;

namespace Panal.Archive.Jobs;

/// <summary>
/// Runs the durable jobs of one kind, one after another: what is submitted is done, also after a restart, and what fails is tried
/// again later.
/// </summary>
/// <remarks>
/// <code>
/// submit ─► Waiting ──step──► done: the row is deleted
///             ▲  │
///             │  ├─ continue: new payload, due now
///             └──┴─ retry:    due later, attempts + 1 ──► Failed after the last attempt, kept for the administrator
/// </code>
/// </remarks>
public sealed class JobRunner : IDisposable
{
    /// <summary>
    /// Waits before each further attempt. A modality that restarts is back within minutes, one that is switched off over a long
    /// weekend within days.
    /// </summary>
    private static readonly TimeSpan[] Delays =
    [
        TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10), TimeSpan.FromHours(1),
    ];

    /// <summary>At one attempt an hour: four days.</summary>
    private const int AttemptLimit = 100;

    private readonly CatalogueDatabase _catalogue;
    private readonly TimeProvider _time;
    private readonly ILogger<JobRunner> _logger;
    private readonly SemaphoreSlim _submitted = new(0);

    public JobRunner(CatalogueDatabase catalogue, TimeProvider time, ILogger<JobRunner> logger)
    {
        _catalogue = catalogue;
        _time = time;
        _logger = logger;
    }

    /// <inheritdoc/>
    public void Dispose() => _submitted.Dispose();

    /// <summary>Adds a job, or starts the one with the same key anew; durable when it returns.</summary>
    public async ValueTask SubmitAsync(string kind, string key, ReadOnlyMemory<byte> payload, CancellationToken ct)
    {
        await _catalogue.EnqueueJobAsync(kind, key, payload, _time.GetUtcNow(), ct);
        _submitted.Release();
    }

    /// <summary>Works until cancelled.</summary>
    public async Task RunAsync(IJobHandler handler, CancellationToken ct)
    {
        while (true)
        {
            ct.ThrowIfCancellationRequested();
            var next = _catalogue.Jobs(handler.Kind, DateTimeOffset.MaxValue, JobState.Waiting, 1) is [var first, ..] ? first : null;
            var wait = next is null ? Timeout.InfiniteTimeSpan : next.DueAt - _time.GetUtcNow();
            if (next is not null && wait <= TimeSpan.Zero)
            {
                await StepAsync(handler, next, ct);
            }
            else
            {
                await WaitAsync(wait, ct);
            }
        }
    }

    private async Task StepAsync(IJobHandler handler, Job job, CancellationToken ct)
    {
        var step = JobStep.Retry;
        try
        {
            step = await handler.RunAsync(job.Payload, ct);
        }
        catch (Exception fault) when (!ct.IsCancellationRequested)
        {
            Log.JobStepFailed(_logger, fault, job.Kind, job.Id, job.Attempts + 1);
        }

        switch (step.Kind)
        {
            case JobStepKind.Done:
                await _catalogue.RemoveJobAsync(job.Id, ct);
                break;
            case JobStepKind.Continue:
                await _catalogue.UpdateJobAsync(job with { Payload = step.Payload, Attempts = 0, DueAt = _time.GetUtcNow() }, ct);
                break;
            default:
                await PostponeAsync(job, ct);
                break;
        }
    }

    private async Task PostponeAsync(Job job, CancellationToken ct)
    {
        var attempts = job.Attempts + 1;
        if (attempts >= AttemptLimit)
        {
            Log.JobGivenUp(_logger, job.Kind, job.Id, attempts);
            await _catalogue.UpdateJobAsync(job with { Attempts = attempts, State = JobState.Failed }, ct);
            return;
        }

        var delay = Delays[Math.Min(attempts, Delays.Length) - 1];
        await _catalogue.UpdateJobAsync(job with { Attempts = attempts, DueAt = _time.GetUtcNow() + delay }, ct);
    }

    /// <summary>Waits for a submission, or until the next job is due.</summary>
    private async Task WaitAsync(TimeSpan wait, CancellationToken ct)
    {
        using var due = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var submitted = _submitted.WaitAsync(due.Token);
        if (wait == Timeout.InfiniteTimeSpan)
        {
            await submitted;
            return;
        }

        await Task.WhenAny(submitted, Task.Delay(wait, _time, due.Token));
        await due.CancelAsync();
        ct.ThrowIfCancellationRequested();
    }
}
