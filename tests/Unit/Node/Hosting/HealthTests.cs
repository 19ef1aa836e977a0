using Panal.Node.Hosting;

namespace Panal.Unit.Node.Hosting;

public sealed class HealthTests
{
    [Fact]
    public void A_node_is_well_when_no_part_of_it_complains() => Assert.Empty(new Health([() => null]).Problems());

    [Fact]
    public void Each_problem_is_named_and_a_probe_that_fails_is_one() => Assert.Equal(
        ["The disk is full.", nameof(TimeoutException)],
        new Health([() => "The disk is full.", () => null, () => throw new TimeoutException()]).Problems());
}
