using Microsoft.Extensions.Time.Testing;
using Panal.Swarm.Multiplexing;

namespace Panal.Unit.Swarm.Multiplexing;

public sealed class LinkTrafficTests
{
    [Fact]
    public void Who_sends_parts_of_something_long_is_bringing_until_a_moment_after_the_last()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch);
        var traffic = new LinkTraffic(time);
        time.Advance(TimeSpan.FromSeconds(1));
        traffic.Received(300);
        Assert.False(traffic.IsBringing);
        traffic.Received(8_192);
        Assert.True(traffic.IsBringing);
        time.Advance(TimeSpan.FromMilliseconds(300));
        traffic.Received(100);
        Assert.True(traffic.IsBringing);
        time.Advance(TimeSpan.FromMilliseconds(300));
        Assert.False(traffic.IsBringing);
    }
}
