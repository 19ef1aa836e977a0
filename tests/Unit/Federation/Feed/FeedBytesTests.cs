using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using Panal.Catalogue;
using Panal.Dicom;
using Panal.Federation.Feed;
using Panal.Unit.Catalogue.Support;

namespace Panal.Unit.Federation.Feed;

/// <summary>Bytes count on lines of one Mbit/s, and do not depend on the machine.</summary>
public sealed class FeedBytesTests
{
    private const int Slices = 500, SlicesInAStep = 10;

    /// <summary>Also when UIDs are drawn at random, which are as incompressible as hashes: 16 bytes a slice more.</summary>
    [Theory]
    [InlineData(true, 32_000)]
    [InlineData(false, 40_000)]
    public async Task A_study_of_500_CT_slices_costs_at_most_40_kB_of_which_16_are_hashes(bool isCounting, int limitBytes)
    {
        await using TemporaryCatalogue there = await TemporaryCatalogue.CreateAsync();
        var source = new FeedSource(there.Database, FeedFilter.All);
        var hello = new ArrayBufferWriter<byte>();
        FeedMessages.WriteOpening(hello, FeedFrameKind.Hello, FeedMode.Feed, there.Database.OwnHead(FeedFilter.All));
        var line = new ArrayBufferWriter<byte>();
        source.Answer(hello.WrittenSpan[FeedFrame.HeaderBytes..], line);
        var random = new Random(7);
        for (int slice = 1; slice <= Slices; slice++)
        {
            await there.Database.AddAsync(Slice(slice, isCounting, random), TestContext.Current.CancellationToken);
            if (slice % SlicesInAStep == 0)
            {
                // The step says where the feed stands too; a head comes only when nothing does for ten seconds.
                Assert.True(source.TryNext(line));
            }
        }

        Assert.InRange(line.WrittenCount, Slices * InstanceState.HashLengthBytes, limitBytes);
    }

    /// <summary>So a million cost at most 60 MB.</summary>
    [Theory]
    [InlineData(true, 48)]
    [InlineData(false, 60)]
    public async Task A_snapshot_costs_at_most_60_bytes_an_instance_of_which_32_are_its_hash(bool isCounting, int limitBytes)
    {
        const int Studies = 5;
        await using TemporaryCatalogue there = await TemporaryCatalogue.CreateAsync();
        var random = new Random(7);
        for (int slice = 0; slice < Studies * Slices; slice++)
        {
            await there.Database.AddAsync(Slice(slice + 1, isCounting, random, slice / Slices), TestContext.Current.CancellationToken);
        }

        var source = new FeedSource(there.Database, FeedFilter.All);
        var hello = new ArrayBufferWriter<byte>();
        FeedMessages.WriteOpening(hello, FeedFrameKind.Hello, FeedMode.Snapshot, FeedCursor.None);
        var line = new ArrayBufferWriter<byte>();
        source.Answer(hello.WrittenSpan[FeedFrame.HeaderBytes..], line);
        int steps = 0;
        while (source.TryNext(line))
        {
            steps++;
        }

        Assert.InRange(steps, 1, Studies);
        Assert.InRange(line.WrittenCount, Studies * Slices * InstanceState.HashLengthBytes, Studies * Slices * limitBytes);
    }

    /// <summary>With what scanners write: times to the microsecond, positions, and UIDs that count, or are drawn at random.</summary>
    private static InstanceRecord Slice(int number, bool isCounting, Random random, int studyNumber = 11)
    {
        string study = "1.3.12.2.1107.5.1.4.73104.300000260304071512345000" + studyNumber.ToString("D5", CultureInfo.InvariantCulture);
        string uid = isCounting
            ? $"1.3.12.2.1107.5.1.4.73104.300000260304071512345000{number:D5}"
            : $"2.25.{new UInt128((ulong)random.NextInt64(), (ulong)random.NextInt64()) >> 6}";
        string time = string.Create(CultureInfo.InvariantCulture, $"10{15 + (number % 2500 / 60):D2}{number % 60:D2}.{random.Next(1_000_000):D6}");
        DataSet attributes = Samples.DataSet(
            (Tags.PatientID, "4711-0815"), (Tags.PatientName, "Müller^Anna Maria"), (Tags.PatientBirthDate, "19620304"), (Tags.PatientSex, "F"),
            (Tags.StudyInstanceUID, study), (Tags.StudyDate, "20260304"), (Tags.StudyTime, "101412.218000"), (Tags.AccessionNumber, "A20260304-117"),
            (Tags.StudyDescription, "CT Thorax/Abdomen mit KM"), (Tags.ReferringPhysicianName, "Schmidt^Hans^^Dr."), (Tags.StudyID, "117"),
            (Tags.SeriesInstanceUID, study + ".2"), (Tags.Modality, "CT"), (Tags.SeriesNumber, "3"), (Tags.SeriesDescription, "Thorax 1.0 B70f"),
            (Tags.BodyPartExamined, "CHEST"), (Tags.ProtocolName, "ThorAbd_KM"), (Tags.InstitutionName, "Klinikum Nord"), (Tags.StationName, "CT73104"),
            (Tags.Manufacturer, "SIEMENS"), (Tags.ManufacturerModelName, "SOMATOM Force"), (Tags.FrameOfReferenceUID, study + ".9"),
            (Tags.SOPInstanceUID, uid), (Tags.SOPClassUID, Uids.CTImageStorage), (Tags.InstanceNumber, Samples.Number(number)),
            (Tags.ImageType, "ORIGINAL\\PRIMARY\\AXIAL\\CT_SOM5 SPI"), (Tags.InstanceCreationDate, "20260304"), (Tags.InstanceCreationTime, time),
            (Tags.ContentDate, "20260304"), (Tags.ContentTime, time), (Tags.AcquisitionDate, "20260304"), (Tags.AcquisitionTime, time), (Tags.AcquisitionNumber, "3"),
            (Tags.Rows, "512"), (Tags.Columns, "512"), (Tags.BitsAllocated, "16"),
            (Tags.SliceLocation, (-412.5 + (number * 0.8)).ToString("0.0##", CultureInfo.InvariantCulture)));
        var hash = new byte[SHA256.HashSizeInBytes];
        random.NextBytes(hash);
        InstanceRecord record = Samples.Of(attributes);
        return record with { Copy = record.Copy with { Hash = hash, LengthBytes = 527_000 + random.Next(40) } };
    }
}
