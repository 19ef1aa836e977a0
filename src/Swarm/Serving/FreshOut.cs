namespace Panal.Swarm.Serving;

/// <summary>A block that no receiver has before one that has been out.</summary>
internal sealed class FreshOut : IServeRule
{
    /// <inheritdoc/>
    public int Compare(in ServeCandidate first, in ServeCandidate second) =>
        (first.Customer.Set.Copies(first.Asked.Block) > 0).CompareTo(second.Customer.Set.Copies(second.Asked.Block) > 0);
}
