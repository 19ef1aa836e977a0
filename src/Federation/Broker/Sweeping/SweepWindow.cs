using System.Globalization;
using Panal.Dicom;

namespace Panal.Federation.Broker.Sweeping;

/// <summary>Which studies one question asks for: all, those of some days, or those of some hours of one day.</summary>
/// <param name="First">First Study Date; null for all studies, with a date or without.</param>
/// <param name="Last">Last Study Date; null together with the first.</param>
/// <param name="FirstMinute">First minute of the day, 0 to 1439; only with one day.</param>
/// <param name="LastMinute">Last minute of the day, 0 to 1439; only with one day.</param>
public sealed record SweepWindow(DateOnly? First, DateOnly? Last, int? FirstMinute = null, int? LastMinute = null)
{
    private const int LastMinuteOfDay = (24 * 60) - 1;

    /// <summary>Everything that the archive has.</summary>
    public static SweepWindow All { get; } = new(null, null);

    /// <summary>The first X-ray image was taken in 1895; nothing that is older than its archive matters.</summary>
    private static readonly DateOnly Beginning = new(1895, 1, 1);

    /// <summary>Whether it says something that can be.</summary>
    internal bool IsValid => First is null
        ? Last is null && FirstMinute is null && LastMinute is null
        : Last >= First && (FirstMinute is null
            ? LastMinute is null
            : First == Last && FirstMinute >= 0 && LastMinute >= FirstMinute && LastMinute <= LastMinuteOfDay);

    /// <summary>One minute: it cannot be split any more.</summary>
    internal bool IsSmallest => FirstMinute is not null && FirstMinute == LastMinute;

    /// <summary>One day or less.</summary>
    internal bool IsWithinDay => First is not null && First == Last;

    /// <summary>Splits it in two, the later half first: what is new is wanted before what is old.</summary>
    /// <param name="today">The last day that can have studies; one more is asked for, because clocks differ.</param>
    internal (SweepWindow Later, SweepWindow Earlier) Split(DateOnly today)
    {
        if (First is not { } first || Last is not { } last)
        {
            return new SweepWindow(Beginning, today.AddDays(1)).Split(today);
        }

        if (first == last)
        {
            var (from, to) = (FirstMinute ?? 0, LastMinute ?? LastMinuteOfDay);
            var minute = from + ((to - from) / 2);
            return (this with { FirstMinute = minute + 1, LastMinute = to }, this with { FirstMinute = from, LastMinute = minute });
        }

        // Studies grow more with the years: the first cut of the whole time is a year before today, not in the middle of the last century.
        var middle = first == Beginning && last.DayNumber - first.DayNumber > 1000
            ? last.AddDays(-Math.Max(365, (last.DayNumber - first.DayNumber) / 32))
            : first.AddDays((last.DayNumber - first.DayNumber) / 2);
        return (new SweepWindow(middle.AddDays(1), last), new SweepWindow(first, middle));
    }

    /// <summary>Puts the window into an identifier.</summary>
    internal void WriteTo(DataSet identifier)
    {
        identifier.SetEmpty(Tags.StudyDate);
        identifier.SetEmpty(Tags.StudyTime);
        if (First is { } first && Last is { } last)
        {
            identifier.Set(Tags.StudyDate, first == last ? Text(first) : $"{Text(first)}-{Text(last)}");
        }

        if (FirstMinute is { } from && LastMinute is { } to)
        {
            identifier.Set(Tags.StudyTime, string.Create(
                CultureInfo.InvariantCulture, $"{from / 60:00}{from % 60:00}00-{to / 60:00}{to % 60:00}59.999999"));
        }
    }

    private static string Text(DateOnly date) => date.ToString("yyyyMMdd", CultureInfo.InvariantCulture);
}
