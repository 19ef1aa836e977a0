namespace Panal.Swarm.Serving;

/// <summary>What a viewer waits for goes before everything else.</summary>
internal sealed class UrgentFirst : IServeRule
{
    /// <inheritdoc/>
    public int Compare(in ServeCandidate first, in ServeCandidate second) => second.Asked.IsUrgent.CompareTo(first.Asked.IsUrgent);
}
