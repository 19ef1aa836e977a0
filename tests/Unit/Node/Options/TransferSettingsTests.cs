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
        Assert.Equal(100_000, settings.UplinkBytesPerSecond);
    }

    [Fact]
    public void One_rate_holds_all_day_and_rates_by_hours_hold_in_theirs()
    {
        Assert.All(new TransferSettings { UplinkLimit = "400" }.UplinkLimits, static rate => Assert.Equal(50_000, rate));
        var byHours = new TransferSettings { UplinkLimit = "7-19=400, 19-24 = 800" }.UplinkLimits;
        Assert.Equal(
            [.. Enumerable.Repeat(double.PositiveInfinity, 7), .. Enumerable.Repeat(50_000.0, 12), .. Enumerable.Repeat(100_000.0, 5)], byHours);
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
