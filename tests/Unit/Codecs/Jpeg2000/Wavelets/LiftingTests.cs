using Panal.Codecs.Jpeg2000.Wavelets;

namespace Panal.Unit.Codecs.Jpeg2000.Wavelets;

public sealed class LiftingTests
{
    [Theory]
    [InlineData(2, 0)]
    [InlineData(2, 1)]
    [InlineData(7, 0)]
    [InlineData(8, 1)]
    [InlineData(41, 0)]
    [InlineData(42, 1)]
    public void The_reversible_synthesis_undoes_the_analysis_as_the_standard_writes_it(int count, int parity)
    {
        var random = new Random(count + parity);
        int[] samples = [.. Enumerable.Range(0, count).Select(_ => random.Next(-5000, 5000))];
        var line = (int[])samples.Clone();

        // T.800 equation F-9 and F-10, with the signal mirrored at its ends.
        for (var i = 1 - parity; i < count; i += 2)
        {
            line[i] -= (line[Mirror(i - 1)] + line[Mirror(i + 1)]) >> 1;
        }

        for (var i = parity; i < count; i += 2)
        {
            line[i] += (line[Mirror(i - 1)] + line[Mirror(i + 1)] + 2) >> 2;
        }

        int[] low = [.. line.Where((_, i) => i % 2 == parity)];
        int[] high = [.. line.Where((_, i) => i % 2 != parity)];
        ReversibleLifting.Invert(low, high, parity, 1);
        Assert.Equal(samples.Where((_, i) => i % 2 == parity), low);
        Assert.Equal(samples.Where((_, i) => i % 2 != parity), high);

        int Mirror(int i) => i < 0 ? -i : i >= count ? (2 * (count - 1)) - i : i;
    }

    [Fact]
    public void A_single_sample_is_itself_or_half_of_the_high_coefficient()
    {
        int[] low = [7, -8];
        int[] high = [14, -8];
        float[] fraction = [3];
        ReversibleLifting.Invert(low, [], 0, 2);
        ReversibleLifting.Invert([], high, 1, 2);
        IrreversibleLifting.Invert([], fraction, 1, 1);
        Assert.Equal([7, -8], low);
        Assert.Equal([7, -4], high);
        Assert.Equal([1.5f], fraction);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void An_even_signal_of_the_irreversible_transform_is_its_low_coefficient(int parity)
    {
        // The low filter has a gain of one, the high one of zero for what does not change.
        float[] low = [.. Enumerable.Repeat(100f, 5 - parity)];
        float[] high = new float[4 + parity];
        IrreversibleLifting.Invert(low, high, parity, 1);
        Assert.All(low.Concat(high), value => Assert.InRange(value, 99.99f, 100.01f));
    }
}
