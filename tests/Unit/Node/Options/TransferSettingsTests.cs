using System.ComponentModel.DataAnnotations;
using Panal.Node.Options;

namespace Panal.Unit.Node.Options;

public sealed class TransferSettingsTests
{
    [Fact]
    public void Without_a_limit_every_hour_is_without_limit()
    {
        var settings = new TransferSettings();
        Assert.Equal(24, settings.UplinkLimits.Count);
        Assert.All(settings.UplinkLimits, static rate => Assert.Equal(double.PositiveInfinity, rate));
    }

    [Fact]
    public void What_the_line_carries_is_not_known_unless_it_is_given()
    {
        Assert.Null(new TransferSettings().UplinkBytesPerSecond);
        Assert.Equal(100_000, new TransferSettings { UplinkKilobitsPerSecond = 800 }.UplinkBytesPerSecond);
    }

    [Fact]
    public void One_rate_holds_all_day_and_rates_by_hours_hold_in_theirs()
    {
        Assert.All(new TransferSettings { UplinkLimit = "400" }.UplinkLimits, static rate => Assert.Equal(50_000, rate));
        var byHours = new TransferSettings { UplinkLimit = "7-19=400, 19-24 = 800" }.UplinkLimits;
        Assert.Equal(
            [.. Enumerable.Repeat(double.PositiveInfinity, 7), .. Enumerable.Repeat(50_000.0, 12), .. Enumerable.Repeat(100_000.0, 5)], byHours);
    }

    [Fact]
    public void Lines_are_named_by_the_addresses_of_peers_or_by_an_interface_each_with_its_limit()
    {
        Assert.Empty(new TransferSettings().Lines);
        var lines = new TransferSettings { LineLimits = "10.8.0.0/16 400; ppp0 7-19=400,19-24=800 ;192.168.1.7 1000; 2001:db8::/32 16" }.Lines;
        Assert.Equal(["10.8.0.0/16", null, "192.168.1.7/32", "2001:db8::/32"], lines.Select(static line => line.Peers?.ToString()));
        Assert.Equal([null, "ppp0", null, null], lines.Select(static line => line.Interface));
        Assert.Equal([50_000.0, double.PositiveInfinity, 125_000, 2_000], lines.Select(static line => line.UplinkLimits[0]));
        Assert.Equal(100_000, lines[1].UplinkLimits[20]);
    }

    [Theory]
    [InlineData("10.8.0.0/16")]
    [InlineData("10.8.0.0/16 x")]
    [InlineData("10.8.0.0/33 400")]
    [InlineData("10.8.0.0/16 400;;ppp0 400")]
    [InlineData("10.8.0.0/16 400 ppp0")]
    [InlineData("a-name-that-no-interface-has 400")]
    public void What_is_no_line_is_said_to_be_none(string text)
    {
        var settings = new TransferSettings { LineLimits = text };
        Assert.Contains("LineLimits", Assert.Single(settings.Validate(new ValidationContext(settings))).ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void Near_networks_are_addresses_and_ranges()
    {
        Assert.Equal(["10.1.0.0/16", "10.2.0.3/32"], new TransferSettings { NearNetworks = "10.1.0.0/16, 10.2.0.3" }.Near.Select(static network => network.ToString()));
        var settings = new TransferSettings { NearNetworks = "10.1.0.0/40" };
        Assert.Contains("NearNetworks", Assert.Single(settings.Validate(new ValidationContext(settings))).ErrorMessage, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x")]
    [InlineData("15")]
    [InlineData("0")]
    [InlineData("-400")]
    [InlineData("100000001")]
    [InlineData("7-19")]
    [InlineData("7-19=")]
    [InlineData("19-7=400")]
    [InlineData("7-7=400")]
    [InlineData("7-25=400")]
    [InlineData("7-19=400,18-20=500")]
    [InlineData("7-19=400,800")]
    [InlineData("7-19=400,")]
    [InlineData("7=19=400")]
    [InlineData("99999999999-1=400")]
    public void What_is_no_limit_is_said_to_be_none(string text)
    {
        var settings = new TransferSettings { UplinkLimit = text };
        Assert.Contains("UplinkLimit", Assert.Single(settings.Validate(new ValidationContext(settings))).ErrorMessage, StringComparison.Ordinal);
    }
}
