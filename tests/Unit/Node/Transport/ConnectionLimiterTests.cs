using System.Net;
using Panal.Node.Transport;

namespace Panal.Unit.Node.Transport;

public sealed class ConnectionLimiterTests
{
    [Fact]
    public void One_address_cannot_take_all_places()
    {
        var limiter = new ConnectionLimiter(3, 2);
        Assert.True(limiter.TryEnter(IPAddress.Parse("10.0.0.1")));
        Assert.True(limiter.TryEnter(IPAddress.Parse("10.0.0.1")));
        Assert.False(limiter.TryEnter(IPAddress.Parse("10.0.0.1")));
        Assert.True(limiter.TryEnter(IPAddress.Parse("10.0.0.2")));
        Assert.False(limiter.TryEnter(IPAddress.Parse("10.0.0.3")));
        limiter.Leave(IPAddress.Parse("10.0.0.1"));
        Assert.True(limiter.TryEnter(IPAddress.Parse("10.0.0.3")));
        Assert.Equal((3, 2), (limiter.Count, limiter.Refused));
    }

    [Fact]
    public void Addresses_of_one_IPv6_network_are_one_caller()
    {
        var limiter = new ConnectionLimiter(10, 1);
        Assert.True(limiter.TryEnter(IPAddress.Parse("2001:db8::1")));
        Assert.False(limiter.TryEnter(IPAddress.Parse("2001:db8::ffff:1")));
        Assert.True(limiter.TryEnter(IPAddress.Parse("2001:db8:0:1::1")));
    }
}
