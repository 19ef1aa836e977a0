using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Panal.Catalogue.Attributes;
using Panal.Dicom;

namespace Panal.Catalogue;

/// <summary>What one subscriber is told, decided at the publisher: whatever is in one of its selections.</summary>
public sealed record FeedFilter
{
    /// <summary>Low bits of a fingerprint: the day by which ages are counted.</summary>
    private const int DayBits = 16;

    private const long DayMask = (1L << DayBits) - 1;

    /// <summary>2000-01-01: days are counted from here.</summary>
    private static readonly int FirstDay = new DateOnly(2000, 1, 1).DayNumber;

    /// <summary>Everything.</summary>
    public static FeedFilter All { get; } = new() { Selections = [new FeedSelection()] };

    /// <summary>What is told; a series that is in several of them, with what any of them tells.</summary>
    public required IReadOnlyList<FeedSelection> Selections { get; init; }

    /// <summary>The day by which the age of studies is counted.</summary>
    public DateOnly Today { get; init; } = DateOnly.FromDayNumber(FirstDay);

    /// <summary>Changes whenever the filter does, its low 16 bits alone when only the day does; 0 for everything. See docs/formats/feed.md, "Filters".</summary>
    public long Fingerprint
    {
        get
        {
            if (Selections.Any(static selection => selection.IsAll))
            {
                return 0;
            }

            string text = string.Join('\f', Selections.Select(static selection => selection.ToText()).Order(StringComparer.Ordinal));
            long fingerprint = BinaryPrimitives.ReadInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(text))) & ~DayMask;
            return Selections.Any(static selection => selection.Days is not null)
                ? fingerprint | (uint)Math.Clamp(Today.DayNumber - FirstDay, 1, (int)DayMask)
                : fingerprint | 1;
        }
    }

    /// <summary>Whether what was told by the filter of a fingerprint is what this one tells, but for studies that have become too old since.</summary>
    internal bool Continues(long fingerprint) =>
        Fingerprint is var now && (fingerprint & ~DayMask) == (now & ~DayMask) && (fingerprint & DayMask) <= (now & DayMask)
        && (fingerprint == 0) == (now == 0);

    /// <summary>Ranges of Study Dates, yyyymmdd, first and behind the last, that were told by the filter of a fingerprint and have become too old for one of the selections.</summary>
    internal IEnumerable<(int First, int Behind)> AgedSince(long fingerprint)
    {
        DateOnly then = DateOnly.FromDayNumber(FirstDay + (int)(fingerprint & DayMask));
        return from selection in Selections
               let first = selection.FirstDate(then)
               let behind = selection.FirstDate(Today)
               where first < behind
               select (first.Value, behind.Value);
    }

    /// <summary>Whether anything of a study with these attributes may be told.</summary>
    internal bool MatchesStudy(ReadOnlySpan<byte> study)
    {
        foreach (FeedSelection selection in Selections)
        {
            if (selection.MatchesStudy(study, Today))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The attributes that are not told of a series; null when nothing is.</summary>
    internal IReadOnlySet<Tag>? WithheldOf(ReadOnlySpan<byte> study, ReadOnlySpan<byte> series)
    {
        IReadOnlySet<Tag>? withheld = null;
        foreach (FeedSelection selection in Selections)
        {
            if (selection.MatchesStudy(study, Today) && selection.MatchesSeries(series))
            {
                withheld = Least(withheld, selection.Withheld);
            }
        }

        return withheld;
    }

    /// <summary>The attributes that no selection tells, if all are alike in this.</summary>
    internal IReadOnlySet<Tag>? WithheldOfAll =>
        Selections.All(selection => selection.Withheld.SetEquals(Selections[0].Withheld)) ? Selections[0].Withheld : null;

    /// <summary>What neither tells.</summary>
    internal static IReadOnlySet<Tag> Least(IReadOnlySet<Tag>? one, IReadOnlySet<Tag> other) => one is null ? other : one.Intersect(other).ToHashSet();

    /// <summary>The attributes without those that are withheld, and then without what corrections replaced, which may name them.</summary>
    internal static ReadOnlyMemory<byte> Strip(ReadOnlyMemory<byte> attributes, IReadOnlySet<Tag> withheld) =>
        withheld.Count == 0 ? attributes : AttributeOverlay.Without(attributes, new HashSet<Tag>(withheld) { Tags.OriginalAttributesSequence });
}
