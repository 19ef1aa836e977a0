namespace Panal.Archive.Jobs;

/// <summary>Does the jobs of one kind. A step may run twice when the node stops in between, so it must bear repetition.</summary>
public interface IJobHandler
{
    /// <summary>The kind, as stored; never changes.</summary>
    string Kind { get; }

    /// <summary>Does one step of one job. An exception counts as <see cref="JobStep.Retry"/>.</summary>
    ValueTask<JobStep> RunAsync(ReadOnlyMemory<byte> payload, CancellationToken ct);
}

/// <summary>What to do with a job after a step.</summary>
public readonly record struct JobStep
{
    private JobStep(JobStepKind kind, ReadOnlyMemory<byte> payload = default)
    {
        Kind = kind;
        Payload = payload;
    }

    /// <summary>The job is finished and forgotten.</summary>
    public static JobStep Done { get; } = new(JobStepKind.Done);

    /// <summary>Try the same step again, later each time.</summary>
    public static JobStep Retry { get; } = new(JobStepKind.Retry);

    internal JobStepKind Kind { get; }

    internal ReadOnlyMemory<byte> Payload { get; }

    /// <summary>Go on with the next step at once.</summary>
    public static JobStep Continue(ReadOnlyMemory<byte> payload) => new(JobStepKind.Continue, payload);
}

internal enum JobStepKind
{
    Done,
    Continue,
    Retry,
}
