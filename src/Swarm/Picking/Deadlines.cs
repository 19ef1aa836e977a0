using Panal.Swarm.Pieces;
using Panal.Swarm.Transfers;

namespace Panal.Swarm.Picking;

/// <summary>What a viewer waits for, in its order, of those who deliver it soonest.</summary>
/// <param name="among">Only blocks of these; null for all.</param>
internal sealed class Deadlines(BlockSet? among = null) : IDecider
{
    // So much later than the soonest is as good: the soonest may be late. Beyond, the block waits for a place at the soonest.
    private const double MostTimesLater = 1.25;

    /// <inheritdoc/>
    public int Choose(Download download, Holder holder, TimeSpan now, Span<int> blocks)
    {
        var chosen = 0;
        foreach (var block in download.Urgent)
        {
            if (chosen == blocks.Length)
            {
                break;
            }

            if (download.Open.Contains(block) && holder.Offers(block) && among?.Contains(block) != false
                && download.Wait(holder, chosen, true, now) <= MostTimesLater * Soonest(download, holder, chosen, block, now))
            {
                blocks[chosen++] = block;
            }
        }

        return chosen;
    }

    private static double Soonest(Download download, Holder holder, int chosen, int block, TimeSpan now)
    {
        var soonest = double.MaxValue;
        foreach (var other in download.Holders)
        {
            if (other is not null && other.Offers(block))
            {
                soonest = Math.Min(soonest, download.Wait(other, other == holder ? chosen : 0, true, now));
            }
        }

        return soonest;
    }
}
