using Panal.Catalogue.Attributes;
using Panal.Catalogue.Matching;
using Panal.Dicom;

namespace Panal.Catalogue;

/// <summary>Some of what a publisher holds, and how much of it is told. Lists that are empty, and an age and dates that are null, restrict nothing.</summary>
public sealed record FeedSelection
{
    /// <summary>Institution Name (0008,0080) of the series, without case; each list must name it.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Institutions { get; init; } = [];

    /// <summary>Modality (0008,0060) of the series.</summary>
    public IReadOnlyList<string> Modalities { get; init; } = [];

    /// <summary>Study Date (0008,0020) at most so many days ago; a study without a date is not among these.</summary>
    public int? Days { get; init; }

    /// <summary>First Study Date (0008,0020); a study without a date is not among these.</summary>
    public DateOnly? From { get; init; }

    /// <summary>Last Study Date (0008,0020); a study without a date is not among these.</summary>
    public DateOnly? Until { get; init; }

    /// <summary>Attributes that are never told. Without Patient ID each study is of a patient of its own.</summary>
    public IReadOnlySet<Tag> Withheld { get; init; } = new HashSet<Tag>();

    /// <summary>Whether it is everything.</summary>
    internal bool IsAll => Institutions.Count + Modalities.Count + Withheld.Count == 0 && (Days, From, Until) is (null, null, null);

    /// <summary>The same text for the same selection, another one for every other.</summary>
    internal string ToText() => string.Join('\n', [
        string.Join('\t', Institutions.Select(static list => string.Join('\\', list.Order(StringComparer.Ordinal)))),
        string.Join('\\', Modalities.Order(StringComparer.Ordinal)),
        string.Join('\\', Withheld.Select(static tag => tag.ToString()).Order(StringComparer.Ordinal)),
        $"{Days}",
        .. From is null && Until is null ? (string[])[] : [$"{Number(From)}-{Number(Until)}"]]);

    /// <summary>First Study Date by age, yyyymmdd; null when studies of all ages are told.</summary>
    internal int? FirstDate(DateOnly today) => Days is { } days ? Number(DateOnly.FromDayNumber(Math.Max(0, today.DayNumber - days))) : null;

    internal bool MatchesStudy(ReadOnlySpan<byte> attributes, DateOnly today)
    {
        int? first = FirstDate(today);
        if ((first ?? Number(From) ?? Number(Until)) is null)
        {
            return true;
        }

        return DateValue.Parse(AttributeBlob.FirstText(attributes, Tags.StudyDate)) is > 0 and var date
            && !(date < first) && !(date < Number(From)) && !(date > Number(Until));
    }

    internal bool MatchesSeries(ReadOnlySpan<byte> attributes)
    {
        string institution = Institutions.Count > 0 ? AttributeBlob.FirstText(attributes, Tags.InstitutionName) : "";
        return Institutions.All(list => list.Contains(institution, StringComparer.OrdinalIgnoreCase))
            && (Modalities.Count == 0 || Modalities.Contains(AttributeBlob.FirstText(attributes, Tags.Modality), StringComparer.Ordinal));
    }

    /// <summary>A date as yyyymmdd.</summary>
    private static int? Number(DateOnly? date) => date is { } day ? (day.Year * 10000) + (day.Month * 100) + day.Day : null;
}
