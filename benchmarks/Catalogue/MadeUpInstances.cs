using System.Globalization;
using Panal.Catalogue;
using Panal.Conformance.WireClient;
using Panal.Dicom;

namespace Panal.CatalogueLoad;

/// <summary>Instances like those of a CT department: the same number always gives the same instance.</summary>
internal static class MadeUpInstances
{
    private const int SeriesPerStudy = 4;

    private static readonly string[] Surnames =
        ["Garcia", "Muñoz", "Peña", "Schmidt", "Smith", "Johnson", "Kowalski", "Nguyen", "Silva", "Rossi", "Yilmaz", "Novak", "Jensen", "Dubois", "Haddad", "Okafor"];

    private static readonly string[] GivenNames = ["Ana", "Luis", "Eva", "Jose", "Mia", "Tom", "Ida", "Max", "Zoe", "Leo"];

    private static readonly string[] Modalities = ["CT", "CT", "CT", "MR", "MR", "US", "CR", "DX", "MG", "PT"];

    private static readonly string[] Regions =
        ["Abdomen", "Tórax", "Cráneo", "Columna lumbar", "Columna cervical", "Rodilla", "Hombro", "Cadera", "Pelvis", "Mano", "Pie", "Tobillo", "Codo", "Mama", "Cuello", "Corazón"];

    private static readonly string[] Manners = ["sin contraste", "con contraste", "control", "urgente", "bilateral", "derecha", "izquierda"];

    internal static string PatientId(int study) => string.Create(CultureInfo.InvariantCulture, $"PID{study / 2:D7}");

    internal static string NamePrefix(int study) => string.Create(CultureInfo.InvariantCulture, $"{Surnames[study / 2 % 16]}-{study / 2 % 997}^");

    internal static string StudyDate(int study) =>
        new DateTime(2016, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddDays(study % 3650).ToString("yyyyMMdd", CultureInfo.InvariantCulture);

    internal static string Accession(int study) => string.Create(CultureInfo.InvariantCulture, $"ACC{study:D8}");

    internal static string StudyUid(int study) => string.Create(CultureInfo.InvariantCulture, $"1.3.6.1.4.1.5962.99.1.{study + 1000000}");

    /// <summary>The same with the names of benchmarks/Load's first run, which then knows what to look for.</summary>
    internal static InstanceRecord LikeLoad(int study, int number)
    {
        InstanceRecord made = Make(study, number);
        var identity = new SyntheticIdentity(1, study, number + 1);
        DataSet attributes = made.Attributes;
        attributes.Set(Tags.PatientID, identity.PatientId);
        attributes.Set(Tags.PatientName, SyntheticIdentity.PatientName(study));
        attributes.Set(Tags.StudyDate, SyntheticIdentity.StudyDate(study));
        return new InstanceRecord(attributes, made.SopInstanceUid, made.SopClassUid, made.TransferSyntaxUid, made.SourceAeTitle, made.ReceivedAt, made.Copy);
    }

    internal static InstanceRecord Make(int study, int number)
    {
        int patient = study / 2, series = number % SeriesPerStudy;
        string studyUid = StudyUid(study);
        string seriesUid = string.Create(CultureInfo.InvariantCulture, $"{studyUid}.{series + 1}");
        string uid = string.Create(CultureInfo.InvariantCulture, $"{seriesUid}.{number + 1}.20260304");
        var attributes = new DataSet(40);
        attributes.Set(Tags.SpecificCharacterSet, "ISO_IR 192");
        attributes.Set(Tags.ImageType, "ORIGINAL", "PRIMARY", "AXIAL");
        attributes.Set(Tags.SOPClassUID, Uids.CTImageStorage);
        attributes.Set(Tags.SOPInstanceUID, uid);
        attributes.Set(Tags.StudyDate, StudyDate(study));
        attributes.Set(Tags.SeriesDate, StudyDate(study));
        attributes.Set(Tags.ContentDate, StudyDate(study));
        attributes.Set(Tags.StudyTime, string.Create(CultureInfo.InvariantCulture, $"{study % 24:D2}{study % 60:D2}00"));
        attributes.Set(Tags.ContentTime, string.Create(CultureInfo.InvariantCulture, $"{study % 24:D2}{number % 60:D2}12.345"));
        attributes.Set(Tags.AccessionNumber, Accession(study));
        attributes.Set(Tags.Modality, Modalities[study % 10]);
        attributes.Set(Tags.Manufacturer, "Made Up Medical");
        attributes.Set(Tags.InstitutionName, "Hospital Clínico");
        attributes.Set(Tags.ReferringPhysicianName, string.Create(CultureInfo.InvariantCulture, $"Doctor-{study % 300}^Ada"));
        attributes.Set(Tags.StationName, "CT01");
        attributes.Set(Tags.StudyDescription, string.Create(CultureInfo.InvariantCulture, $"{Modalities[study % 10]} {Regions[study / 3 % 16]} {Manners[study / 5 % 7]}"));
        attributes.Set(Tags.SeriesDescription, string.Create(CultureInfo.InvariantCulture, $"Axial {series}"));
        attributes.Set(Tags.PatientName, NamePrefix(study) + GivenNames[patient % 10]);
        attributes.Set(Tags.PatientID, PatientId(study));
        attributes.Set(Tags.PatientBirthDate, "19700101");
        attributes.Set(Tags.PatientSex, "F");
        attributes.Set(Tags.BodyPartExamined, "ABDOMEN");
        attributes.Set(Tags.StudyInstanceUID, studyUid);
        attributes.Set(Tags.SeriesInstanceUID, seriesUid);
        attributes.Set(Tags.StudyID, string.Create(CultureInfo.InvariantCulture, $"S{study}"));
        attributes.Set(Tags.SeriesNumber, (series + 1).ToString(CultureInfo.InvariantCulture));
        attributes.Set(Tags.InstanceNumber, (number + 1).ToString(CultureInfo.InvariantCulture));
        attributes.Set(Tags.Rows, "512");
        attributes.Set(Tags.Columns, "512");
        attributes.Set(Tags.BitsAllocated, "16");
        var hash = new byte[32];
        BitConverter.TryWriteBytes(hash, ((long)study << 32) | (uint)number);
        return new InstanceRecord(
            attributes, uid, Uids.CTImageStorage, Uids.ExplicitVRLittleEndian, "SCANNER", DateTimeOffset.UnixEpoch.AddSeconds(study),
            new CopyRecord(1, $"{PatientId(study)}/{studyUid}/{seriesUid}/{uid}.dcm", 530_000, hash, 372, CopyState.Online));
    }
}
