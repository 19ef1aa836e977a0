namespace Panal.SwarmSimulation;

/// <summary>The scenarios of the promise.</summary>
internal static class Scenarios
{
    private static readonly Line[] Mixed = [Line.Mbit(0.25, 3), Line.Mbit(0.5, 3), Line.Mbit(1, 3), Line.Mbit(4, 8)];

    public static IReadOnlyList<Scenario> All { get; } =
    [
        new("1 alone", 0.98) { Receivers = Scenario.Same(1, Scenario.Adsl), JumpAt = 100 },
        new("2 together", 0.97) { Receivers = Scenario.Same(2, Scenario.Adsl) },
        new("4 together", 0.97) { Receivers = Scenario.Same(4, Scenario.Adsl) },
        new("8 together", 0.97) { Receivers = Scenario.Same(8, Scenario.Adsl), JumpAt = 100 },
        new("4 staggered", 0.95) { Receivers = Scenario.Same(4, Scenario.Adsl), Starts = [0, 60, 120, 180] },
        new("4 mixed", 0.96) { Receivers = Mixed },
        new("8 mixed", 0.96) { Receivers = [.. Mixed, .. Mixed] },
        new("1 cut", 0.97) { Receivers = Scenario.Same(1, Scenario.Adsl), CutNoticedAfter = 3 },
        new("4 cut", 0.96) { Receivers = Scenario.Same(4, Scenario.Adsl), CutNoticedAfter = 3 },
        new("1 falsified", 0.90) { Receivers = Scenario.Same(1, Scenario.Adsl), Falsifies = 0.02 },
        new("4 falsified", 0.90) { Receivers = Scenario.Same(4, Scenario.Adsl), Falsifies = 0.02 },
        new("100 together", 0.97) { Receivers = Scenario.Same(100, Scenario.Adsl) },
        new("1000 churn", 0.90) { Receivers = Many(1_000), Churn = 0.1 },
        new("3000 churn", 0.90) { Receivers = Many(3_000), Churn = 0.1 },
        new("10000 churn", 0.90) { Receivers = Many(10_000), Churn = 0.1 },
    ];

    // What is found at the ends of lines: half of them ADSL, some slower, some fast.
    private static Line[] Many(int count) =>
        [.. Enumerable.Range(0, count).Select(i => (i % 10) switch { < 2 => Line.Mbit(0.5, 3), < 7 => Line.Mbit(0.8, 3), < 9 => Line.Mbit(2, 10), _ => Line.Mbit(4, 20) })];
}
