using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Panal.Catalogue.Attributes;
using Panal.Catalogue.Matching;
using Panal.Dicom;

namespace Panal.Catalogue;

/// <summary>What one subscriber is told, decided at the publisher. Lists that are empty and dates that are null restrict nothing.</summary>
public sealed record FeedFilter
{
    /// <summary>Everything.</summary>
    public static FeedFilter All { get; } = new();

    /// <summary>Institution Name (0008,0080) of the series, without case.</summary>
    public IReadOnlyList<string> Institutions { get; init; } = [];

    /// <summary>Modality (0008,0060) of the series.</summary>
    public IReadOnlyList<string> Modalities { get; init; } = [];

    /// <summary>First Study Date; studies without a date are told only when no date is asked for.</summary>
    public DateOnly? FirstDate { get; init; }

    /// <summary>Last Study Date.</summary>
    public DateOnly? LastDate { get; init; }

    /// <summary>Attributes that are never told. Without Patient ID each study is of a patient of its own.</summary>
    public IReadOnlySet<Tag> Withheld { get; init; } = new HashSet<Tag>();

    /// <summary>Changes whenever the filter does; 0 for everything.</summary>
    public long Fingerprint
    {
        get
        {
            if (Institutions.Count + Modalities.Count + Withheld.Count == 0 && FirstDate is null && LastDate is null)
            {
                return 0;
            }

            string text = string.Join('\n', [
                string.Join('\\', Institutions.Order(StringComparer.Ordinal)), string.Join('\\', Modalities.Order(StringComparer.Ordinal)),
                string.Join('\\', Withheld.Select(static tag => tag.ToString()).Order(StringComparer.Ordinal)), $"{FirstDate:yyyyMMdd}-{LastDate:yyyyMMdd}"]);
            return BinaryPrimitives.ReadInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(text))) | 1;
        }
    }

    internal bool MatchesStudy(ReadOnlySpan<byte> attributes)
    {
        if (FirstDate is null && LastDate is null)
        {
            return true;
        }

        int date = DateValue.Parse(AttributeBlob.FirstText(attributes, Tags.StudyDate));
        return date > 0 && date >= Number(FirstDate ?? DateOnly.MinValue) && date <= Number(LastDate ?? DateOnly.MaxValue);
    }

    internal bool MatchesSeries(ReadOnlySpan<byte> attributes) =>
        (Institutions.Count == 0 || Institutions.Contains(AttributeBlob.FirstText(attributes, Tags.InstitutionName), StringComparer.OrdinalIgnoreCase))
        && (Modalities.Count == 0 || Modalities.Contains(AttributeBlob.FirstText(attributes, Tags.Modality), StringComparer.Ordinal));

    internal ReadOnlyMemory<byte> Strip(ReadOnlyMemory<byte> attributes) => AttributeOverlay.Without(attributes, Withheld);

    private static int Number(DateOnly date) => (date.Year * 10000) + (date.Month * 100) + date.Day;
}
