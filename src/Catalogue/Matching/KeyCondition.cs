using Panal.Catalogue.Attributes;
using Panal.Dicom;

namespace Panal.Catalogue;

/// <summary>How keys are read and compared, as far as negotiation or the client's dialect decides (PS3.4 §C.5.1.1, Table C.5-2).</summary>
public sealed record MatchingOptions
{
    /// <summary>A key of zero length at the archive is unknown and matches any value asked for (PS3.4 §C.2.2.1.2); never Patient ID or a UID, for an unknown identifier identifies nobody.</summary>
    public bool UnknownMatches { get; init; } = true;

    /// <summary>A range of dates and the range of times beside it are one range of moments (byte 2).</summary>
    public bool CombinesDateAndTime { get; init; }

    /// <summary>Two quotation marks match only what is empty or absent (byte 6, PS3.4 §C.2.2.2.7).</summary>
    public bool MatchesEmptyValues { get; init; }

    /// <summary>All values of a key must be there (byte 7, PS3.4 §C.2.2.2.8); otherwise any of them suffices.</summary>
    public bool MatchesAllValues { get; init; }

    /// <summary>Offset of the query's dates and times from UTC (byte 4, PS3.4 §C.2.2.2.5); null compares them as they stand.</summary>
    public TimeSpan? TimezoneOffset { get; init; }
}

/// <summary>A query that cannot be read as the standard wants it; the text holds no values.</summary>
public sealed class CatalogueQueryException(Tag tag, string message) : Exception(message)
{
    public Tag Tag { get; } = tag;
}

/// <summary>What one attribute must be like; universal matching has no condition (PS3.4 §C.2.2.2).</summary>
public abstract class KeyCondition
{
    private protected KeyCondition(Tag tag, Vr vr, bool unknownMatches) => (Tag, Vr, UnknownMatches) = (tag, vr, unknownMatches);

    public Tag Tag { get; }

    public Vr Vr { get; }

    internal bool UnknownMatches { get; }

    /// <summary>Tells whether the attributes of a level, or of an item, meet the condition.</summary>
    internal virtual bool Matches(ReadOnlySpan<byte> attributes)
    {
        if (!AttributeBlob.TryFind(attributes, Tag, out Vr vr, out ReadOnlySpan<byte> value) || AttributeBlob.Trim(value).IsEmpty && vr.IsString())
        {
            return UnknownMatches;
        }

        if (!vr.IsString() || !vr.IsMultiValued())
        {
            return MatchesValue(vr, value);
        }

        // A value of several is enough; all are returned (PS3.4 §C.2.2.3).
        foreach (Range part in value.Split((byte)'\\'))
        {
            ReadOnlySpan<byte> single = AttributeBlob.Trim(value[part]);
            if (!single.IsEmpty && MatchesValue(vr, single))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Tells whether one value meets the condition.</summary>
    internal abstract bool MatchesValue(Vr vr, ReadOnlySpan<byte> value);

    /// <summary>No patient data in logs.</summary>
    public sealed override string ToString() => $"{Tag} {GetType().Name}";
}
