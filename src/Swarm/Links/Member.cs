namespace Panal.Swarm.Links;

/// <summary>What we know of one other node: whether we want a link, which stand, how dialling goes. Guarded by the gate of the links.</summary>
internal sealed class Member(NodeId node)
{
    private TaskCompletionSource? _resting;

    public NodeId Node => node;

    public LinkPeer? Wanted { get; set; }

    public List<StandingLink> Standing { get; } = [];

    public bool IsDialling { get; set; }

    /// <summary>Rounds of dialling that failed; one who waits for a link gives up after the next.</summary>
    public long FailedRounds { get; set; }

    public string? LastFailure { get; set; }

    /// <summary>Ends the dialling of this member; null while there is none.</summary>
    public CancellationTokenSource? Dialling { get; set; }

    /// <summary>A rest that <see cref="Wake"/> cuts short.</summary>
    public Task BeginRest()
    {
        _resting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return _resting.Task;
    }

    /// <summary>Something changed, or somebody waits: dialling looks again.</summary>
    public void Wake() => _resting?.TrySetResult();
}
