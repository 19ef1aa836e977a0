using Panal.Codecs.Jpeg2000.Codestream;
using Panal.Codecs.Jpeg2000.Wavelets;

namespace Panal.Unit.Codecs.Jpeg2000.Wavelets;

public sealed class AnalysisTests
{
    [Theory]
    [InlineData(1, 1, 0)]
    [InlineData(1, 9, 3)]
    [InlineData(10, 1, 3)]
    [InlineData(2, 3, 1)]
    [InlineData(64, 64, 5)]
    [InlineData(131, 77, 5)]
    public void Synthesis_gives_back_what_was_taken_apart(int width, int height, int levels)
    {
        var random = new Random(width);
        int[] samples = [.. Enumerable.Range(0, width * height).Select(_ => random.Next(-32768, 32768))];
        var plane = (int[])samples.Clone();
        var areas = Areas(width, height, levels);
        Analysis.Transform(plane, width, areas, new int[Analysis.ScratchLength(width, height)]);
        Synthesis.Invert<int, ReversibleLifting>(plane, width, areas, new int[Synthesis.ScratchLength(width, height)]);
        Assert.Equal(samples, plane);
    }

    [Fact]
    public void Slopes_end_up_in_the_low_band()
    {
        const int Side = 16;
        int[] plane = [.. Enumerable.Range(0, Side * Side).Select(i => 10 * (i % Side))];
        Analysis.Transform(plane, Side, Areas(Side, Side, 1), new int[Analysis.ScratchLength(Side, Side)]);
        for (var i = 0; i < plane.Length; i++)
        {
            var (x, y) = (i % Side, i / Side);

            // Only at the border, where the slope is mirrored, is anything high.
            var expected = y >= Side / 2 ? 0 : x < (Side / 2) - 1 ? 20 * x : x == (Side / 2) - 1 ? 143 : x == Side - 1 ? 10 : 0;
            Assert.Equal(expected, plane[i]);
        }
    }

    [Theory]
    [InlineData(1, false, false)]
    [InlineData(2, true, false)]
    [InlineData(3, false, true)]
    [InlineData(4, true, true)]
    public void Norms_are_what_the_synthesis_makes_of_one_coefficient(int depth, bool highX, bool highY)
    {
        // Large enough that rounding does not count, and away from the borders.
        const int Side = 256, Size = 1 << 20;
        var plane = new int[Side * Side];
        var band = Side >> depth;
        plane[(((highY ? band : 0) + (band / 2)) * Side) + (highX ? band : 0) + (band / 2)] = Size;
        Synthesis.Invert<int, ReversibleLifting>(plane, Side, Areas(Side, Side, depth), new int[Synthesis.ScratchLength(Side, Side)]);
        var norm = Math.Sqrt(plane.Sum(value => (double)value * value)) / Size;
        Assert.Equal(norm, Analysis.Norm(depth, highX, highY), 3);
    }

    private static Area[] Areas(int width, int height, int levels) =>
        [.. Enumerable.Range(0, levels + 1).Select(r => new Area(0, 0, width, height).Reduce(1L << (levels - r), 1L << (levels - r)))];
}
