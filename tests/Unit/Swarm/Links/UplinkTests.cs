using Microsoft.Extensions.Time.Testing;
using Panal.Swarm.Links;

namespace Panal.Unit.Swarm.Links;

public sealed class UplinkTests
{
    private const double Rate = 100_000;

    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData(30_000, 3)]
    [InlineData(100_000, 5)]
    [InlineData(1_000_000, 16)]
    [InlineData(1_000_000_000, 90)]
    public void A_turn_is_a_record_of_whole_segments_that_the_line_takes_in_a_moment(double bytesPerSecond, int segments) =>
        Assert.Equal(segments * 1448 - 22, new Uplink(bytesPerSecond, _time).TurnBytes);

    [Theory]
    [InlineData(100_000, 1)]
    [InlineData(500_000, 2)]
    [InlineData(100_000_000, 6)]
    public void A_quick_line_serves_several_links_at_a_time(double bytesPerSecond, int links) => Assert.Equal(links, new Uplink(bytesPerSecond, _time).FewestLinks);

    [Fact]
    public void Turns_come_as_quickly_as_the_line_takes_them_whoever_takes_them()
    {
        var uplink = new Uplink(Rate, _time);
        var sent = 0;
        var begun = _time.GetTimestamp();
        while (_time.GetElapsedTime(begun) < TimeSpan.FromSeconds(100))
        {
            var wait = uplink.TakeTurn();
            _time.Advance(wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
            uplink.EndTurn(uplink.TurnBytes);
            sent += uplink.TurnBytes;
        }

        // A turn is five frames of 1,514 bytes, with 1,448 of payload each but for 22 bytes of TLS.
        Assert.InRange(sent / 100.0, 0.99 * Rate * 7218 / (5 * 1514), Rate * 7218 / (5 * 1514));
    }

    [Fact]
    public void After_a_rest_a_turn_is_had_at_once_and_the_rest_is_not_made_up_for()
    {
        var uplink = new Uplink(Rate, _time);
        _time.Advance(TimeSpan.FromHours(1));
        Assert.True(uplink.TakeTurn() <= TimeSpan.Zero);
        var second = uplink.TakeTurn();
        Assert.InRange(second.TotalMilliseconds, 30, 45);
        Assert.InRange((uplink.TakeTurn() - second).TotalMilliseconds, 70, 80);
    }

    [Theory]
    [InlineData(1_000, 10)]
    [InlineData(10_000, 100)]
    [InlineData(2_500_000, 200)]
    public void What_left_by_itself_puts_turns_off_but_never_for_long(long bytes, double milliseconds)
    {
        var uplink = new Uplink(Rate, _time);
        uplink.LeftUnasked(bytes);
        Assert.InRange(uplink.TakeTurn().TotalMilliseconds + 40, milliseconds, milliseconds * 1.01);
    }

    [Fact]
    public void What_leaves_without_a_turn_puts_the_next_one_off_and_what_a_turn_did_not_need_is_given_back()
    {
        var uplink = new Uplink(Rate, _time);
        uplink.TakeTurn();
        uplink.EndTurn(0);
        Assert.InRange(uplink.TakeTurn(), TimeSpan.FromSeconds(-1), TimeSpan.Zero);
        uplink.EndTurn(0);
        uplink.Sent(20_000);
        Assert.InRange(uplink.TakeTurn().TotalMilliseconds, 160, 180);
    }

    [Fact]
    public void A_line_takes_more_than_it_is_given_when_it_has_been_idle_for_a_moment()
    {
        var uplink = new Uplink(Rate, _time);
        uplink.TakeTurn();
        Assert.InRange(uplink.FullFor().TotalMilliseconds, 90, 100);
        _time.Advance(TimeSpan.FromMilliseconds(90));
        Assert.True(uplink.FullFor() > TimeSpan.Zero);
        _time.Advance(TimeSpan.FromMilliseconds(10));
        Assert.Equal(TimeSpan.Zero, uplink.FullFor());
    }
}
