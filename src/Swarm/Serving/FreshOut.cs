namespace Panal.Swarm.Serving;

/// <summary>
/// A block that no receiver has before one that has been out; of those first the blocks that are ours to send among all who hold everything. In a large
/// swarm it takes a minute until another of them hears of a block that we sent: it would send it too. A few receivers tell at once, and have what they ask
/// for in its order.
/// </summary>
internal sealed class FreshOut : IServeRule
{
    /// <summary>Up to so many receivers hear of one another's blocks before the next ones leave.</summary>
    private const int Few = 16;

    /// <inheritdoc/>
    public int Compare(in ServeCandidate first, in ServeCandidate second) => Rank(first).CompareTo(Rank(second));

    private static int Rank(in ServeCandidate candidate)
    {
        var set = candidate.Customer.Set;
        return set.Copies(candidate.Asked.Block) > 0 ? 2 : set.Receivers <= Few || set.IsOurs(candidate.Asked.Block) ? 0 : 1;
    }
}
