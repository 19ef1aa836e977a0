using Panal.Dicom;

namespace Panal.DicomWeb.Search;

/// <summary>The levels of PS3.18 §10.6: what a search looks for.</summary>
internal enum SearchLevel
{
    Study,
    Series,
    Instance,
}

/// <summary>What a search returns without being asked to (PS3.18 Tables 10.6.3-3, 10.6.3-4 and 10.6.3-5).</summary>
internal static class SearchAttributes
{
    private static readonly Tag[] Study =
    [
        Tags.StudyDate, Tags.StudyTime, Tags.AccessionNumber, Tags.ModalitiesInStudy, Tags.ReferringPhysicianName, Tags.TimezoneOffsetFromUTC,
        Tags.StudyDescription, Tags.PatientName, Tags.PatientID, Tags.PatientBirthDate, Tags.PatientSex, Tags.StudyInstanceUID, Tags.StudyID,
        Tags.NumberOfStudyRelatedSeries, Tags.NumberOfStudyRelatedInstances,
    ];

    private static readonly Tag[] Series =
    [
        Tags.Modality, Tags.TimezoneOffsetFromUTC, Tags.SeriesDescription, Tags.SeriesInstanceUID, Tags.SeriesNumber,
        Tags.NumberOfSeriesRelatedInstances, Tags.PerformedProcedureStepStartDate, Tags.PerformedProcedureStepStartTime, Tags.RequestAttributesSequence,
    ];

    private static readonly Tag[] Instance =
    [
        Tags.SOPClassUID, Tags.SOPInstanceUID, Tags.TimezoneOffsetFromUTC, Tags.InstanceNumber,
        Tags.Rows, Tags.Columns, Tags.BitsAllocated, Tags.NumberOfFrames,
    ];

    /// <summary>Attributes that clients expect to find even when nothing is known; all others are absent rather than empty.</summary>
    private static readonly HashSet<Tag> NeverAbsent =
    [
        Tags.StudyDate, Tags.StudyTime, Tags.AccessionNumber, Tags.ReferringPhysicianName, Tags.PatientName, Tags.PatientID,
        Tags.PatientBirthDate, Tags.PatientSex, Tags.StudyID, Tags.SeriesNumber, Tags.InstanceNumber,
    ];

    /// <summary>The attributes of a level, and of those above it that the path does not name.</summary>
    public static IEnumerable<Tag> DefaultsOf(SearchLevel level, bool namesStudy, bool namesSeries)
    {
        IEnumerable<Tag> tags = level switch
        {
            SearchLevel.Study => Study,
            SearchLevel.Series => Series,
            _ => Instance,
        };
        if (level > SearchLevel.Study && !namesStudy)
        {
            tags = tags.Concat(Study);
        }

        if (level > SearchLevel.Series && !namesSeries)
        {
            tags = tags.Concat(Series);
        }

        // The UIDs above are part of every answer: clients build paths of them.
        return tags.Append(Tags.StudyInstanceUID).Concat(level > SearchLevel.Study ? [Tags.SeriesInstanceUID] : []);
    }

    public static bool MayBeEmpty(Tag tag) => NeverAbsent.Contains(tag);
}
