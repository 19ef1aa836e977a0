namespace Panal.Codecs.Jpeg2000.Layers;

/// <summary>
/// Puts coding passes into layers so that each layer lowers the error most for its bytes (T.800 §J.10.3): in every block the passes
/// are cut where the gain for a byte falls, and all blocks together are filled from the dearest downward.
/// </summary>
internal static class LayerAssignment
{
    // The gain for a byte is told apart by its logarithm, in thirty-seconds of a doubling.
    private const int StepsPerDoubling = 32, LowestDoubling = -32, Steps = 4096;

    /// <summary>Assigns a layer to every pass.</summary>
    /// <param name="blocks">All code-blocks.</param>
    /// <param name="passes">The passes of all blocks.</param>
    /// <param name="layers">How many layers; the last takes what the others leave.</param>
    internal static void Assign(ReadOnlySpan<CodedBlock> blocks, Span<CodedPass> passes, int layers)
    {
        Span<int> bytes = stackalloc int[Steps];
        var total = 0L;
        Span<int> cuts = stackalloc int[Blocks.BlockEncoder.PassLimit];
        foreach (ref readonly var block in blocks)
        {
            var own = passes.Slice(block.FirstPass, block.Passes);
            Rate(own, cuts, bytes);
            total += own.Length > 0 ? own[^1].EndBytes : 0;
        }

        Span<ushort> layerOf = stackalloc ushort[Steps];
        var (layer, taken) = (0, 0L);
        for (var worth = Steps - 1; worth >= 0; worth--)
        {
            // A step that would burst a layer begins the next one.
            while (layer < layers - 1 && taken + bytes[worth] > Budget(total, layer, layers))
            {
                layer++;
            }

            layerOf[worth] = (ushort)layer;
            taken += bytes[worth];
        }

        foreach (ref var pass in passes)
        {
            pass.Layer = layerOf[pass.Worth];
        }
    }

    /// <summary>
    /// Bytes of all layers up to one: two fifths of the whole up to the last but one, and half of it with each layer before. So six
    /// layers begin with a fortieth, which is enough to find one's place in a stack of slices.
    /// </summary>
    internal static long Budget(long totalBytes, int layer, int layers) =>
        layer >= layers - 1 ? totalBytes : totalBytes * 2 / 5 >> Math.Min(62, layers - 2 - layer);

    /// <summary>Finds the upper convex hull of gain over bytes, and gives every pass the slope of its edge.</summary>
    private static void Rate(Span<CodedPass> passes, Span<int> cuts, Span<int> bytes)
    {
        var count = 0;
        Span<double> gains = stackalloc double[passes.Length + 1];
        for (var i = 0; i < passes.Length; i++)
        {
            gains[i + 1] = gains[i] + passes[i].Gain;
        }

        for (var i = 0; i < passes.Length; i++)
        {
            // A cut before is not worth making if the edge to here is steeper than the edge to it.
            while (count > 0 && Slope(passes, gains, count > 1 ? cuts[count - 2] : -1, i) >= Slope(passes, gains, count > 1 ? cuts[count - 2] : -1, cuts[count - 1]))
            {
                count--;
            }

            if (Slope(passes, gains, count > 0 ? cuts[count - 1] : -1, i) > 0)
            {
                cuts[count++] = i;
            }
        }

        var start = -1;
        for (var c = 0; c < count; c++)
        {
            var worth = StepOf(Slope(passes, gains, start, cuts[c]));
            bytes[worth] += passes[cuts[c]].EndBytes - (start < 0 ? 0 : passes[start].EndBytes);
            for (var i = start + 1; i <= cuts[c]; i++)
            {
                passes[i].Worth = worth;
            }

            start = cuts[c];
        }

        for (var i = start + 1; i < passes.Length; i++)
        {
            bytes[0] += passes[i].EndBytes - (i > 0 ? passes[i - 1].EndBytes : 0);
            passes[i].Worth = 0;
        }
    }

    private static double Slope(ReadOnlySpan<CodedPass> passes, ReadOnlySpan<double> gains, int from, int to)
    {
        var gain = gains[to + 1] - gains[from + 1];
        var length = passes[to].EndBytes - (from < 0 ? 0 : passes[from].EndBytes);
        return length > 0 ? gain / length : gain > 0 ? double.MaxValue : 0;
    }

    private static ushort StepOf(double slope) =>
        (ushort)Math.Clamp((Math.Log2(slope) - LowestDoubling) * StepsPerDoubling, 1, Steps - 1);
}
