using Panal.Catalogue.Attributes;
using Panal.Dicom;

namespace Panal.Catalogue;

/// <summary>A study that a foreign archive has, whole, in its own words.</summary>
/// <param name="Attributes">Attributes of patient and study; the Study Instance UID must be there.</param>
/// <param name="Series">At least one.</param>
public sealed record OfferedStudy(DataSet Attributes, IReadOnlyList<OfferedSeries> Series)
{
    internal static StudyState StateOf(OfferedStudy study)
    {
        EncodedAttributes encoded = AttributeEncoder.Encode(study.Attributes);
        if (encoded.StudyInstanceUid.Length == 0 || study.Series.Count == 0)
        {
            throw new ArgumentException("An offered study needs its UID and a series.", nameof(study));
        }

        return new StudyState(
            encoded.StudyInstanceUid, IsWhole: true, encoded[QueryLevel.Patient], encoded[QueryLevel.Study], [.. study.Series.Select(OfferedSeries.StateOf)]);
    }

    /// <summary>No patient data in logs.</summary>
    public override string ToString() => "[redacted]";
}

/// <summary>A series of it.</summary>
/// <param name="Attributes">Attributes of the series; the Series Instance UID must be there.</param>
/// <param name="Instances">At least one, each with its SOP Instance UID and SOP Class UID.</param>
public sealed record OfferedSeries(DataSet Attributes, IReadOnlyList<DataSet> Instances)
{
    private static readonly ReadOnlyMemory<byte> NoHash = new byte[InstanceState.HashLengthBytes];

    internal static SeriesState StateOf(OfferedSeries series)
    {
        EncodedAttributes encoded = AttributeEncoder.Encode(series.Attributes);
        if (encoded.SeriesInstanceUid.Length == 0 || series.Instances.Count == 0)
        {
            throw new ArgumentException("An offered series needs its UID and an instance.", nameof(series));
        }

        return new SeriesState(encoded.SeriesInstanceUid, encoded[QueryLevel.Series], [.. series.Instances.Select(ToState)]);
    }

    /// <summary>Nobody knows what the bytes will be before they come: not their length, their hash, nor always their transfer syntax.</summary>
    private static InstanceState ToState(DataSet instance)
    {
        if (instance.GetString(Tags.SOPInstanceUID) is not { Length: > 0 } uid)
        {
            throw new ArgumentException("An offered instance needs its UID.", nameof(instance));
        }

        return new InstanceState(
            uid, instance.GetString(Tags.SOPClassUID) ?? string.Empty, instance.GetString(Tags.AvailableTransferSyntaxUID) ?? string.Empty,
            0, NoHash, AttributeEncoder.Encode(instance)[QueryLevel.Image]);
    }

    /// <summary>No patient data in logs.</summary>
    public override string ToString() => "[redacted]";
}

/// <summary>What a foreign archive offers of a study, as it was last taken down.</summary>
public sealed class StudyOffer
{
    private readonly EncodedAttributes _said;

    internal StudyOffer(string studyInstanceUid, int series, long instances, EncodedAttributes said)
    {
        (StudyInstanceUid, Series, Instances) = (studyInstanceUid, series, instances);
        _said = said;
    }

    /// <summary>The study.</summary>
    public string StudyInstanceUid { get; }

    /// <summary>Series of it that are offered.</summary>
    public int Series { get; }

    /// <summary>Instances of it that are offered.</summary>
    public long Instances { get; }

    /// <summary>Whether these attributes say the same of patient and study as was taken down.</summary>
    public bool IsDescribedBy(DataSet attributes)
    {
        EncodedAttributes other = AttributeEncoder.Encode(attributes);
        return other[QueryLevel.Patient].Span.SequenceEqual(_said[QueryLevel.Patient].Span) && other[QueryLevel.Study].Span.SequenceEqual(_said[QueryLevel.Study].Span);
    }
}
