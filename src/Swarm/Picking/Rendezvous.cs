namespace Panal.Swarm.Picking;

/// <summary>
/// Weighted rendezvous hashing: every receiver finds by itself, without a word, the same owner for a block, and each owns blocks in
/// proportion to its weight (Thaler and Ravishankar 1998, with the logarithmic weights of Schindelhauer and Schomaker 2005).
/// </summary>
internal static class Rendezvous
{
    /// <summary>The score of a receiver for a block; the highest owns it.</summary>
    /// <param name="key">64 bits of the receiver's identity.</param>
    /// <param name="block">Number of the block.</param>
    /// <param name="weight">Positive.</param>
    public static double Score(ulong key, int block, double weight)
    {
        // 53 bits, never 0 or 1, so that the logarithm is finite and not zero.
        var uniform = ((Mix(key ^ Mix((ulong)block)) >> 11) + 0.5) * (1.0 / (1UL << 53));
        return weight / -Math.Log(uniform);
    }

    /// <summary>Spreads 64 bits evenly (the finalizer of SplitMix64, Steele, Lea and Flood 2014).</summary>
    public static ulong Mix(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
