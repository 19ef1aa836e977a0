using Panal.Catalogue.Matching;

namespace Panal.Unit.Catalogue.Matching;

public sealed class TemporalTests
{
    private const long Second = 1_000_000, Minute = 60 * Second, Hour = 60 * Minute;

    [Theory]
    [InlineData("20200229", 20200229)]
    [InlineData("2020.02.29", 20200229)]
    [InlineData(" 20200229 ", 20200229)]
    [InlineData("20201301", -1)]
    [InlineData("20200100", -1)]
    [InlineData("2020", -1)]
    [InlineData("2020022A", -1)]
    [InlineData("+2020022", -1)]
    [InlineData("", -1)]
    public void Dates_are_read_in_both_forms(string text, int expected) => Assert.Equal(expected, DateValue.Parse(text));

    [Theory]
    [InlineData("10", 10 * Hour, 11 * Hour - 1)]
    [InlineData("1015", 10 * Hour + 15 * Minute, 10 * Hour + 16 * Minute - 1)]
    [InlineData("101530", 10 * Hour + 15 * Minute + 30 * Second, 10 * Hour + 15 * Minute + 31 * Second - 1)]
    [InlineData("101530.5", 10 * Hour + 15 * Minute + 30 * Second + 500_000, 10 * Hour + 15 * Minute + 30 * Second + 599_999)]
    [InlineData("101530.123456", 10 * Hour + 15 * Minute + 30 * Second + 123_456, 10 * Hour + 15 * Minute + 30 * Second + 123_456)]
    [InlineData("10:15", 10 * Hour + 15 * Minute, 10 * Hour + 16 * Minute - 1)]
    [InlineData("10:15:30.5", 10 * Hour + 15 * Minute + 30 * Second + 500_000, 10 * Hour + 15 * Minute + 30 * Second + 599_999)]
    [InlineData("235960", 24 * Hour, 24 * Hour + Second - 1)]
    public void Times_last_as_long_as_their_precision(string text, long first, long last)
    {
        Assert.True(TimeValue.TryParse(text, out long from, out long to));
        Assert.Equal((first, last), (from, to));
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("101")]
    [InlineData("24")]
    [InlineData("1060")]
    [InlineData("101561")]
    [InlineData("101530.")]
    [InlineData("101530.1234567")]
    [InlineData("1015.5")]
    [InlineData("-1")]
    public void What_is_no_time_is_refused(string text) => Assert.False(TimeValue.TryParse(text, out _, out _));

    [Theory]
    [InlineData("2020", "2020-01-01T00:00:00", 366 * 24 * Hour)]
    [InlineData("202002", "2020-02-01T00:00:00", 29 * 24 * Hour)]
    [InlineData("20200229", "2020-02-29T00:00:00", 24 * Hour)]
    [InlineData("2020022910", "2020-02-29T10:00:00", Hour)]
    [InlineData("20200229101530+0100", "2020-02-29T09:15:30", Second)]
    [InlineData("20200229101530.5-0130", "2020-02-29T11:45:30.5", Second / 10)]
    [InlineData("2020-0500", "2020-01-01T05:00:00", 366 * 24 * Hour)]
    public void Date_times_are_moments_in_utc(string text, string start, long length)
    {
        Assert.True(DateTimeValue.TryParse(text, TimeSpan.Zero, out long first, out long last));
        DateTime expected = DateTime.Parse(start, System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(expected.Ticks / 10, first);
        Assert.Equal(length, last - first + 1);
    }

    [Theory]
    [InlineData("")]
    [InlineData("202")]
    [InlineData("20200230")]
    [InlineData("20200229101530+1500")]
    [InlineData("2020-2021")]
    [InlineData("0000")]
    [InlineData("9999")]
    public void What_is_no_date_time_is_refused(string text) => Assert.False(DateTimeValue.TryParse(text, TimeSpan.Zero, out _, out _));
}
