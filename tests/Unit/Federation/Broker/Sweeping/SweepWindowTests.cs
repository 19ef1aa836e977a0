using Panal.Dicom;
using Panal.Federation.Broker.Sweeping;

namespace Panal.Unit.Federation.Broker.Sweeping;

public sealed class SweepWindowTests
{
    private static readonly DateOnly Today = new(2026, 1, 3);

    [Fact]
    public void Splitting_loses_no_minute_and_ends_at_one()
    {
        var waiting = new Stack<SweepWindow>([new SweepWindow(new DateOnly(2025, 12, 30), new DateOnly(2026, 1, 2))]);
        var minutes = new HashSet<(DateOnly, int)>();
        while (waiting.TryPop(out var window))
        {
            Assert.True(window.IsValid);
            if (window.IsSmallest)
            {
                Assert.True(minutes.Add((window.First!.Value, window.FirstMinute!.Value)));
                continue;
            }

            var (later, earlier) = window.Split(Today);
            Assert.True((later.First, later.FirstMinute).CompareTo((earlier.First, earlier.FirstMinute)) > 0);
            waiting.Push(earlier);
            waiting.Push(later);
        }

        Assert.Equal(4 * 24 * 60, minutes.Count);
    }

    [Fact]
    public void Everything_is_split_into_what_is_recent_and_what_is_old_with_one_day_to_come()
    {
        var (later, earlier) = SweepWindow.All.Split(Today);
        Assert.Equal(Today.AddDays(1), later.Last);
        Assert.Equal(later.First, earlier.Last!.Value.AddDays(1));
        Assert.InRange(later.Last!.Value.DayNumber - later.First!.Value.DayNumber, 365, 2000);
        Assert.Equal(1895, earlier.First!.Value.Year);
    }

    [Theory]
    [InlineData(null, null, null, null, "", "")]
    [InlineData("2026-01-02", "2026-01-02", null, null, "20260102", "")]
    [InlineData("2026-01-02", "2026-01-09", null, null, "20260102-20260109", "")]
    [InlineData("2026-01-02", "2026-01-02", 61, 119, "20260102", "010100-015959.999999")]
    public void A_window_is_asked_for_by_range_matching(string? first, string? last, int? from, int? to, string date, string time)
    {
        var identifier = new DataSet();
        new SweepWindow(Date(first), Date(last), from, to).WriteTo(identifier);
        Assert.Equal((date, time), (identifier.GetString(Tags.StudyDate) ?? "", identifier.GetString(Tags.StudyTime) ?? ""));
    }

    [Theory]
    [InlineData(null, "2026-01-02", null, null)]
    [InlineData("2026-01-02", null, null, null)]
    [InlineData("2026-01-03", "2026-01-02", null, null)]
    [InlineData("2026-01-02", "2026-01-03", 0, 10)]
    [InlineData("2026-01-02", "2026-01-02", 10, 9)]
    [InlineData("2026-01-02", "2026-01-02", 0, 1440)]
    [InlineData("2026-01-02", "2026-01-02", 0, null)]
    public void A_window_that_cannot_be_is_not_taken_from_disk(string? first, string? last, int? from, int? to) =>
        Assert.False(new SweepWindow(Date(first), Date(last), from, to).IsValid);

    private static DateOnly? Date(string? text) => text is null ? null : DateOnly.ParseExact(text, "yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
}
