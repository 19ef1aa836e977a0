using Panal.Swarm.Serving;

namespace Panal.Unit.Swarm.Serving;

public sealed class RateLimitTests
{
    [Fact]
    public void The_mean_over_a_minute_is_the_rate_of_the_hour()
    {
        var rates = new double[RateLimit.Hours];
        Array.Fill(rates, 1_000_000);
        rates[9] = 100_000;
        Assert.InRange(SentInAMinute(new RateLimit(rates), 9), 5_900_000, 6_200_000);
        Assert.InRange(SentInAMinute(new RateLimit(rates), 22), 59_000_000, 62_000_000);
    }

    [Fact]
    public void No_limit_never_waits_even_after_an_hour_with_one()
    {
        var rates = new double[RateLimit.Hours];
        Array.Fill(rates, double.PositiveInfinity);
        rates[9] = 1_000;
        var limit = new RateLimit(rates);
        Assert.Equal(TimeSpan.Zero, limit.Wait(TimeSpan.Zero, 9));
        limit.Sent(65_536);
        Assert.InRange(limit.Wait(TimeSpan.Zero, 9).TotalSeconds, 60, 70);
        Assert.Equal(TimeSpan.Zero, limit.Wait(TimeSpan.FromSeconds(1), 10));
    }

    [Fact]
    public void A_clock_that_jumps_gives_one_second_at_most()
    {
        var rates = new double[RateLimit.Hours];
        Array.Fill(rates, 65_536.0);
        var limit = new RateLimit(rates);
        Assert.Equal(TimeSpan.Zero, limit.Wait(TimeSpan.FromHours(5), 0));
        Assert.Equal(TimeSpan.Zero, limit.Wait(TimeSpan.FromHours(50), 0));
        limit.Sent(65_536 * 3);
        Assert.Equal(2, limit.Wait(TimeSpan.FromHours(20), 0).TotalSeconds, 0.01);
        Assert.Equal(1, limit.Wait(TimeSpan.FromHours(20) + TimeSpan.FromSeconds(1), 0).TotalSeconds, 0.01);
    }

    [Fact]
    public void Rates_that_are_not_positive_or_not_24_are_refused()
    {
        var rates = new double[RateLimit.Hours];
        Assert.Throws<ArgumentException>(() => new RateLimit(rates));
        Array.Fill(rates, double.NaN);
        Assert.Throws<ArgumentException>(() => new RateLimit(rates));
        Assert.Throws<ArgumentException>(() => new RateLimit([1.0]));
    }

    private static long SentInAMinute(RateLimit limit, int hour)
    {
        var sent = 0L;
        for (var now = TimeSpan.Zero; now < TimeSpan.FromMinutes(1); now += limit.Wait(now, hour) + TimeSpan.FromMilliseconds(1))
        {
            if (limit.Wait(now, hour) == TimeSpan.Zero)
            {
                limit.Sent(65_536);
                sent += 65_536;
            }
        }

        return sent;
    }
}
