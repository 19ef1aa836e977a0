using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Panal.Catalogue.Attributes;
using Panal.Dicom;

namespace Panal.Catalogue.Matching;

/// <summary>Single value and wildcard matching of text; any of the patterns suffices.</summary>
internal sealed class TextCondition(Tag tag, Vr vr, IReadOnlyList<TextPattern> patterns, bool unknownMatches) : KeyCondition(tag, vr, unknownMatches)
{
    internal IReadOnlyList<TextPattern> Patterns { get; } = patterns;

    internal override bool MatchesValue(Vr vr, ReadOnlySpan<byte> value)
    {
        ReadOnlySpan<byte> text = AttributeBlob.Trim(value);
        foreach (TextPattern pattern in Patterns)
        {
            if (pattern.Matches(text))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>Person names: any of the alternatives suffices; one group in the key is looked for in every group of the value.</summary>
internal sealed class NameCondition(Tag tag, IReadOnlyList<NameCondition.Alternative> alternatives, bool unknownMatches)
    : KeyCondition(tag, Vr.PN, unknownMatches)
{
    /// <param name="IsAnyGroup">The pattern Alphabetic may match any group.</param>
    internal sealed record Alternative(bool IsAnyGroup, TextPattern? Alphabetic, TextPattern? Ideographic, TextPattern? Phonetic)
    {
        internal bool IsUniversal => Alphabetic is null && Ideographic is null && Phonetic is null;

        internal bool Matches(FoldedName name) => IsAnyGroup
            ? Matches(Alphabetic, name.Alphabetic) || MatchesPresent(name.Ideographic) || MatchesPresent(name.Phonetic)
            : Matches(Alphabetic, name.Alphabetic) && Matches(Ideographic, name.Ideographic) && Matches(Phonetic, name.Phonetic);

        private bool MatchesPresent(string? group) => group is not null && Matches(Alphabetic, group);

        private static bool Matches(TextPattern? pattern, string? group) => pattern is null || pattern.Matches((group ?? string.Empty).AsSpan());
    }

    internal IReadOnlyList<Alternative> Alternatives { get; } = alternatives;

    internal override bool MatchesValue(Vr vr, ReadOnlySpan<byte> value)
    {
        FoldedName name = FoldedName.Fold(Encoding.UTF8.GetString(value));
        if (name.IsUnknown)
        {
            return UnknownMatches;
        }

        foreach (Alternative alternative in Alternatives)
        {
            if (alternative.Matches(name))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>List of UID matching (PS3.4 §C.2.2.2.2), exact.</summary>
internal sealed class UidCondition(Tag tag, IReadOnlyList<string> uids, bool unknownMatches) : KeyCondition(tag, Vr.UI, unknownMatches)
{
    internal IReadOnlyList<string> Uids { get; } = uids;

    internal override bool MatchesValue(Vr vr, ReadOnlySpan<byte> value)
    {
        string uid = AttributeBlob.Text(value);
        return Uids.Contains(uid, StringComparer.Ordinal);
    }
}

/// <summary>Numbers are compared as numbers: "007" is "7". The standard leaves it open (PS3.4 §C.2.2.2.1).</summary>
internal sealed class NumberCondition(Tag tag, Vr vr, IReadOnlyList<double> numbers, bool unknownMatches) : KeyCondition(tag, vr, unknownMatches)
{
    internal IReadOnlyList<double> Numbers { get; } = numbers;

    internal override bool MatchesValue(Vr vr, ReadOnlySpan<byte> value)
    {
        int unit = vr.UnitLengthBytes();
        if (vr.IsString())
        {
            return TryParse(AttributeBlob.Text(value), out double number) ? Numbers.Contains(number) : UnknownMatches;
        }

        for (; value.Length >= unit; value = value[unit..])
        {
            if (Numbers.Contains(Read(vr, value)))
            {
                return true;
            }
        }

        return false;
    }

    internal static bool TryParse(ReadOnlySpan<char> text, out double number) =>
        double.TryParse(text.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out number) && double.IsFinite(number);

    private static double Read(Vr vr, ReadOnlySpan<byte> value) => vr switch
    {
        Vr.US => BinaryPrimitives.ReadUInt16LittleEndian(value),
        Vr.SS => BinaryPrimitives.ReadInt16LittleEndian(value),
        Vr.UL => BinaryPrimitives.ReadUInt32LittleEndian(value),
        Vr.SL => BinaryPrimitives.ReadInt32LittleEndian(value),
        Vr.FL => BinaryPrimitives.ReadSingleLittleEndian(value),
        Vr.FD => BinaryPrimitives.ReadDoubleLittleEndian(value),
        _ => double.NaN,
    };
}

/// <summary>Dates from First to Last (yyyymmdd), both included.</summary>
internal sealed class DateCondition(Tag tag, int first, int last, bool unknownMatches) : KeyCondition(tag, Vr.DA, unknownMatches)
{
    internal int First { get; } = first;

    internal int Last { get; } = last;

    internal override bool MatchesValue(Vr vr, ReadOnlySpan<byte> value)
    {
        int date = DateValue.Parse(AttributeBlob.Text(value));
        return date == DateValue.Unknown ? UnknownMatches : date >= First && date <= Last;
    }
}

/// <summary>Times from First to Last (microseconds since midnight), both included; a range does not cross midnight.</summary>
internal sealed class TimeCondition(Tag tag, long first, long last, bool unknownMatches) : KeyCondition(tag, Vr.TM, unknownMatches)
{
    internal long First { get; } = first;

    internal long Last { get; } = last;

    internal override bool MatchesValue(Vr vr, ReadOnlySpan<byte> value)
    {
        long time = TimeValue.Parse(AttributeBlob.Text(value));
        return time == TimeValue.Unknown ? UnknownMatches : time >= First && time <= Last;
    }
}

/// <summary>Moments of VR DT from First to Last (microseconds since year 1), both included.</summary>
internal sealed class DateTimeCondition(Tag tag, long first, long last, TimeSpan? queryOffset, bool unknownMatches) : KeyCondition(tag, Vr.DT, unknownMatches)
{
    internal override bool MatchesValue(Vr vr, ReadOnlySpan<byte> value) =>
        DateTimeValue.TryParse(AttributeBlob.Text(value), queryOffset ?? TimeSpan.Zero, out long moment, out _)
            ? moment >= first && moment <= last
            : UnknownMatches;
}

/// <summary>A date and a time beside it as one moment (PS3.4 §C.2.2.2.5.4), with the zone of either side where asked for.</summary>
internal sealed class MomentCondition(Tag dateTag, Tag timeTag, long first, long last, TimeSpan? queryOffset, bool unknownMatches)
    : KeyCondition(dateTag, Vr.DA, unknownMatches)
{
    internal const long MicrosecondsPerDay = 86_400_000_000;

    internal Tag TimeTag { get; } = timeTag;

    /// <summary>First moment, in microseconds since year 1 in the zone of the query.</summary>
    internal long First { get; } = first;

    internal long Last { get; } = last;

    internal TimeSpan? QueryOffset { get; } = queryOffset;

    internal override bool Matches(ReadOnlySpan<byte> attributes)
    {
        int date = DateValue.Parse(AttributeBlob.FirstText(attributes, Tag));
        if (date == DateValue.Unknown)
        {
            return UnknownMatches;
        }

        long time = TimeValue.Parse(AttributeBlob.FirstText(attributes, TimeTag));
        TimeSpan shift = TimeSpan.Zero;
        if (QueryOffset is { } query && DateTimeValue.TryOffset(AttributeBlob.FirstText(attributes, Tags.TimezoneOffsetFromUTC), out TimeSpan own))
        {
            shift = query - own;
        }

        long start = StartOf(date);
        if (time == TimeValue.Unknown)
        {
            // Some moment of the day.
            return UnknownMatches && start + MicrosecondsPerDay - 1 >= First && start <= Last;
        }

        long moment = start + time + (shift.Ticks / TimeSpan.TicksPerMicrosecond);
        return moment >= First && moment <= Last;
    }

    internal override bool MatchesValue(Vr vr, ReadOnlySpan<byte> value) => false;

    /// <summary>Midnight of a date yyyymmdd; days that the calendar lacks count on from the last one.</summary>
    internal static long StartOf(int date)
    {
        int year = Math.Clamp(date / 10000, 1, 9998), month = date / 100 % 100;
        return (new DateTime(year, month, 1, 0, 0, 0, DateTimeKind.Utc).Ticks / TimeSpan.TicksPerMicrosecond) + (((date % 100) - 1) * MicrosecondsPerDay);
    }
}

/// <summary>Matches an item of a sequence that meets all conditions (PS3.4 §C.2.2.2.6).</summary>
internal sealed class SequenceCondition(Tag tag, IReadOnlyList<KeyCondition> items, bool unknownMatches) : KeyCondition(tag, Vr.SQ, unknownMatches)
{
    internal override bool Matches(ReadOnlySpan<byte> attributes)
    {
        if (!AttributeBlob.TryFind(attributes, Tag, out Vr vr, out ReadOnlySpan<byte> value) || value.IsEmpty)
        {
            return UnknownMatches;
        }

        return MatchesValue(vr, value);
    }

    internal override bool MatchesValue(Vr vr, ReadOnlySpan<byte> value)
    {
        while (AttributeBlob.TryReadItem(ref value, out ReadOnlySpan<byte> item))
        {
            if (MatchesItem(item))
            {
                return true;
            }
        }

        return false;
    }

    private bool MatchesItem(ReadOnlySpan<byte> item)
    {
        foreach (KeyCondition condition in items)
        {
            if (!condition.Matches(item))
            {
                return false;
            }
        }

        return true;
    }
}

/// <summary>Matches what is empty or absent only (PS3.4 §C.2.2.2.7).</summary>
internal sealed class EmptyCondition(Tag tag, Vr vr) : KeyCondition(tag, vr, unknownMatches: true)
{
    internal override bool MatchesValue(Vr vr, ReadOnlySpan<byte> value) => false;
}

/// <summary>Every condition must be met, each by some value (PS3.4 §C.2.2.2.8).</summary>
internal sealed class AllCondition(Tag tag, Vr vr, IReadOnlyList<KeyCondition> conditions) : KeyCondition(tag, vr, unknownMatches: false)
{
    internal IReadOnlyList<KeyCondition> Conditions { get; } = conditions;

    internal override bool Matches(ReadOnlySpan<byte> attributes)
    {
        foreach (KeyCondition condition in Conditions)
        {
            if (!condition.Matches(attributes))
            {
                return false;
            }
        }

        return true;
    }

    internal override bool MatchesValue(Vr vr, ReadOnlySpan<byte> value) => false;
}
