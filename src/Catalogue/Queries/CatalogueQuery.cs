using Panal.Catalogue.Matching;
using Panal.Catalogue.Queries;
using Panal.Dicom;

namespace Panal.Catalogue;

/// <summary>An attribute to sort by; it must be catalogued at the level of the query or above.</summary>
public readonly record struct Ordering(Tag Tag, bool IsDescending);

/// <summary>What to look for at one level and what to return of it (PS3.4 §C.4.1).</summary>
/// <remarks>Conditions may stand at any level. Below the level of the query they mean: there is a series (instance) that meets all of them.</remarks>
public sealed record CatalogueQuery
{
    /// <summary>Rows of the answer: patients, studies, series or instances.</summary>
    public required QueryLevel Level { get; init; }

    /// <summary>All must be met; an attribute without condition matches universally.</summary>
    public IReadOnlyList<KeyCondition> Conditions { get; init; } = [];

    /// <summary>Attributes of the level or above to return, with zero length where unknown; empty returns everything known.</summary>
    public IReadOnlyList<Tag> ReturnKeys { get; init; } = [];

    /// <summary>At study level: each word of it begins a word of the patient's name or ID, the accession number, Study ID or Study Description, whatever its case and accents.</summary>
    public string Text { get; init; } = string.Empty;

    /// <summary>Sorted by these, then by age in the catalogue.</summary>
    public IReadOnlyList<Ordering> Order { get; init; } = [];

    /// <summary>Answers to leave out at the start.</summary>
    public int Offset { get; init; }

    /// <summary>Answers at most; null for all.</summary>
    public int? Limit { get; init; }

    /// <summary>Return Instance Availability (0008,0056) too: ONLINE when all is held here, else NEARLINE.</summary>
    public bool IncludesAvailability { get; init; }

    /// <summary>Keys of the identifier that are not catalogued: neither matched nor returned.</summary>
    public IReadOnlyList<Tag> UnsupportedKeys { get; init; } = [];

    /// <summary>Reads an identifier: each element is a return key, and a condition unless it is universal.</summary>
    /// <exception cref="CatalogueQueryException">A key cannot be read.</exception>
    public static CatalogueQuery FromIdentifier(QueryLevel level, DataSet identifier, MatchingOptions options)
    {
        var conditions = new List<KeyCondition>();
        var returnKeys = new List<Tag>();
        var unsupported = new List<Tag>();
        HashSet<Tag> combined = options.CombinesDateAndTime ? ReadMoments(identifier, options, conditions) : [];
        foreach (Element element in identifier)
        {
            if (IsNoKey(element.Tag))
            {
                continue;
            }

            if (!CataloguedAttributes.TryFind(element.Tag, out CataloguedAttribute attribute))
            {
                unsupported.Add(element.Tag);
                continue;
            }

            returnKeys.Add(element.Tag);
            if (!combined.Contains(element.Tag) && ReadKey(identifier, attribute.Tag, attribute.Vr, options) is { } condition)
            {
                conditions.Add(condition);
            }
        }

        return new CatalogueQuery { Level = level, Conditions = conditions, ReturnKeys = returnKeys, UnsupportedKeys = unsupported };
    }

    /// <summary>Reads one key; null is universal matching.</summary>
    /// <param name="text">Values separated by backslashes, as in the identifier.</param>
    /// <exception cref="CatalogueQueryException">The key is not catalogued, or cannot be read.</exception>
    public static KeyCondition? ReadCondition(Tag tag, string text, MatchingOptions options)
    {
        if (!CataloguedAttributes.TryFind(tag, out CataloguedAttribute attribute) || attribute.IsSequence)
        {
            throw new CatalogueQueryException(tag, $"The key {tag} is not catalogued, or needs an item.");
        }

        return KeyReader.Read(tag, attribute.Vr, text, options);
    }

    /// <summary>A condition that holds for exactly these UIDs.</summary>
    public static KeyCondition ForUids(Tag tag, params IReadOnlyList<string> uids) => new UidCondition(tag, uids, unknownMatches: false);

    /// <summary>Whether answers of the level can be sorted by the attribute: a column, or an attribute that is kept at the level or above.</summary>
    public static bool MaySortBy(Tag tag, QueryLevel level) =>
        CataloguedAttributes.TryFind(tag, out CataloguedAttribute attribute) && attribute.Level <= level && !attribute.IsSequence
        && (attribute.Origin != AttributeOrigin.Computed || (level == QueryLevel.Study && ColumnMap.OrderOf(tag) is not null));

    /// <summary>Character set, level, time zone of the query and group lengths say how to read it.</summary>
    private static bool IsNoKey(Tag tag) =>
        tag == Tags.SpecificCharacterSet || tag == Tags.QueryRetrieveLevel || tag.IsGroupLength
        || tag == Tags.RetrieveAETitle || tag == Tags.InstanceAvailability
        || tag == Tags.StorageMediaFileSetID || tag == Tags.StorageMediaFileSetUID;

    private static KeyCondition? ReadKey(DataSet dataSet, Tag tag, Vr vr, MatchingOptions options)
    {
        if (vr != Vr.SQ)
        {
            return tag == Tags.TimezoneOffsetFromUTC ? null : KeyReader.Read(tag, vr, string.Join('\\', dataSet.GetStrings(tag)), options);
        }

        if (dataSet.GetSequence(tag) is not [var item, ..])
        {
            return null;
        }

        var conditions = new List<KeyCondition>();
        foreach (Element element in item)
        {
            Vr itemVr = element.Vr == Vr.UN ? DataDictionary.VrOf(element.Tag) : element.Vr;
            if (element.Tag != Tags.SpecificCharacterSet && ReadKey(item, element.Tag, itemVr, options) is { } condition)
            {
                conditions.Add(condition);
            }
        }

        return conditions.Count == 0 ? null : new SequenceCondition(tag, conditions, options.UnknownMatches);
    }

    private static HashSet<Tag> ReadMoments(DataSet identifier, MatchingOptions options, List<KeyCondition> conditions)
    {
        var combined = new HashSet<Tag>();
        foreach ((Tag date, Tag time) in KeyReader.Moments)
        {
            if (KeyReader.ReadMoment(date, identifier.GetString(date) ?? string.Empty, time, identifier.GetString(time) ?? string.Empty, options) is { } moment)
            {
                conditions.Add(moment);
                combined.Add(date);
                combined.Add(time);
            }
        }

        return combined;
    }

    /// <summary>No patient data in logs.</summary>
    public override string ToString() => $"{Level} query with {Conditions.Count} conditions";
}
