namespace Panal.Swarm.Serving;

/// <summary>Of several transfers, the one that has had the least for its weight.</summary>
internal sealed class FairShares : IServeRule
{
    /// <inheritdoc/>
    public int Compare(in ServeCandidate first, in ServeCandidate second) =>
        first.Customer.Set == second.Customer.Set ? 0 : first.Customer.Set.Served.CompareTo(second.Customer.Set.Served);
}
