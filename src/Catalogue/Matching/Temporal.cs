using System.Globalization;

namespace Panal.Catalogue.Matching;

/// <summary>Dates of VR DA as numbers yyyymmdd.</summary>
internal static class DateValue
{
    internal const int Unknown = -1;

    /// <summary>Reads yyyymmdd, or yyyy.mm.dd as it was before 1993 (PS3.5 §6.2); Unknown when it is none.</summary>
    internal static int Parse(scoped ReadOnlySpan<char> text)
    {
        text = text.Trim();
        Span<char> digits = stackalloc char[8];
        if (text.Length == 10 && text[4] == '.' && text[7] == '.')
        {
            text[..4].CopyTo(digits);
            text[5..7].CopyTo(digits[4..]);
            text[8..].CopyTo(digits[6..]);
            text = digits;
        }

        if (text.Length != 8 || !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int date))
        {
            return Unknown;
        }

        return date / 100 % 100 is >= 1 and <= 12 && date % 100 is >= 1 and <= 31 ? date : Unknown;
    }
}

/// <summary>Times of VR TM as microseconds since midnight.</summary>
internal static class TimeValue
{
    internal const long Unknown = -1;

    /// <summary>The first microsecond of what the text says; Unknown when it is no time.</summary>
    internal static long Parse(ReadOnlySpan<char> text) => TryParse(text, out long first, out _) ? first : Unknown;

    /// <summary>Reads HH, HHMM, HHMMSS, HHMMSS.F to .FFFFFF, also with colons: a time of less precision lasts longer (PS3.4 §C.2.2.2.5).</summary>
    internal static bool TryParse(scoped ReadOnlySpan<char> text, out long first, out long last)
    {
        (first, last) = (Unknown, Unknown);
        text = text.Trim();
        Span<char> digits = stackalloc char[13];
        if (text.Length is 5 or >= 8 and <= 15 && text[2] == ':' && (text.Length == 5 || text[5] == ':'))
        {
            text[..2].CopyTo(digits);
            text[3..5].CopyTo(digits[2..]);
            if (text.Length > 5)
            {
                text[6..].CopyTo(digits[4..]);
            }

            text = digits[..(text.Length == 5 ? 4 : text.Length - 2)];
        }

        if (text.Length < 2 || !TryTwo(text, 0, 23, out int hour))
        {
            return false;
        }

        int minute = 0, second = 0;
        if ((text.Length > 2 && !TryTwo(text, 2, 59, out minute)) || (text.Length > 4 && !TryTwo(text, 4, 60, out second)))
        {
            return false;
        }

        long micros = 0, length = text.Length switch { 2 => 3_600_000_000, 4 => 60_000_000, _ => 1_000_000 };
        if (text.Length > 6 && !TryFraction(text[6..], out micros, out length))
        {
            return false;
        }

        first = (((hour * 60L) + minute) * 60 + second) * 1_000_000 + micros;
        last = first + length - 1;
        return text.Length != 3 && text.Length != 5;
    }

    private static bool TryTwo(ReadOnlySpan<char> text, int start, int maximum, out int number)
    {
        number = 0;
        return text.Length >= start + 2
            && int.TryParse(text.Slice(start, 2), NumberStyles.None, CultureInfo.InvariantCulture, out number)
            && number <= maximum;
    }

    private static bool TryFraction(ReadOnlySpan<char> text, out long micros, out long length)
    {
        (micros, length) = (0, 1_000_000);
        if (text[0] != '.' || text.Length is < 2 or > 7)
        {
            return false;
        }

        foreach (char digit in text[1..])
        {
            if (!char.IsAsciiDigit(digit))
            {
                return false;
            }

            length /= 10;
            micros += (digit - '0') * length;
        }

        return true;
    }
}

/// <summary>Values of VR DT as microseconds since year 1, in UTC where the value says its offset.</summary>
internal static class DateTimeValue
{
    /// <summary>Reads YYYY to YYYYMMDDHHMMSS.FFFFFF with or without an offset &amp;ZZXX (PS3.5 §6.2).</summary>
    /// <param name="defaultOffset">Offset from UTC of values that say none.</param>
    internal static bool TryParse(ReadOnlySpan<char> text, TimeSpan defaultOffset, out long first, out long last)
    {
        (first, last) = (0, 0);
        text = text.Trim();
        TimeSpan offset = defaultOffset;
        if (text.Length > 5 && text[^5] is '+' or '-')
        {
            if (!TryOffset(text[^5..], out offset))
            {
                return false;
            }

            text = text[..^5];
        }

        if (!TryDate(text[..Math.Min(8, text.Length)], out DateTime start, out DateTime end))
        {
            return false;
        }

        (long Start, long End) micros = (start.Ticks / TimeSpan.TicksPerMicrosecond, (end.Ticks / TimeSpan.TicksPerMicrosecond) - 1);
        if (text.Length > 8)
        {
            if (!TimeValue.TryParse(text[8..], out long firstOfDay, out long lastOfDay) || text[8..].Contains(':'))
            {
                return false;
            }

            micros = (micros.Start + firstOfDay, micros.Start + lastOfDay);
        }

        long shift = offset.Ticks / TimeSpan.TicksPerMicrosecond;
        (first, last) = (micros.Start - shift, micros.End - shift);
        return true;
    }

    /// <summary>Reads &amp;ZZXX between -1200 and +1400.</summary>
    internal static bool TryOffset(ReadOnlySpan<char> text, out TimeSpan offset)
    {
        offset = default;
        if (text.Length != 5 || text[0] is not ('+' or '-')
            || !int.TryParse(text[1..3], NumberStyles.None, CultureInfo.InvariantCulture, out int hours)
            || !int.TryParse(text[3..5], NumberStyles.None, CultureInfo.InvariantCulture, out int minutes)
            || minutes > 59 || (hours * 60) + minutes > (text[0] == '-' ? 12 : 14) * 60)
        {
            return false;
        }

        offset = new TimeSpan(hours, minutes, 0);
        offset = text[0] == '-' ? -offset : offset;
        return true;
    }

    private static bool TryDate(ReadOnlySpan<char> text, out DateTime start, out DateTime end)
    {
        (start, end) = (default, default);
        if (text.Length is not (4 or 6 or 8) || !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
        {
            return false;
        }

        int year = text.Length switch { 4 => number, 6 => number / 100, _ => number / 10000 };
        int month = text.Length switch { 4 => 1, 6 => number % 100, _ => number / 100 % 100 };
        int day = text.Length == 8 ? number % 100 : 1;
        // The last year of the calendar has no following one.
        if (year is < 1 or > 9998 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month))
        {
            return false;
        }

        start = new DateTime(year, month, day, 0, 0, 0, DateTimeKind.Utc);
        end = text.Length switch { 4 => start.AddYears(1), 6 => start.AddMonths(1), _ => start.AddDays(1) };
        return true;
    }
}
