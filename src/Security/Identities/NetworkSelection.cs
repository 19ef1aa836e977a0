using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json.Serialization;
using Panal.Dicom;

namespace Panal.Security.Identities;

/// <summary>
/// Which studies a right is about, beside its filter, and which attributes it leaves out; see docs/formats/network.md, "Rights". Lists that are empty,
/// and days and dates that are null, restrict nothing.
/// </summary>
/// <remarks>
/// A name that is not known may restrict in a way that this version does not understand, so it is an error and not ignored. What JSON leaves out comes as null.
/// </remarks>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record NetworkSelection
{
    /// <summary>Most entries of one list.</summary>
    public const int EntryLimit = 16;

    /// <summary>Most attributes that are left out.</summary>
    public const int WithoutLimit = 64;

    /// <summary>A hundred years: older studies there are none.</summary>
    public const int DayLimit = 36_525;

    private const int ModalityLengthLimit = 16;
    private const char Between = ',';
    private const char And = '+';
    private const string DateFormat = "yyyy-MM-dd";

    /// <summary>Institution Name (0008,0080) of the series, without case.</summary>
    public IReadOnlyList<string> Institutions { get; init => field = value ?? []; } = [];

    /// <summary>Modality (0008,0060) of the series.</summary>
    public IReadOnlyList<string> Modalities { get; init => field = value ?? []; } = [];

    /// <summary>Study Date (0008,0020) at most so many days ago; studies without a date are none of these.</summary>
    public int? Days { get; init; }

    /// <summary>First Study Date (0008,0020); studies without a date are none of these.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateOnly? From { get; init; }

    /// <summary>Last Study Date (0008,0020), which is among them; studies without a date are none of these.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateOnly? Until { get; init; }

    /// <summary>Attributes that are not told: keywords, or tags of eight hexadecimal digits.</summary>
    public IReadOnlyList<string> Without { get; init => field = value ?? []; } = [];

    /// <summary>The attributes that are not told.</summary>
    [JsonIgnore]
    public IReadOnlySet<Tag> Withheld => Without.Select(static name => Tag.TryParse(name, out var tag) ? tag : default).ToHashSet();

    /// <summary>Whether it goes by fixed dates, which nodes of the first releases do not know.</summary>
    [JsonIgnore]
    public bool IsDated => (From ?? Until) is not null;

    /// <summary>Whether it restricts nothing.</summary>
    [JsonIgnore]
    public bool IsEmpty => Institutions.Count + Modalities.Count + Without.Count == 0 && Days is null && !IsDated;

    /// <summary>Whether all is within the limits of docs/formats/network.md.</summary>
    [JsonIgnore]
    public bool IsValid =>
        Institutions.Count <= EntryLimit && Institutions.All(static name => name is not null && MemberName.IsTitle(name))
        && Modalities.Count <= EntryLimit && Modalities.All(IsModality)
        && Days is null or (>= 1 and <= DayLimit)
        && (From is not { } from || Until is not { } until || from <= until)
        && Without.Count <= WithoutLimit && Without.All(static name => name is not null && Tag.TryParse(name, out _));

    /// <summary>
    /// Reads it as people write it, <c>modality=CT+MR,days=365,from=2024-01-01,until=2024-12-31,institution=North,without=PatientName</c>; keys of lists may stand
    /// more than once.
    /// </summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out NetworkSelection? selection)
    {
        List<string> institutions = [], modalities = [], without = [];
        int? days = null;
        DateOnly? from = null, until = null;
        selection = null;
        foreach (var part in text.Split(Between))
        {
            var (key, value) = part.IndexOf('=', StringComparison.Ordinal) is > 0 and var at ? (part[..at].Trim(), part[(at + 1)..].Trim()) : ("", "");
            switch (key)
            {
                case "institution":
                    institutions.Add(value);
                    break;
                case "modality":
                    modalities.AddRange(value.Split(And));
                    break;
                case "without":
                    without.AddRange(value.Split(And));
                    break;
                case "days" when days is null && int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var read):
                    days = read;
                    break;
                case "from" when from is null && TryParseDate(value, out var first):
                    from = first;
                    break;
                case "until" when until is null && TryParseDate(value, out var last):
                    until = last;
                    break;
                default:
                    return false;
            }
        }

        selection = new NetworkSelection { Institutions = institutions, Modalities = modalities, Days = days, From = from, Until = until, Without = without };
        selection = selection.IsValid ? selection : null;
        return selection is not null;
    }

    /// <summary>It as people write it.</summary>
    public string ToText() => string.Join(Between, [
        .. Institutions.Select(static name => "institution=" + name),
        .. Modalities.Count > 0 ? (string[])["modality=" + string.Join(And, Modalities)] : [],
        .. Days is { } days ? (string[])[string.Create(CultureInfo.InvariantCulture, $"days={days}")] : [],
        .. From is { } from ? (string[])["from=" + from.ToString(DateFormat, CultureInfo.InvariantCulture)] : [],
        .. Until is { } until ? (string[])["until=" + until.ToString(DateFormat, CultureInfo.InvariantCulture)] : [],
        .. Without.Count > 0 ? (string[])["without=" + string.Join(And, Without)] : [],
    ]);

    /// <inheritdoc/>
    public bool Equals(NetworkSelection? other) =>
        other is not null && (Days, From, Until) == (other.Days, other.From, other.Until) && Institutions.SequenceEqual(other.Institutions) && Modalities.SequenceEqual(other.Modalities)
        && Without.SequenceEqual(other.Without);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Days, From, Until, Institutions.Count, Modalities.Count, Without.Count);

    private static bool TryParseDate(string text, out DateOnly date) =>
        DateOnly.TryParseExact(text, DateFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out date);

    private static bool IsModality(string? code) =>
        code is { Length: > 0 and <= ModalityLengthLimit } && code.All(static c => char.IsAsciiLetterUpper(c) || char.IsAsciiDigit(c) || c is '_');
}
