using Panal.Federation.Recycling;

namespace Panal.Unit.Federation.Recycling;

public sealed class RecyclingPolicyTests
{
    private const long Megabyte = 1_000_000;
    private static readonly DateTimeOffset Now = new(2026, 11, 26, 3, 0, 0, TimeSpan.Zero);
    private static readonly RecyclingRules Full = new() { HighMarkBytes = 0, LowMarkBytes = 0 };

    [Fact]
    public void A_study_that_is_read_every_day_stays_and_a_burst_of_one_off_reads_goes()
    {
        var daily = UseRecord.First(Now.AddDays(-60));
        for (var day = -59; day < 0; day++)
        {
            daily = daily.After(Now.AddDays(day), Full.HalfLife);
        }

        var burst = Enumerable.Range(0, 100).Select(i => Held($"burst.{i}", use: UseRecord.First(Now.AddHours(-2))));
        var order = RecyclingPolicy.Candidates([Held("daily", use: daily), .. burst], Full, Now);
        Assert.Equal("daily", order[^1].Study.StudyInstanceUid);
        Assert.Equal(101, order.Count);
    }

    [Fact]
    public void Of_studies_that_were_used_alike_the_one_used_longest_ago_goes_first()
    {
        var order = RecyclingPolicy.Candidates([Held("new", daysAgo: 2), Held("old", daysAgo: 200), Held("middle", daysAgo: 20)], Full, Now);
        Assert.Equal(["old", "middle", "new"], order.Select(static c => c.Study.StudyInstanceUid));
    }

    [Fact]
    public void A_study_that_was_read_often_long_ago_gives_way_in_the_end()
    {
        var once = new UseRecord(50, Now.AddDays(-365));
        var order = RecyclingPolicy.Candidates([Held("lately", daysAgo: 1), Held("once", use: once)], Full, Now);
        Assert.Equal("once", order[0].Study.StudyInstanceUid);
    }

    [Fact]
    public void Rules_keep_what_they_name_however_full_it_is()
    {
        var rules = Full with
        {
            KeptModalities = new HashSet<string>(["MG"], StringComparer.OrdinalIgnoreCase),
            KeptInstitutions = new HashSet<string>(["San Juan"], StringComparer.OrdinalIgnoreCase),
            KeptDays = 30,
        };
        HeldStudy[] held =
        [
            Held("pinned") with { IsPinned = true },
            Held("modality") with { Modalities = ["CR", "mg"] },
            Held("institution") with { Institutions = ["SAN JUAN"] },
            Held("young") with { Date = DateOnly.FromDateTime(Now.UtcDateTime).AddDays(-29) },
            Held("resting", use: UseRecord.First(Now.AddMinutes(-59))),
            Held("thirty days old") with { Date = DateOnly.FromDateTime(Now.UtcDateTime).AddDays(-30) },
            Held("free"),
        ];
        Assert.Equal(["free", "thirty days old"], RecyclingPolicy.Candidates(held, rules, Now).Select(static c => c.Study.StudyInstanceUid).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Below_the_high_mark_only_what_is_idle_goes()
    {
        var rules = new RecyclingRules { HighMarkBytes = 10 * Megabyte, LowMarkBytes = 5 * Megabyte, Idle = TimeSpan.FromDays(90) };
        HeldStudy[] held = [Held("a", megabytes: 5, daysAgo: 10), Held("b", megabytes: 5, daysAgo: 90)];
        var idle = Assert.Single(RecyclingPolicy.Candidates(held, rules, Now));
        Assert.Equal(("b", RecyclingReason.Idle), (idle.Study.StudyInstanceUid, idle.Reason));
        Assert.True(RecyclingPolicy.IsDue(idle, 0, rules));
        Assert.Empty(RecyclingPolicy.Candidates(held, rules with { Idle = null }, Now));
        Assert.Equal(2, RecyclingPolicy.Candidates([.. held, Held("c", megabytes: 1, daysAgo: 0)], rules with { Rest = TimeSpan.FromHours(2) }, Now).Count);
    }

    [Fact]
    public void Uses_of_one_sitting_are_one_and_a_clock_that_is_set_back_takes_nothing_away()
    {
        var halfLife = TimeSpan.FromDays(30);
        var use = UseRecord.First(Now).After(Now.AddMinutes(1), halfLife).After(Now.AddMinutes(30), halfLife);
        Assert.Equal(new UseRecord(1, Now.AddMinutes(30)), use);
        Assert.Equal(use, use.After(Now.AddDays(-5), halfLife));
        var next = use.After(use.LastUse + halfLife, halfLife);
        Assert.Equal(1.5, next.Weight, 12);
        Assert.Equal(0.75, next.ValueAt(next.LastUse + halfLife, halfLife), 12);
    }

    [Fact]
    public void The_order_of_ranks_is_that_of_values_at_every_moment()
    {
        var random = new Random(7);
        var halfLife = TimeSpan.FromDays(30);
        for (var i = 0; i < 1000; i++)
        {
            var (a, b) = (Use(random), Use(random));
            var later = Now.AddDays(random.NextDouble() * 100);
            Assert.Equal(Math.Sign(a.Rank(halfLife) - b.Rank(halfLife)), Math.Sign(a.ValueAt(later, halfLife) - b.ValueAt(later, halfLife)));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Under_random_histories_a_run_ends_at_the_low_mark_or_with_nothing_left_that_may_go(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 200; round++)
        {
            var rules = Rules(random);
            var held = Enumerable.Range(0, random.Next(60)).Select(i => Study(random, i)).ToList();
            var kept = held.Where(study => RecyclingPolicy.IsKept(study, rules, Now)).ToHashSet();
            var unsafeOnes = held.Where(_ => random.NextDouble() < 0.2).ToHashSet();
            var before = held.Sum(static study => study.LengthBytes);
            var (left, dropped) = (before, new List<RecyclingCandidate>());
            foreach (var candidate in RecyclingPolicy.Candidates(held, rules, Now))
            {
                if (RecyclingPolicy.IsDue(candidate, left, rules) && !unsafeOnes.Contains(candidate.Study))
                {
                    dropped.Add(candidate);
                    left -= candidate.Study.LengthBytes;
                }
            }

            Assert.Empty(dropped.Select(static c => c.Study).Intersect(kept));
            Assert.Equal(dropped.Count, dropped.Select(static c => c.Study.StudyInstanceUid).Distinct().Count());
            var rest = held.Except(dropped.Select(static c => c.Study)).ToList();
            Assert.True(before <= rules.HighMarkBytes || left <= rules.LowMarkBytes || rest.TrueForAll(study => kept.Contains(study) || unsafeOnes.Contains(study)), $"seed {seed}, round {round}");
            Assert.DoesNotContain(rest, study => rules.Idle is { } idle && Now - study.Use.LastUse >= idle && !kept.Contains(study) && !unsafeOnes.Contains(study));

            // No more than needed: without the last one that went for room, there was too much.
            if (dropped.FindLast(static c => c.Reason == RecyclingReason.Capacity) is { } last)
            {
                Assert.True(left + last.Study.LengthBytes > rules.LowMarkBytes, $"seed {seed}, round {round}");
            }
        }
    }

    private static RecyclingRules Rules(Random random)
    {
        var high = random.NextInt64(2000 * Megabyte);
        return new RecyclingRules
        {
            HighMarkBytes = high,
            LowMarkBytes = random.NextInt64(high + 1),
            Idle = random.Next(2) == 0 ? null : TimeSpan.FromDays(random.Next(1, 300)),
            KeptDays = random.Next(3) * 20,
            KeptModalities = random.Next(2) == 0 ? new HashSet<string>() : new HashSet<string>(["MG"]),
        };
    }

    private static HeldStudy Study(Random random, int number) => Held($"{number}", random.Next(1, 200), use: Use(random)) with
    {
        Modalities = [random.Next(4) == 0 ? "MG" : "CT"],
        IsPinned = random.Next(10) == 0,
        Date = random.Next(5) == 0 ? null : DateOnly.FromDateTime(Now.UtcDateTime).AddDays(-random.Next(2000)),
    };

    private static UseRecord Use(Random random) => new(1 + (random.NextDouble() * 40), Now.AddDays(-random.NextDouble() * 400));

    private static HeldStudy Held(string uid, int megabytes = 10, int daysAgo = 100, UseRecord? use = null) =>
        new(uid, megabytes * Megabyte, 10, ["CT"], ["Hospital"], null, IsPinned: false, use ?? UseRecord.First(Now.AddDays(-daysAgo)));
}
