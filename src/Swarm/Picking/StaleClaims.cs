using System.Numerics;
using Panal.Swarm.Pieces;
using Panal.Swarm.Transfers;

namespace Panal.Swarm.Picking;

/// <summary>Blocks that a receiver claimed of a source long ago and still does not hold: it is slow or gone, and others wait for them.</summary>
internal sealed class StaleClaims : IDecider
{
    /// <inheritdoc/>
    public int Choose(Download download, Holder holder, TimeSpan now, Span<int> blocks)
    {
        if (!download.HasReceivers)
        {
            return 0;
        }

        var chosen = 0;
        for (var word = 0; word < download.Open.Words && chosen < blocks.Length; word++)
        {
            for (var bits = download.Open.Word(word) & holder.OfferWord(word); bits != 0 && chosen < blocks.Length; bits &= bits - 1)
            {
                var block = word * BlockSet.WordBlocks + BitOperations.TrailingZeroCount(bits);
                if (download.Copies(block) == 0 && download.Claims(block) > 0 && now - download.ClaimedAt(block) > download.Options.ClaimLife)
                {
                    blocks[chosen++] = block;
                }
            }
        }

        return chosen;
    }
}
