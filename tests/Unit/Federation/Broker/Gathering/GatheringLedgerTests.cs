using Panal.Federation.Broker.Gathering;

namespace Panal.Unit.Federation.Broker.Gathering;

public sealed class GatheringLedgerTests
{
    private const uint Both = 0b11;

    [Fact]
    public void Each_source_gets_a_share_and_all_who_gather_the_study_deal_it_out_alike()
    {
        var ledger = Ledger(48, sources: 3);
        var shares = TakeAll(ledger, 3);

        Assert.Equal([16, 16, 16], shares.Select(static share => share.Count));
        Assert.Equal(Uids(48), shares.SelectMany(static share => share).Order(StringComparer.Ordinal));

        // The first images of a series come over all lines.
        Assert.Equal(["1.01", "1.02"], shares[0].Take(2));
        Assert.Equal(["1.03", "1.04"], shares[1].Take(2));

        // Another has ten of them already, which moves nothing of the others.
        var later = TakeAll(Ledger(48, sources: 3, here: 10), 3);
        Assert.All(later.Zip(shares), static both => Assert.Subset(both.Second.ToHashSet(StringComparer.Ordinal), both.First.ToHashSet(StringComparer.Ordinal)));
        Assert.Equal(38, later.Sum(static share => share.Count));
    }

    [Fact]
    public void Parts_never_cross_series_and_have_eight_images_at_most()
    {
        var ledger = new GatheringLedger(
            Enumerable.Range(0, 1000).Select(static i => new GatheredInstance($"1.{i % 7}.{i}", $"1.{i % 7}", IsHere: false, Both)), 2, Both);
        for (var part = ledger.Take(0, false); part.Count > 0; part = ledger.Take(0, false))
        {
            Assert.InRange(part.Count, 1, GatheringLedger.PartLimit);
            Assert.Single(part.Select(static uid => uid[..3]).Distinct());
        }
    }

    [Fact]
    public void What_somebody_waits_for_goes_first_whoever_is_free_gets_it()
    {
        var ledger = Ledger(48, sources: 3);
        ledger.Want("1.48");
        Assert.Contains("1.48", ledger.Take(1, false));
        ledger.Want("1.48");
        Assert.Equal("1.01", ledger.Take(0, false)[0]);
    }

    [Fact]
    public void The_share_of_a_source_that_fails_goes_to_the_others()
    {
        var ledger = Ledger(8, sources: 2);
        var lost = ledger.Take(0, false);
        ledger.Came(0, lost[0]);
        ledger.Ended(0, lost, hasFailed: true, isLinked: false);
        Assert.Empty(ledger.Take(0, true));

        var rest = TakeAll(ledger, 2);
        Assert.Equal(8, rest[1].Count + ledger.Held);
        Assert.All(rest[1], uid => ledger.Came(1, uid));
        Assert.Equal(8, ledger.Held);
        Assert.Equal(0, ledger.GivenUp);
    }

    [Fact]
    public void What_a_source_has_got_and_takes_with_it_is_got_again()
    {
        var ledger = Ledger(2, sources: 2);
        var first = ledger.Take(0, false);
        ledger.Came(0, first[0]);
        ledger.Ended(0, first, hasFailed: false, isLinked: true);

        // Got, and not told yet; told; and gone.
        ledger.Look(first[0], isHere: false, isReachable: false, linked: Both);
        Assert.Equal(1, ledger.Held);
        ledger.Look(first[0], isHere: false, isReachable: true, linked: Both);
        Assert.Equal(1, ledger.Held);
        Assert.True(ledger.Look(first[0], isHere: false, isReachable: false, linked: 0b10));
        Assert.Equal(0, ledger.Held);
        Assert.Equal(2, TakeAll(ledger, 2)[1].Count);
        ledger.Came(1, first[0]);
        Assert.Equal(1, ledger.Held);

        // And whoever comes back has it still.
        ledger.Look(first[0], isHere: true, isReachable: true, linked: Both);
        Assert.Equal((2, 1), (ledger.Lacked, ledger.Brought));
    }

    [Fact]
    public void Rounds_grow_are_the_same_for_all_and_come_when_the_whole_round_has_been_got()
    {
        var (ledger, other) = (Ledger(48, sources: 3), Ledger(48, sources: 3, here: 1));
        Assert.Empty(ledger.TakeRound(isIdle: false));
        var rounds = new List<IReadOnlyList<string>>();
        foreach (var uid in TakeAll(ledger, 3).SelectMany(static (share, source) => share.Select(uid => (uid, source))).OrderBy(static one => one.uid, StringComparer.Ordinal))
        {
            ledger.Came(uid.source, uid.uid);
            if (ledger.TakeRound(isIdle: false) is { Count: > 0 } round)
            {
                Assert.Equal(uid.uid, round[^1]);
                rounds.Add(round);
            }
        }

        Assert.Equal([6, 12, 24, 6], rounds.Select(static round => round.Count));
        Assert.Equal(Uids(48), rounds.SelectMany(static round => round));
        Assert.Empty(ledger.TakeRound(isIdle: false));
        Assert.All(rounds, round => Assert.Equal(round, other.RoundOf(round[0]).Order(StringComparer.Ordinal)));
    }

    [Fact]
    public void What_nobody_gives_holds_up_no_round()
    {
        var ledger = Ledger(2, sources: 1);
        var (first, second) = (ledger.Take(0, false), ledger.Take(0, false));
        ledger.Ended(0, first, hasFailed: false, isLinked: true);
        ledger.Came(0, second[0]);
        Assert.Equal(second, ledger.TakeRound(isIdle: false));
        Assert.Empty(ledger.TakeRound(isIdle: false));

        // It found no room.
        Assert.Equal(second, ledger.TakeRound(isIdle: true));
    }

    [Fact]
    public void What_all_have_been_asked_for_in_vain_is_given_up_and_only_that()
    {
        var ledger = Ledger(4, sources: 2);
        Assert.False(ledger.IsComplete);
        for (var round = 0; round < 2; round++)
        {
            for (var source = 0; source < 2; source++)
            {
                for (var share = ledger.Take(source, false); share.Count > 0; share = ledger.Take(source, false))
                {
                    foreach (var uid in share.Where(static uid => uid != "1.03"))
                    {
                        ledger.Came(source, uid);
                    }

                    ledger.Ended(source, share, hasFailed: false, isLinked: true);
                }
            }
        }

        Assert.True(ledger.IsGivenUp("1.03"));
        Assert.True(ledger.IsGivenUp("9"));
        Assert.False(ledger.IsGivenUp("1.04"));
        Assert.Equal((3, 1), (ledger.Held, ledger.GivenUp));
        Assert.False(ledger.IsComplete);
        foreach (var uid in ledger.Missing().Where(static uid => uid != "1.03"))
        {
            ledger.Look(uid, isHere: true, isReachable: false, linked: 0);
        }

        Assert.True(ledger.IsComplete);

        // Somebody sends it after all.
        ledger.Look("1.03", isHere: true, isReachable: false, linked: 0);
        Assert.Equal(0, ledger.GivenUp);
    }

    [Fact]
    public void A_source_that_could_not_be_reached_is_asked_for_the_same_again_and_one_that_fell_silent_is_not()
    {
        var ledger = Ledger(1, sources: 1);
        ledger.Ended(0, ledger.Take(0, false), hasFailed: true, isLinked: false);
        Assert.Empty(ledger.Take(0, true));
        Assert.True(ledger.IsOutOfReach("1.01"));
        ledger.Revive(0);
        Assert.False(ledger.IsComplete);
        ledger.Ended(0, ledger.Take(0, false), hasFailed: true, isLinked: true);
        Assert.True(ledger.IsGivenUp("1.01"));
    }

    [Fact]
    public void A_source_takes_from_another_only_when_it_is_to_help()
    {
        var ledger = Ledger(4, sources: 2);
        while (ledger.Take(0, false).Count > 0)
        {
        }

        Assert.Empty(ledger.Take(0, false));
        Assert.Single(ledger.Take(0, true));
    }

    [Fact]
    public void Nobody_is_asked_for_what_he_does_not_offer_and_unreachable_sources_get_no_share()
    {
        var ledger = new GatheringLedger(
            [new GatheredInstance("1.1", "1", false, 0b01), new GatheredInstance("1.2", "1", false, 0b10), new GatheredInstance("1.3", "1", false, 0)], 2, reachable: 0b10);
        Assert.True(ledger.IsGivenUp("1.3"));
        Assert.Equal(["1.2"], ledger.Take(1, true));
        Assert.Empty(ledger.Take(1, true));

        // Who cannot be reached is waited for, and asked when he can be.
        Assert.Empty(ledger.Take(0, false));
        Assert.Equal((true, false), (ledger.IsOutOfReach("1.1"), ledger.IsGivenUp("1.1")));
        ledger.Look("1.1", isHere: false, isReachable: false, linked: 0b11);
        Assert.False(ledger.IsOutOfReach("1.1"));
        Assert.Equal(["1.1"], ledger.Take(0, false));
    }

    [Fact]
    public void A_study_without_sources_is_given_up_at_once() => Assert.True(Ledger(3, sources: 0).IsComplete);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void However_sources_fail_everything_is_brought_once_or_given_up(int seed)
    {
        var random = new Random(seed);
        var ledger = Ledger(100, sources: 3);
        var brought = new List<string>();
        for (var step = 0; !ledger.IsComplete; step++)
        {
            Assert.InRange(step, 0, 10_000);
            var source = random.Next(3);
            var share = ledger.Take(source, random.Next(2) == 0);
            foreach (var uid in share.Where(_ => random.Next(10) > 0))
            {
                ledger.Came(source, uid);
                brought.Add(uid);
                ledger.Look(uid, isHere: true, isReachable: true, linked: 0b111);
            }

            ledger.Ended(source, share, hasFailed: random.Next(40) == 0, isLinked: random.Next(2) == 0);
            if (random.Next(20) == 0)
            {
                ledger.Revive(random.Next(3));
            }
        }

        Assert.Equal(brought.Distinct().Count(), brought.Count);
        Assert.Equal(100, brought.Count + ledger.GivenUp);
    }

    private static IEnumerable<string> Uids(int count) => Enumerable.Range(1, count).Select(static i => $"1.{i:00}");

    private static GatheringLedger Ledger(int instances, int sources, int here = 0) => new(
        Uids(instances).Select((uid, i) => new GatheredInstance(uid, "1", i < here, (1u << sources) - 1)), sources, (1u << sources) - 1);

    private static List<string>[] TakeAll(GatheringLedger ledger, int sources)
    {
        var shares = Enumerable.Range(0, sources).Select(static _ => new List<string>()).ToArray();
        for (var source = 0; source < sources; source++)
        {
            for (var part = ledger.Take(source, false); part.Count > 0; part = ledger.Take(source, false))
            {
                shares[source].AddRange(part);
            }
        }

        return shares;
    }
}
