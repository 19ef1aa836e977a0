using System.Numerics;
using Panal.Swarm.Pieces;
using Panal.Swarm.Transfers;

namespace Panal.Swarm.Picking;

/// <summary>
/// Blocks that no receiver holds or claims: those that rendezvous hashing gives to us in reading order, then the others from the end, where
/// their owners come last. So the uplinks of the sources carry no block twice while another has not been out once.
/// </summary>
/// <param name="among">Only blocks of these; null for all.</param>
internal sealed class FreshFirst(BlockSet? among = null) : IDecider
{
    /// <inheritdoc/>
    public int Choose(Download download, Holder holder, TimeSpan now, Span<int> blocks)
    {
        var chosen = Scan(download, holder, blocks, isOwned: true);
        return chosen < blocks.Length && download.HasReceivers
            ? chosen + Scan(download, holder, blocks[chosen..], isOwned: false)
            : chosen;
    }

    private int Scan(Download download, Holder holder, Span<int> blocks, bool isOwned)
    {
        var chosen = 0;
        var seen = 0;
        for (var i = 0; i < download.Open.Words; i++)
        {
            var word = isOwned ? i : download.Open.Words - 1 - i;
            var bits = download.Open.Word(word) & holder.OfferWord(word) & (among?.Word(word) ?? ulong.MaxValue);
            if (bits == 0)
            {
                continue;
            }

            bits &= isOwned ? download.OwnedWord(word) : ~download.OwnedWord(word);
            while (bits != 0)
            {
                var bit = isOwned ? BitOperations.TrailingZeroCount(bits) : 63 - BitOperations.LeadingZeroCount(bits);
                bits &= ~(1UL << bit);
                var block = word * BlockSet.WordBlocks + bit;
                if (download.Copies(block) == 0 && download.Claims(block) == 0)
                {
                    blocks[chosen++] = block;
                }

                if (chosen == blocks.Length || ++seen == download.Options.MaxCandidates)
                {
                    return chosen;
                }
            }
        }

        return chosen;
    }
}
