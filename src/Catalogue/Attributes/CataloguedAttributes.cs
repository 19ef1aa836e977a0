using System.Collections.Frozen;
using Panal.Dicom;

namespace Panal.Catalogue;

/// <summary>How a catalogued attribute comes to be.</summary>
public enum AttributeOrigin : byte
{
    /// <summary>Kept in the attributes of its level.</summary>
    DataSet,

    /// <summary>Kept in a column only: the UIDs.</summary>
    Column,

    /// <summary>Worked out from rows below: counts, Modalities in Study, SOP Classes in Study.</summary>
    Computed,
}

/// <summary>One attribute that the catalogue can match and return.</summary>
public sealed record CataloguedAttribute(Tag Tag, Vr Vr, QueryLevel Level, AttributeOrigin Origin)
{
    /// <summary>Matched by items.</summary>
    public bool IsSequence => Vr == Vr.SQ;
}

/// <summary>The attributes catalogued per level: the keys of PS3.4 §C.6.1.1 and §C.6.2.1, and others that clients ask for.</summary>
public static class CataloguedAttributes
{
    private static readonly FrozenDictionary<Tag, CataloguedAttribute> ByTag = Table().ToFrozenDictionary(attribute => attribute.Tag);

    /// <summary>Every catalogued attribute.</summary>
    public static IReadOnlyCollection<CataloguedAttribute> All => ByTag.Values;

    /// <summary>What ingest must pick out of a data set, Specific Character Set included.</summary>
    public static IReadOnlySet<Tag> Wanted { get; } = ByTag.Values
        .Where(attribute => attribute.Origin != AttributeOrigin.Computed)
        .Select(attribute => attribute.Tag)
        .Append(Tags.SpecificCharacterSet)
        .ToFrozenSet();

    public static bool TryFind(Tag tag, out CataloguedAttribute attribute)
    {
        bool found = ByTag.TryGetValue(tag, out CataloguedAttribute? known);
        attribute = known!;
        return found;
    }

    private static IEnumerable<CataloguedAttribute> Table() => [.. Patient(), .. Study(), .. Series(), .. Image()];

    private static CataloguedAttribute Kept(QueryLevel level, Tag tag, Vr vr) => new(tag, vr, level, AttributeOrigin.DataSet);

    private static CataloguedAttribute Column(QueryLevel level, Tag tag, Vr vr) => new(tag, vr, level, AttributeOrigin.Column);

    private static CataloguedAttribute Computed(QueryLevel level, Tag tag, Vr vr) => new(tag, vr, level, AttributeOrigin.Computed);

    private static IEnumerable<CataloguedAttribute> Patient() =>
    [
        Kept(QueryLevel.Patient, Tags.PatientName, Vr.PN),
        Kept(QueryLevel.Patient, Tags.PatientID, Vr.LO),
        Kept(QueryLevel.Patient, Tags.IssuerOfPatientID, Vr.LO),
        Kept(QueryLevel.Patient, Tags.PatientBirthDate, Vr.DA),
        Kept(QueryLevel.Patient, Tags.PatientBirthTime, Vr.TM),
        Kept(QueryLevel.Patient, Tags.PatientSex, Vr.CS),
        Kept(QueryLevel.Patient, Tags.OtherPatientIDs, Vr.LO),
        Kept(QueryLevel.Patient, Tags.OtherPatientNames, Vr.PN),
        Kept(QueryLevel.Patient, Tags.EthnicGroup, Vr.SH),
        Kept(QueryLevel.Patient, Tags.PatientComments, Vr.LT),
        Computed(QueryLevel.Patient, Tags.NumberOfPatientRelatedStudies, Vr.IS),
        Computed(QueryLevel.Patient, Tags.NumberOfPatientRelatedSeries, Vr.IS),
        Computed(QueryLevel.Patient, Tags.NumberOfPatientRelatedInstances, Vr.IS),
    ];

    private static IEnumerable<CataloguedAttribute> Study() =>
    [
        Column(QueryLevel.Study, Tags.StudyInstanceUID, Vr.UI),
        Kept(QueryLevel.Study, Tags.StudyDate, Vr.DA),
        Kept(QueryLevel.Study, Tags.StudyTime, Vr.TM),
        Kept(QueryLevel.Study, Tags.AccessionNumber, Vr.SH),
        Kept(QueryLevel.Study, Tags.IssuerOfAccessionNumberSequence, Vr.SQ),
        Kept(QueryLevel.Study, Tags.StudyID, Vr.SH),
        Kept(QueryLevel.Study, Tags.StudyDescription, Vr.LO),
        Kept(QueryLevel.Study, Tags.ReferringPhysicianName, Vr.PN),
        Kept(QueryLevel.Study, Tags.NameOfPhysiciansReadingStudy, Vr.PN),
        Kept(QueryLevel.Study, Tags.AdmittingDiagnosesDescription, Vr.LO),
        Kept(QueryLevel.Study, Tags.ProcedureCodeSequence, Vr.SQ),
        Kept(QueryLevel.Study, Tags.PatientAge, Vr.AS),
        Kept(QueryLevel.Study, Tags.PatientSize, Vr.DS),
        Kept(QueryLevel.Study, Tags.PatientWeight, Vr.DS),
        Kept(QueryLevel.Study, Tags.TimezoneOffsetFromUTC, Vr.SH),
        Computed(QueryLevel.Study, Tags.ModalitiesInStudy, Vr.CS),
        Computed(QueryLevel.Study, Tags.SOPClassesInStudy, Vr.UI),
        Computed(QueryLevel.Study, Tags.NumberOfStudyRelatedSeries, Vr.IS),
        Computed(QueryLevel.Study, Tags.NumberOfStudyRelatedInstances, Vr.IS),
    ];

    private static IEnumerable<CataloguedAttribute> Series() =>
    [
        Column(QueryLevel.Series, Tags.SeriesInstanceUID, Vr.UI),
        Kept(QueryLevel.Series, Tags.Modality, Vr.CS),
        Kept(QueryLevel.Series, Tags.SeriesNumber, Vr.IS),
        Kept(QueryLevel.Series, Tags.SeriesDate, Vr.DA),
        Kept(QueryLevel.Series, Tags.SeriesTime, Vr.TM),
        Kept(QueryLevel.Series, Tags.SeriesDescription, Vr.LO),
        Kept(QueryLevel.Series, Tags.BodyPartExamined, Vr.CS),
        Kept(QueryLevel.Series, Tags.Laterality, Vr.CS),
        Kept(QueryLevel.Series, Tags.PatientPosition, Vr.CS),
        Kept(QueryLevel.Series, Tags.ProtocolName, Vr.LO),
        Kept(QueryLevel.Series, Tags.PerformingPhysicianName, Vr.PN),
        Kept(QueryLevel.Series, Tags.OperatorsName, Vr.PN),
        Kept(QueryLevel.Series, Tags.PerformedProcedureStepID, Vr.SH),
        Kept(QueryLevel.Series, Tags.PerformedProcedureStepStartDate, Vr.DA),
        Kept(QueryLevel.Series, Tags.PerformedProcedureStepStartTime, Vr.TM),
        Kept(QueryLevel.Series, Tags.PerformedProcedureStepDescription, Vr.LO),
        Kept(QueryLevel.Series, Tags.RequestAttributesSequence, Vr.SQ),
        Kept(QueryLevel.Series, Tags.InstitutionName, Vr.LO),
        Kept(QueryLevel.Series, Tags.InstitutionalDepartmentName, Vr.LO),
        Kept(QueryLevel.Series, Tags.StationName, Vr.SH),
        Kept(QueryLevel.Series, Tags.Manufacturer, Vr.LO),
        Kept(QueryLevel.Series, Tags.ManufacturerModelName, Vr.LO),
        Kept(QueryLevel.Series, Tags.FrameOfReferenceUID, Vr.UI),
        Computed(QueryLevel.Series, Tags.NumberOfSeriesRelatedInstances, Vr.IS),
    ];

    private static IEnumerable<CataloguedAttribute> Image() =>
    [
        Column(QueryLevel.Image, Tags.SOPInstanceUID, Vr.UI),
        Column(QueryLevel.Image, Tags.SOPClassUID, Vr.UI),
        Kept(QueryLevel.Image, Tags.InstanceNumber, Vr.IS),
        Kept(QueryLevel.Image, Tags.InstanceCreationDate, Vr.DA),
        Kept(QueryLevel.Image, Tags.InstanceCreationTime, Vr.TM),
        Kept(QueryLevel.Image, Tags.ContentDate, Vr.DA),
        Kept(QueryLevel.Image, Tags.ContentTime, Vr.TM),
        Kept(QueryLevel.Image, Tags.AcquisitionDate, Vr.DA),
        Kept(QueryLevel.Image, Tags.AcquisitionTime, Vr.TM),
        Kept(QueryLevel.Image, Tags.AcquisitionDateTime, Vr.DT),
        Kept(QueryLevel.Image, Tags.AcquisitionNumber, Vr.IS),
        Kept(QueryLevel.Image, Tags.ImageType, Vr.CS),
        Kept(QueryLevel.Image, Tags.ImageComments, Vr.LT),
        Kept(QueryLevel.Image, Tags.Rows, Vr.US),
        Kept(QueryLevel.Image, Tags.Columns, Vr.US),
        Kept(QueryLevel.Image, Tags.BitsAllocated, Vr.US),
        Kept(QueryLevel.Image, Tags.NumberOfFrames, Vr.IS),
        Kept(QueryLevel.Image, Tags.SliceLocation, Vr.DS),
        Kept(QueryLevel.Image, Tags.ContentLabel, Vr.CS),
        Kept(QueryLevel.Image, Tags.ContentDescription, Vr.LO),
        Kept(QueryLevel.Image, Tags.ConceptNameCodeSequence, Vr.SQ),
        Kept(QueryLevel.Image, Tags.CompletionFlag, Vr.CS),
        Kept(QueryLevel.Image, Tags.VerificationFlag, Vr.CS),
        Computed(QueryLevel.Image, Tags.AvailableTransferSyntaxUID, Vr.UI),
    ];
}
