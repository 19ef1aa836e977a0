using Panal.Swarm.Transfers;

namespace Panal.Unit.Swarm.Transfers;

public sealed class RateMeterTests
{
    [Fact]
    public void A_steady_line_is_measured_as_it_is_and_rest_does_not_count()
    {
        var meter = default(RateMeter);
        for (var second = 0; second < 20; second++)
        {
            meter.Start(TimeSpan.FromSeconds(second * 100));
            meter.Add(65_536, TimeSpan.FromSeconds(second * 100 + 0.5));
            meter.Stop();
        }

        Assert.Equal(131_072, meter.BytesPerSecond, 1.0);
    }

    [Fact]
    public void Silence_lowers_what_is_expected()
    {
        var meter = default(RateMeter);
        meter.Start(TimeSpan.Zero);
        meter.Add(65_536, TimeSpan.FromSeconds(0.5));
        Assert.Equal(131_072, meter.Expected(TimeSpan.FromSeconds(0.9), 65_536, 0), 1.0);
        Assert.Equal(6_553.6, meter.Expected(TimeSpan.FromSeconds(10.5), 65_536, 0), 1.0);
        meter.Stop();
        Assert.Equal(131_072, meter.Expected(TimeSpan.FromSeconds(10.5), 65_536, 0), 1.0);
    }

    [Fact]
    public void What_was_never_measured_is_taken_from_others_until_it_stays_silent()
    {
        var meter = default(RateMeter);
        Assert.Equal(50_000, meter.Expected(TimeSpan.FromSeconds(5), 65_536, 50_000));
        meter.Start(TimeSpan.Zero);
        Assert.Equal(6_553.6, meter.Expected(TimeSpan.FromSeconds(10), 65_536, 50_000), 1.0);
        meter.Lower(6_553.6);
        meter.Stop();
        Assert.Equal(6_553.6, meter.Expected(TimeSpan.FromSeconds(11), 65_536, 50_000), 1.0);
    }
}
