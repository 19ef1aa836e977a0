using System.Numerics;
using Panal.Swarm.Pieces;
using Panal.Swarm.Transfers;

namespace Panal.Swarm.Picking;

/// <summary>Blocks that the fewest receivers hold or claim; ties in an order of our own, so that receivers ask for different ones.</summary>
/// <param name="among">Only blocks of these; null for all.</param>
internal sealed class RarestFirst(BlockSet? among = null) : IDecider
{
    /// <inheritdoc/>
    public int Choose(Download download, Holder holder, TimeSpan now, Span<int> blocks)
    {
        Span<ulong> ranks = stackalloc ulong[blocks.Length];
        var chosen = 0;
        var seen = 0;
        var first = download.Open.Words == 0 ? 0 : (int)(Rendezvous.Mix(download.Key ^ (ulong)now.Ticks) % (ulong)download.Open.Words);
        for (var i = 0; i < download.Open.Words && seen < download.Options.MaxCandidates; i++)
        {
            var word = (first + i) % download.Open.Words;
            var bits = download.Open.Word(word) & holder.OfferWord(word) & (among?.Word(word) ?? ulong.MaxValue);
            for (; bits != 0; bits &= bits - 1, seen++)
            {
                var block = word * BlockSet.WordBlocks + BitOperations.TrailingZeroCount(bits);
                var rarity = (ulong)(download.Copies(block) + download.Claims(block));
                Insert(blocks, ranks, ref chosen, block, rarity << 48 | Rendezvous.Mix(download.Key ^ (ulong)block) >> 16);
            }
        }

        return chosen;
    }

    // Keeps the best so far in order; there are few places, so moving them is cheap.
    private static void Insert(Span<int> blocks, Span<ulong> ranks, ref int chosen, int block, ulong rank)
    {
        if (chosen == blocks.Length && rank >= ranks[chosen - 1])
        {
            return;
        }

        var at = chosen < blocks.Length ? chosen++ : chosen - 1;
        for (; at > 0 && ranks[at - 1] > rank; at--)
        {
            (blocks[at], ranks[at]) = (blocks[at - 1], ranks[at - 1]);
        }

        (blocks[at], ranks[at]) = (block, rank);
    }
}
