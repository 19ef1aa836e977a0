using System.Threading.Tasks.Sources;

namespace Panal.Catalogue.Writing;

/// <summary>One write that waits for its place in a transaction; runs with the writing connection, ends with the commit.</summary>
internal abstract class WriteItem
{
    /// <summary>Does the work inside the open transaction; may run again, alone, when the group failed.</summary>
    internal abstract void Execute(Writer writer);

    internal abstract void Succeed();

    internal abstract void Fail(Exception failure);
}

/// <summary>A write with an answer.</summary>
internal sealed class WriteItem<TArgument, TResult>(TArgument argument, Func<Writer, TArgument, TResult> work) : WriteItem, IValueTaskSource<TResult>
{
    private ManualResetValueTaskSourceCore<TResult> _source = new() { RunContinuationsAsynchronously = true };
    private TResult? _result;

    internal ValueTask<TResult> Task => new(this, _source.Version);

    internal override void Execute(Writer writer) => _result = work(writer, argument);

    internal override void Succeed() => _source.SetResult(_result!);

    internal override void Fail(Exception failure) => _source.SetException(failure);

    TResult IValueTaskSource<TResult>.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<TResult>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<TResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);
}

/// <summary>The row of an instance whose bytes are durable already; it may wait for company.</summary>
internal sealed class DeferredWrite(InstanceRecord record, ICommitWitness witness) : WriteItem
{
    internal override void Execute(Writer writer)
    {
        if (writer.Instances.Add(record, writer.Now).Result == AddResult.OtherContent && writer.Instances.Find(record.SopInstanceUid) is { } instance)
        {
            writer.Conflicts.RecordContent(record, ConflictDecision.KeptBoth, instance, writer.Copies, writer.Now);
        }
    }

    internal override void Succeed() => witness.Committed();

    internal override void Fail(Exception failure) => witness.Failed(failure);
}
