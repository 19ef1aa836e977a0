using Panal.Dicom;

namespace Panal.Catalogue.Matching;

/// <summary>Reads the values of keys as conditions, by VR (PS3.4 §C.2.2.2).</summary>
internal static class KeyReader
{
    /// <summary>Longest text of one key, in characters; lists of UIDs may be longer.</summary>
    internal const int TextLimit = 4096;

    /// <summary>UIDs in one key at most.</summary>
    internal const int UidLimit = 100_000;

    /// <summary>Dates with the time beside them.</summary>
    internal static readonly (Tag Date, Tag Time)[] Moments =
    [
        (Tags.StudyDate, Tags.StudyTime),
        (Tags.SeriesDate, Tags.SeriesTime),
        (Tags.PerformedProcedureStepStartDate, Tags.PerformedProcedureStepStartTime),
        (Tags.ContentDate, Tags.ContentTime),
        (Tags.AcquisitionDate, Tags.AcquisitionTime),
        (Tags.InstanceCreationDate, Tags.InstanceCreationTime),
        (Tags.PatientBirthDate, Tags.PatientBirthTime),
    ];

    /// <summary>Reads a key that is no sequence; null is universal matching.</summary>
    internal static KeyCondition? Read(Tag tag, Vr vr, string text, MatchingOptions options)
    {
        bool unknownMatches = options.UnknownMatches && tag != Tags.PatientID && vr != Vr.UI;
        text = text.Trim(' ', '\0');
        if (text.Length == 0)
        {
            return null;
        }

        if (vr != Vr.UI && text.Length > TextLimit)
        {
            throw new CatalogueQueryException(tag, $"The key {tag} is too long.");
        }

        if (options.MatchesEmptyValues && text == "\"\"")
        {
            return new EmptyCondition(tag, vr);
        }

        return vr switch
        {
            Vr.UI => ReadUids(tag, text, unknownMatches),
            Vr.DA => ReadDate(tag, text, unknownMatches),
            Vr.TM => ReadTime(tag, text, unknownMatches),
            Vr.DT => ReadDateTime(tag, text, options.TimezoneOffset, unknownMatches),
            Vr.IS or Vr.DS or Vr.US or Vr.SS or Vr.UL or Vr.SL or Vr.FL or Vr.FD => ReadNumbers(tag, vr, text, unknownMatches),
            _ => ReadText(tag, vr, text, options, unknownMatches),
        };
    }

    /// <summary>A range of dates with the range of times beside it; null unless both are ranges of the same form.</summary>
    internal static KeyCondition? ReadMoment(Tag dateTag, string date, Tag timeTag, string time, MatchingOptions options)
    {
        (date, time) = (date.Trim(), time.Trim());
        if (!date.Contains('-') || !time.Contains('-') || date.StartsWith('-') != time.StartsWith('-') || date.EndsWith('-') != time.EndsWith('-'))
        {
            return null;
        }

        (int firstDate, int lastDate) = DateRange(dateTag, date);
        (long firstTime, long lastTime) = TimeRange(timeTag, time);
        long first = firstDate == 0 ? long.MinValue : MomentCondition.StartOf(firstDate) + firstTime;
        long last = lastDate == int.MaxValue ? long.MaxValue : MomentCondition.StartOf(lastDate) + lastTime;
        return new MomentCondition(dateTag, timeTag, first, last, options.TimezoneOffset, options.UnknownMatches);
    }

    private static KeyCondition? ReadText(Tag tag, Vr vr, string text, MatchingOptions options, bool unknownMatches)
    {
        string[] values = vr.IsMultiValued() ? text.Split('\\', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) : [text];
        if (values.Length == 0 || values.Any(IsOnlyStars) && !options.MatchesAllValues)
        {
            return null;
        }

        // "All values" is for these VRs, and without wildcards.
        if (values.Length > 1 && options.MatchesAllValues && vr is Vr.AE or Vr.AS or Vr.AT or Vr.CS or Vr.LO or Vr.PN or Vr.SH or Vr.UC)
        {
            KeyCondition[] each = [.. values.Where(value => !IsOnlyStars(value)).Select(value => One(tag, vr, [value], unknownMatches)).OfType<KeyCondition>()];
            return each.Length == 0 ? null : new AllCondition(tag, vr, each);
        }

        return One(tag, vr, values, unknownMatches);
    }

    private static bool IsOnlyStars(string value) => value.AsSpan().Trim('*').IsEmpty;

    private static KeyCondition? One(Tag tag, Vr vr, string[] values, bool unknownMatches)
    {
        if (vr == Vr.PN)
        {
            NameCondition.Alternative[] names = [.. values.Select(ReadName)];
            return names.Any(name => name.IsUniversal) ? null : new NameCondition(tag, names, unknownMatches);
        }

        bool allowsWildcards = vr is Vr.AE or Vr.CS or Vr.LO or Vr.LT or Vr.SH or Vr.ST or Vr.UC or Vr.UR or Vr.UT;
        return new TextCondition(tag, vr, [.. values.Select(value => new TextPattern(value, allowsWildcards, isName: false))], unknownMatches);
    }

    private static NameCondition.Alternative ReadName(string value)
    {
        string[] groups = value.Split('=', 4);
        TextPattern? Pattern(int index)
        {
            string group = index < groups.Length ? FoldPattern(groups[index]) : string.Empty;
            return group.AsSpan().Trim('*').IsEmpty ? null : new TextPattern(group, allowsWildcards: true, isName: true);
        }

        return new NameCondition.Alternative(groups.Length == 1, Pattern(0), Pattern(1), Pattern(2));
    }

    /// <summary>Folds like the value; carets at the end count only before a wildcard, which they never are.</summary>
    private static string FoldPattern(string group) => FoldedName.FoldGroup(group);

    private static UidCondition? ReadUids(Tag tag, string text, bool unknownMatches)
    {
        string[] uids = text.Split('\\', UidLimit + 1, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (uids.Length > UidLimit)
        {
            throw new CatalogueQueryException(tag, $"The key {tag} holds too many UIDs.");
        }

        // Some clients send "*" for "any UID"; there are no wildcards in UIDs otherwise.
        return uids.Length == 0 || uids is ["*"] ? null : new UidCondition(tag, [.. uids.Select(uid => uid.Trim('\0'))], unknownMatches);
    }

    private static NumberCondition? ReadNumbers(Tag tag, Vr vr, string text, bool unknownMatches)
    {
        string[] values = text.Split('\\', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (values is [] or ["*"])
        {
            return null;
        }

        var numbers = new double[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            if (!NumberCondition.TryParse(values[i], out numbers[i]))
            {
                throw new CatalogueQueryException(tag, $"The key {tag} is no number.");
            }
        }

        return new NumberCondition(tag, vr, numbers, unknownMatches);
    }

    private static DateCondition? ReadDate(Tag tag, string text, bool unknownMatches)
    {
        if (IsOnlyStars(text))
        {
            return null;
        }

        (int first, int last) = DateRange(tag, text);
        return new DateCondition(tag, first, last, unknownMatches);
    }

    private static TimeCondition? ReadTime(Tag tag, string text, bool unknownMatches)
    {
        if (IsOnlyStars(text))
        {
            return null;
        }

        (long first, long last) = TimeRange(tag, text);
        return new TimeCondition(tag, first, last, unknownMatches);
    }

    private static (int First, int Last) DateRange(Tag tag, string text)
    {
        int hyphen = text.IndexOf('-');
        ReadOnlySpan<char> from = hyphen < 0 ? text : text.AsSpan(0, hyphen).Trim();
        ReadOnlySpan<char> to = hyphen < 0 ? text : text.AsSpan(hyphen + 1).Trim();
        int first = from.IsEmpty ? 0 : DateValue.Parse(from);
        int last = to.IsEmpty ? int.MaxValue : DateValue.Parse(to);
        return first == DateValue.Unknown || last == DateValue.Unknown || (from.IsEmpty && to.IsEmpty)
            ? throw new CatalogueQueryException(tag, $"The key {tag} is no date and no range of dates.")
            : (first, last);
    }

    private static (long First, long Last) TimeRange(Tag tag, string text)
    {
        int hyphen = text.IndexOf('-');
        ReadOnlySpan<char> from = hyphen < 0 ? text : text.AsSpan(0, hyphen).Trim();
        ReadOnlySpan<char> to = hyphen < 0 ? text : text.AsSpan(hyphen + 1).Trim();
        long first = 0, last = long.MaxValue;
        if ((from.IsEmpty && to.IsEmpty) || (!from.IsEmpty && !TimeValue.TryParse(from, out first, out _)) || (!to.IsEmpty && !TimeValue.TryParse(to, out _, out last)))
        {
            throw new CatalogueQueryException(tag, $"The key {tag} is no time and no range of times.");
        }

        return (first, last);
    }

    /// <summary>A hyphen may start an offset: the whole is tried first, then splits from the right.</summary>
    private static DateTimeCondition? ReadDateTime(Tag tag, string text, TimeSpan? queryOffset, bool unknownMatches)
    {
        TimeSpan offset = queryOffset ?? TimeSpan.Zero;
        if (IsOnlyStars(text))
        {
            return null;
        }

        if (DateTimeValue.TryParse(text, offset, out long first, out long last))
        {
            return new DateTimeCondition(tag, first, last, queryOffset, unknownMatches);
        }

        for (int hyphen = text.LastIndexOf('-'); hyphen >= 0; hyphen = hyphen == 0 ? -1 : text.LastIndexOf('-', hyphen - 1))
        {
            ReadOnlySpan<char> from = text.AsSpan(0, hyphen).Trim(), to = text.AsSpan(hyphen + 1).Trim();
            (first, last) = (long.MinValue, long.MaxValue);
            if ((from.IsEmpty && to.IsEmpty) || (!from.IsEmpty && !DateTimeValue.TryParse(from, offset, out first, out _))
                || (!to.IsEmpty && !DateTimeValue.TryParse(to, offset, out _, out last)))
            {
                continue;
            }

            return new DateTimeCondition(tag, first, last, queryOffset, unknownMatches);
        }

        throw new CatalogueQueryException(tag, $"The key {tag} is no date-time and no range of date-times.");
    }
}
