using System.Net;
using Panal.Node.Web;

namespace Panal.Unit.Node.Web;

public sealed class CallLimitTests
{
    private readonly Clock _clock = new();

    [Fact]
    public void An_address_has_its_tries_and_gets_one_back_after_each_interval()
    {
        var limit = new CallLimit(3, TimeSpan.FromSeconds(6), _clock);
        var address = IPAddress.Parse("192.0.2.1");
        Assert.Equal([true, true, true, false], Enumerable.Range(0, 4).Select(_ => limit.TryTake(address)));
        Assert.True(limit.TryTake(IPAddress.Parse("192.0.2.2")));
        _clock.Move(TimeSpan.FromSeconds(5));
        Assert.False(limit.IsOpen(address));
        _clock.Move(TimeSpan.FromSeconds(1));
        Assert.True(limit.IsOpen(address));
        Assert.Equal([true, false], Enumerable.Range(0, 2).Select(_ => limit.TryTake(address)));
        _clock.Move(TimeSpan.FromHours(1));
        Assert.Equal([true, true, true, false], Enumerable.Range(0, 4).Select(_ => limit.TryTake(address)));
    }

    [Fact]
    public void The_addresses_of_one_line_count_together()
    {
        var limit = new CallLimit(1, TimeSpan.FromSeconds(6), _clock);
        Assert.True(limit.TryTake(IPAddress.Parse("2001:db8:1:2::1")));
        Assert.False(limit.TryTake(IPAddress.Parse("2001:db8:1:2:ffff::2")));
        Assert.True(limit.TryTake(IPAddress.Parse("2001:db8:1:3::1")));
        Assert.True(limit.TryTake(IPAddress.Parse("192.0.2.1")));
        Assert.False(limit.TryTake(IPAddress.Parse("::ffff:192.0.2.1")));
    }

    [Fact]
    public void Strangers_cannot_fill_the_memory_and_room_comes_back_with_time()
    {
        var limit = new CallLimit(1, TimeSpan.FromSeconds(6), _clock);
        var taken = Enumerable.Range(0, CallLimit.AddressLimit + 1).Count(i => limit.TryTake(new IPAddress(i + 1)));
        Assert.Equal(CallLimit.AddressLimit, taken);
        _clock.Move(TimeSpan.FromSeconds(6));
        Assert.True(limit.TryTake(IPAddress.Parse("198.51.100.1")));
    }

    private sealed class Clock : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Move(TimeSpan by) => _ticks += by.Ticks;
    }
}
