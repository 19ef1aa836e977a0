using Panal.Volumes;

namespace Panal.Swarm.Serving;

/// <summary>
/// Blocks that no receiver has go to the receivers in proportion to their uplinks, since a fast one multiplies what it gets and a slow one
/// would else have nothing to give; others to the receiver that lacks the most, which would be the last to finish.
/// One who sends to us now goes before others who have had or lack a few blocks more or less: what we send it carries the acknowledgements of what it sends, which
/// would else be one in fifty of what its uplink and ours carry (docs/decisions/2026-11-26-one-line-one-pace.md).
/// Of one receiver, what it asked for first. Where all is alike each node begins with other receivers.
/// </summary>
/// <param name="uplinkBytesPerSecond">What our line carries.</param>
internal sealed class FastAndNeedy(double uplinkBytesPerSecond) : IServeRule
{
    /// <summary>So many blocks are what is sent in both directions at a time worth, whoever gets them: in the time that they take on our line.</summary>
    private const int BlocksOfBoth = 16;

    private readonly double _secondsOfBoth = BlocksOfBoth * ContentHash.BlockBytes / uplinkBytesPerSecond;

    /// <inheritdoc/>
    public int Compare(in ServeCandidate first, in ServeCandidate second)
    {
        if (first.Customer == second.Customer)
        {
            return first.Index.CompareTo(second.Index);
        }

        var order = first.Customer.Set.Copies(first.Asked.Block) == 0
            ? Had(first.Customer).CompareTo(Had(second.Customer))
            : Lacks(second.Customer).CompareTo(Lacks(first.Customer));
        return order != 0 ? order : first.Customer.Place.CompareTo(second.Customer.Place);
    }

    // Half a block more than it had, as seats are given out by the method of Webster: else all who had none would be alike, and a fast one could begin as the last.
    private double Had(Customer customer) =>
        ((customer.FreshBytes + (ContentHash.BlockBytes / 2)) / customer.UplinkBytesPerSecond) - (customer.IsBringing ? _secondsOfBoth : 0);

    private static int Lacks(Customer customer) => customer.Lacks + (customer.IsBringing ? BlocksOfBoth : 0);
}
