using Microsoft.Extensions.Time.Testing;
using Panal.Dimse;

namespace Panal.Unit.Dimse.Associations;

public sealed class DeadlineTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly FakeTimeProvider time = new();
    private int fired;

    [Fact]
    public void It_fires_once_when_the_time_is_over_and_not_before()
    {
        using var deadline = Create();
        deadline.Begin(10 * Second);
        time.Advance(9 * Second);
        Assert.Equal(0, fired);
        time.Advance(Second);
        time.Advance(100 * Second);
        Assert.Equal(1, fired);
    }

    [Fact]
    public void A_wait_that_ended_in_time_does_not_fire()
    {
        using var deadline = Create();
        deadline.Begin(10 * Second);
        deadline.End();
        time.Advance(100 * Second);
        Assert.Equal(0, fired);
    }

    [Fact]
    public void A_later_end_holds_though_the_timer_was_armed_for_an_earlier_one()
    {
        using var deadline = Create();
        deadline.Begin(10 * Second);
        time.Advance(5 * Second);
        deadline.Begin(10 * Second);
        time.Advance(9 * Second);
        Assert.Equal(0, fired);
        time.Advance(Second);
        Assert.Equal(1, fired);
    }

    [Fact]
    public void An_earlier_end_holds_though_the_timer_was_armed_for_a_later_one()
    {
        using var deadline = Create();
        deadline.Begin(100 * Second);
        deadline.Begin(Second);
        time.Advance(Second);
        Assert.Equal(1, fired);
    }

    [Fact]
    public void An_infinite_time_never_fires()
    {
        using var deadline = Create();
        deadline.Begin(Second);
        deadline.Begin(Timeout.InfiniteTimeSpan);
        time.Advance(1000 * Second);
        Assert.Equal(0, fired);
    }

    private Deadline Create() => new(time, () => fired++);
}
