using System.Net;
using Panal.Security.Identities;

namespace Panal.Unit.Security.Identities;

public sealed class AddressRangeTests
{
    [Theory]
    [InlineData("10.77.0.0/16", 1, "10.77.0.1")]
    [InlineData("10.77.0.0/16", 256, "10.77.1.0")]
    [InlineData("10.77.0.0/16", 65534, "10.77.255.254")]
    [InlineData("192.168.1.8/29", 6, "192.168.1.14")]
    [InlineData("fd12:3456:789a::/48", 1, "fd12:3456:789a::1")]
    [InlineData("fd12:3456:789a::/48", 65536, "fd12:3456:789a::1:0")]
    public void Addresses_rise_with_their_index_and_lead_back_to_it(string text, long index, string expected)
    {
        Assert.True(AddressRange.TryParse(text, out var range));
        Assert.Equal(IPAddress.Parse(expected), range[index]);
        Assert.Equal(index, range.IndexOf(IPAddress.Parse(expected)));
        Assert.Equal(text, range.ToString());
    }

    [Theory]
    [InlineData("10.77.0.0/16", 65534)]
    [InlineData("192.168.1.8/29", 6)]
    [InlineData("fd12:3456:789a::/112", 65534)]
    [InlineData("fd12:3456:789a::/48", uint.MaxValue)]
    public void First_and_last_address_are_kept_free(string text, long capacity)
    {
        Assert.True(AddressRange.TryParse(text, out var range));
        Assert.Equal(capacity, range.Capacity);
        Assert.Throws<ArgumentOutOfRangeException>(() => range[0]);
        Assert.Throws<ArgumentOutOfRangeException>(() => range[capacity + 1]);
        Assert.Null(range.IndexOf(IPAddress.Parse(text[..text.IndexOf('/', StringComparison.Ordinal)])));
    }

    [Theory]
    [InlineData("")]
    [InlineData("10.77.0.0")]
    [InlineData("10.77.0.1/16")]
    [InlineData("10.0.0.0/7")]
    [InlineData("10.0.0.0/30")]
    [InlineData("2001:db8::/48")]
    [InlineData("fd00::/47")]
    [InlineData("fd00::/113")]
    [InlineData("10.77.0.0/16 ")]
    public void What_is_no_range_or_outside_the_limits_is_refused(string text) => Assert.False(AddressRange.TryParse(text, out _));

    [Fact]
    public void Addresses_of_others_have_no_index()
    {
        Assert.Null(AddressRange.Default.IndexOf(IPAddress.Parse("10.78.0.1")));
        Assert.Null(AddressRange.Default.IndexOf(IPAddress.Parse("fd12::1")));
        Assert.Null(AddressRange.Default.IndexOf(IPAddress.Parse("10.77.255.255")));
    }

    [Fact]
    public void A_unique_local_range_is_random_and_can_be_read_again()
    {
        var range = AddressRange.CreateUniqueLocal().ToString();
        Assert.NotEqual(range, AddressRange.CreateUniqueLocal().ToString());
        Assert.True(AddressRange.TryParse(range, out var read));
        Assert.True(read[1].IsIPv6UniqueLocal);
    }
}
