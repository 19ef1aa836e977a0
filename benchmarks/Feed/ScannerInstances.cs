using System.Globalization;
using Panal.Catalogue;
using Panal.Dicom;

namespace Panal.FeedLoad;

/// <summary>CT slices with what scanners write: times to the microsecond, positions, UIDs drawn at random, which nothing compresses. The same number gives the same slice.</summary>
internal static class ScannerInstances
{
    internal const int PerStudy = 500;

    private const int SeriesPerStudy = 4;

    /// <summary>The slices of one study, in the order in which they come.</summary>
    internal static IEnumerable<InstanceRecord> Study(int number)
    {
        var random = new Random(number);
        for (int slice = 1; slice <= PerStudy; slice++)
        {
            yield return Slice(number, slice, random);
        }
    }

    internal static string StudyUid(int number) => string.Create(CultureInfo.InvariantCulture, $"1.3.12.2.1107.5.1.4.73104.3000002603040715{number:D9}");

    private static InstanceRecord Slice(int number, int slice, Random random)
    {
        string study = StudyUid(number);
        int series = slice % SeriesPerStudy;
        string uid = string.Create(CultureInfo.InvariantCulture, $"2.25.{new UInt128((ulong)random.NextInt64(), (ulong)random.NextInt64())}");
        string time = string.Create(CultureInfo.InvariantCulture, $"{number % 24:D2}{slice / 60:D2}{slice % 60:D2}.{random.Next(1_000_000):D6}");
        string date = new DateTime(2016, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddDays(number % 3650).ToString("yyyyMMdd", CultureInfo.InvariantCulture);
        var attributes = new DataSet(40);
        foreach ((Tag tag, string value) in (ReadOnlySpan<(Tag, string)>)[
            (Tags.SpecificCharacterSet, "ISO_IR 192"), (Tags.PatientID, $"PID{number / 2:D7}"), (Tags.PatientName, $"Müller-{number / 2 % 997}^Anna"),
            (Tags.PatientBirthDate, "19620304"), (Tags.PatientSex, "F"), (Tags.StudyInstanceUID, study), (Tags.StudyDate, date), (Tags.StudyTime, "101412.218000"),
            (Tags.AccessionNumber, $"A{number:D9}"), (Tags.StudyDescription, "CT Thorax/Abdomen mit KM"), (Tags.ReferringPhysicianName, $"Schmidt-{number % 300}^Hans"),
            (Tags.StudyID, $"S{number}"), (Tags.SeriesInstanceUID, $"{study}.{series + 2}"), (Tags.Modality, "CT"), (Tags.SeriesNumber, $"{series + 1}"),
            (Tags.SeriesDescription, $"Thorax {series}.0 B70f"), (Tags.BodyPartExamined, "CHEST"), (Tags.ProtocolName, "ThorAbd_KM"), (Tags.InstitutionName, "Klinikum Nord"),
            (Tags.StationName, "CT73104"), (Tags.Manufacturer, "Made Up Medical"), (Tags.FrameOfReferenceUID, study + ".9"), (Tags.SOPInstanceUID, uid),
            (Tags.SOPClassUID, Uids.CTImageStorage), (Tags.InstanceNumber, $"{slice}"), (Tags.InstanceCreationDate, date), (Tags.InstanceCreationTime, time),
            (Tags.ContentDate, date), (Tags.ContentTime, time), (Tags.AcquisitionDate, date), (Tags.AcquisitionTime, time), (Tags.AcquisitionNumber, "3"),
            (Tags.Rows, "512"), (Tags.Columns, "512"), (Tags.BitsAllocated, "16"),
            (Tags.SliceLocation, (-412.5 + (slice * 0.8)).ToString("0.0##", CultureInfo.InvariantCulture))])
        {
            attributes.Set(tag, value);
        }

        attributes.Set(Tags.ImageType, "ORIGINAL", "PRIMARY", "AXIAL");
        var hash = new byte[32];
        random.NextBytes(hash);
        return new InstanceRecord(
            attributes, uid, Uids.CTImageStorage, Uids.ExplicitVRLittleEndian, "SCANNER", DateTimeOffset.UnixEpoch.AddSeconds(number),
            new CopyRecord(1, $"{study}/{uid}.dcm", 527_000 + random.Next(40), hash, 372, CopyState.Online));
    }
}
