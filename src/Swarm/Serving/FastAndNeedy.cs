namespace Panal.Swarm.Serving;

/// <summary>
/// Blocks that no receiver has go to the receivers in proportion to their uplinks, since a fast one multiplies what it gets and a slow one
/// would else have nothing to give; others to the receiver that lacks the most, which would be the last to finish.
/// Of one receiver, what it asked for first. Ties fall differently at each node, or all would begin with the same receiver.
/// </summary>
internal sealed class FastAndNeedy : IServeRule
{
    /// <inheritdoc/>
    public int Compare(in ServeCandidate first, in ServeCandidate second)
    {
        if (first.Customer == second.Customer)
        {
            return first.Index.CompareTo(second.Index);
        }

        var order = first.Customer.Set.Copies(first.Asked.Block) == 0
            ? (first.Customer.FreshBytes / first.Customer.UplinkBytesPerSecond).CompareTo(second.Customer.FreshBytes / second.Customer.UplinkBytesPerSecond)
            : second.Customer.Lacks.CompareTo(first.Customer.Lacks);
        return order != 0 ? order : first.Customer.Tie.CompareTo(second.Customer.Tie);
    }
}
