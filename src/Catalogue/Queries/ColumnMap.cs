using System.Collections.Frozen;
using Panal.Dicom;

namespace Panal.Catalogue.Queries;

/// <summary>A column that holds an attribute in a form made for matching.</summary>
/// <param name="UnknownSql">True for rows that do not know the attribute.</param>
internal sealed record Column(string Name, string UnknownSql);

/// <summary>Which attributes have columns; see Schema.sql.</summary>
internal static class ColumnMap
{
    private static readonly FrozenDictionary<Tag, Column> Columns = new Dictionary<Tag, Column>
    {
        [Tags.PatientID] = Text("patient.patient_id"),
        [Tags.IssuerOfPatientID] = Text("patient.issuer"),
        [Tags.PatientName] = Name("patient.name_"),
        [Tags.PatientBirthDate] = Time("patient.birth_date"),
        [Tags.PatientSex] = Text("patient.sex"),
        [Tags.StudyInstanceUID] = Text("study.uid"),
        [Tags.StudyID] = Text("study.study_id"),
        [Tags.StudyDate] = Time("study.date"),
        [Tags.StudyTime] = Time("study.time"),
        [Tags.AccessionNumber] = Text("study.accession_number"),
        [Tags.ReferringPhysicianName] = Name("study.referring_"),
        [Tags.SeriesInstanceUID] = Text("series.uid"),
        [Tags.Modality] = Text("series.modality"),
        [Tags.SeriesNumber] = Number("series.number"),
        [Tags.SOPInstanceUID] = Text("instance.uid"),
        [Tags.SOPClassUID] = Text("instance.sop_class"),
        [Tags.InstanceNumber] = Number("instance.number"),
    }.ToFrozenDictionary();

    /// <summary>What studies are sorted by where that is not the column that is matched; each has an index, but for the number of images.</summary>
    private static readonly FrozenDictionary<Tag, string[]> Orders = new Dictionary<Tag, string[]>
    {
        [Tags.StudyDate] = ["study.date", "study.time"],
        [Tags.StudyDescription] = ["study.description"],
        [Tags.ModalitiesInStudy] = ["study.modalities"],
        [Tags.NumberOfStudyRelatedInstances] = [ComputedSql.InstancesOfStudy],
    }.ToFrozenDictionary();

    /// <summary>Terms to sort by; null where there is no column for it.</summary>
    internal static string[]? OrderOf(Tag tag) => Orders.GetValueOrDefault(tag) ?? (Find(tag) is { } column ? [column.Name] : null);

    internal static Column? Find(Tag tag) => Columns.GetValueOrDefault(tag);

    /// <summary>Another component group beside the alphabetic one.</summary>
    internal static string GroupOf(Column alphabetic, string group) => alphabetic.Name.Replace("alphabetic", group, StringComparison.Ordinal);

    private static Column Text(string name) => new(name, $"{name} = ''");

    private static Column Time(string name) => new(name, $"{name} = -1");

    private static Column Number(string name) => new(name, $"{name} IS NULL");

    private static Column Name(string prefix) =>
        new(prefix + "alphabetic", $"({prefix}alphabetic = '' AND {prefix}ideographic IS NULL AND {prefix}phonetic IS NULL)");
}
