using Panal.Swarm.Transfers;
using Panal.SwarmSimulation;

namespace Panal.Unit.Swarm.Transfers;

/// <summary>The promises that can be simulated in a moment; the others are in benchmarks/SwarmSimulation.</summary>
public sealed class SimulationTests
{
    public static TheoryData<string> Names => [.. Scenarios.All.Where(s => s.Receivers.Length <= 8).Select(s => s.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_swarm_comes_as_close_to_the_bound_as_promised(string name)
    {
        var scenario = Scenarios.All.Single(s => s.Name == name);
        var outcome = scenario.Run(11, new DownloadOptions());
        Assert.True(outcome.Efficiency >= scenario.Promise, $"{name}, seed 11: {outcome.Efficiency:F3} of the bound, {scenario.Promise} promised");
        Assert.InRange(outcome.Efficiency, scenario.Promise, 1);
        Assert.InRange(outcome.ControlShare, 0, 0.015);
    }

    [Fact]
    public void The_first_image_of_a_lone_receiver_takes_no_longer_than_promised()
    {
        var scenario = Scenarios.All.Single(s => s.Name == "1 alone");
        var itsBytes = 524_288 / scenario.Sources.Sum(l => l.UpBytesPerSecond);
        Assert.InRange(scenario.Run(11, new DownloadOptions()).FirstImageSeconds, itsBytes, 1.15 * itsBytes + 0.5);
    }

    [Theory]
    [InlineData(40)]
    [InlineData(100.3)]
    [InlineData(150.6)]
    public void A_jump_is_answered_within_a_second_and_the_block_that_the_lines_are_sending(double at)
    {
        var scenario = Scenarios.All.Single(s => s.Name == "1 alone") with { JumpAt = at };
        // Eight blocks on three lines are three rounds, not two and two thirds.
        var rounds = 3 * 65_536 / scenario.Sources[0].UpBytesPerSecond;
        Assert.InRange(scenario.Run(11, new DownloadOptions()).JumpSeconds!.Value, 0.1, rounds + 1);
    }

    [Fact]
    public void The_same_seed_gives_the_same_run()
    {
        var scenario = Scenarios.All.Single(s => s.Name == "4 falsified");
        Assert.Equal(scenario.Run(5, new DownloadOptions()), scenario.Run(5, new DownloadOptions()));
    }
}
