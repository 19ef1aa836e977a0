using System.Buffers;
using System.IO.Compression;
using Panal.Dicom;

namespace Panal.Unit.Dicom.Reading;

public sealed class ElementScannerTests
{
    private static readonly ElementSelection Wanted = new(
        Tags.SOPClassUID, Tags.StudyDate, Tags.PatientName, Tags.PatientID, Tags.RequestAttributesSequence, Tags.Rows,
        Tags.SmallestImagePixelValue, Tags.StudyInstanceUID);

    public static TheoryData<string, int> Cuts
    {
        get
        {
            var cuts = new TheoryData<string, int>();
            foreach (var uid in new[]
                { Uids.ImplicitVRLittleEndian, Uids.ExplicitVRLittleEndian, Uids.ExplicitVRBigEndian, Uids.DeflatedExplicitVRLittleEndian })
            {
                foreach (var size in new[] { 1, 2, 3, 5, 11, 64, 139, 141, 1000, 1 << 20 })
                {
                    cuts.Add(uid, size);
                }
            }

            return cuts;
        }
    }

    [Theory]
    [MemberData(nameof(Cuts))]
    public void The_same_attributes_are_kept_however_the_bytes_are_cut(string uid, int size)
    {
        var syntax = TransferSyntax.ForUid(uid);
        var bytes = Encode(Samples.EveryVr(), syntax);
        using var scanner = new ElementScanner(Wanted, ScanOptions.Default);
        for (var round = 0; round < 2; round++)
        {
            scanner.Start(syntax);
            foreach (var segment in Bytes.Segmented(bytes, size))
            {
                scanner.Append(segment);
            }

            var kept = scanner.Complete();
            Assert.True(Expected().ContentEquals(kept));
            Assert.False(scanner.HasOmissions);
        }
    }

    [Fact]
    public void A_scan_that_stops_at_pixel_data_is_done_there()
    {
        var syntax = TransferSyntax.ExplicitVrLittleEndian;
        var bytes = Encode(Samples.EveryVr(), syntax);
        using var scanner = new ElementScanner(Wanted, new ScanOptions { WalksToEnd = false });
        scanner.Start(syntax);
        scanner.Append(bytes);
        Assert.True(scanner.IsDone);
        Assert.True(Expected().ContentEquals(scanner.Complete()));
    }

    [Theory]
    [InlineData(Uids.ExplicitVRLittleEndian)]
    [InlineData(Uids.ImplicitVRLittleEndian)]
    public void A_data_set_that_is_cut_is_refused_at_its_end(string uid)
    {
        var syntax = TransferSyntax.ForUid(uid);
        var bytes = Encode(Samples.EveryVr(), syntax);
        using var scanner = new ElementScanner(Wanted, ScanOptions.Default);
        foreach (var cut in new[] { 1, 3, 7, 11 })
        {
            scanner.Start(syntax);
            scanner.Append(bytes.AsMemory(0, bytes.Length - cut));
            Assert.Equal(DicomFormatReason.Truncated, Assert.Throws<DicomFormatException>(scanner.Complete).Reason);
        }
    }

    [Fact]
    public void Encapsulated_pixel_data_is_walked_to_its_delimiter()
    {
        var dataSet = Samples.EveryVr();
        var fragments = new ReadOnlyMemory<byte>[] { Array.Empty<byte>(), new byte[1000], new byte[3000] };
        dataSet.Set(new Element(Tags.PixelData, Vr.OB, fragments));
        var bytes = Encode(dataSet, TransferSyntax.ExplicitVrLittleEndian);
        using var scanner = new ElementScanner(Wanted, ScanOptions.Default);
        scanner.Start(TransferSyntax.ForUid(Uids.JPEG2000));
        scanner.Append(Bytes.Segmented(bytes, 100));
        Assert.True(Expected().ContentEquals(scanner.Complete()));

        scanner.Start(TransferSyntax.ForUid(Uids.JPEG2000));
        scanner.Append(Bytes.Segmented(bytes.AsMemory(0, bytes.Length - 8), 100));
        Assert.Throws<DicomFormatException>(scanner.Complete);
    }

    [Fact]
    public void More_than_4_gib_flow_by_in_constant_memory()
    {
        // Encapsulated: five fragments of 1,000,000,000 bytes; the same piece of zeros stands for all of them.
        using var scanner = new ElementScanner(Wanted, ScanOptions.Default);
        scanner.Start(TransferSyntax.ForUid(Uids.MPEG4HP41));
        scanner.Append(Bytes.Of("1000 2000 4C4F 0400 34373131  E07F 1000 4F42 0000 FFFFFFFF  FEFF00E0 00000000"));
        var zeros = new byte[10_000_000];
        var header = Bytes.Of("FEFF00E0 00CA9A3B");
        Assert.Equal(0, Allocated.Bytes(() =>
        {
            for (var fragment = 0; fragment < 5; fragment++)
            {
                scanner.Append(header);
                for (var piece = 0; piece < 100; piece++)
                {
                    scanner.Append(zeros);
                }
            }
        }));
        scanner.Append(Bytes.Of("FEFFDDE0 00000000"));
        Assert.Equal("4711", scanner.Complete().GetString(Tags.PatientID));
    }

    [Fact]
    public void Values_beyond_the_limits_are_left_out_and_reported()
    {
        var dataSet = Samples.EveryVr();
        dataSet.SetBytes(Tags.PatientName, Vr.PN, new byte[2000]);
        var bytes = Encode(dataSet, TransferSyntax.ImplicitVrLittleEndian);
        using var scanner = new ElementScanner(Wanted, new ScanOptions { ValueLimitBytes = 1999 });
        scanner.Start(TransferSyntax.ImplicitVrLittleEndian);
        scanner.Append(bytes);
        Assert.False(scanner.Complete().Contains(Tags.PatientName));
        Assert.True(scanner.HasOmissions);
        Assert.Equal("4711", scanner.Attributes.GetString(Tags.PatientID));
    }

    [Fact]
    public void A_sequence_of_a_million_items_is_left_out_in_constant_memory()
    {
        var item = Bytes.Of("FEFF00E0 00000000");
        var head = Bytes.Of("4000 7502 5351 0000 FFFFFFFF");
        using var scanner = new ElementScanner(Wanted, ScanOptions.Default);
        scanner.Start(TransferSyntax.ExplicitVrLittleEndian);
        scanner.Append(head);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var index = 0; index < 1_000_000; index++)
        {
            scanner.Append(item);
        }

        scanner.Append(Bytes.Of("FEFFDDE0 00000000"));
        Assert.Empty(scanner.Complete());
        Assert.True(scanner.HasOmissions);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2 << 20);
    }

    [Fact]
    public void A_deflate_bomb_is_stopped()
    {
        using var deflated = new MemoryStream();
        using (var deflater = new DeflateStream(deflated, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            deflater.Write(Bytes.Of("E07F 1000 4F57 0000 00000070"));
            var zeros = new byte[1 << 20];
            for (var index = 0; index < 80; index++)
            {
                deflater.Write(zeros);
            }
        }

        using var scanner = new ElementScanner(Wanted, ScanOptions.Default);
        scanner.Start(TransferSyntax.DeflatedExplicitVrLittleEndian);
        var refusal = Assert.Throws<DicomFormatException>(() => scanner.Append(deflated.ToArray()));
        Assert.Equal(DicomFormatReason.DeflateLimit, refusal.Reason);
    }

    [Fact]
    public void Bytes_that_are_not_deflated_are_refused()
    {
        using var scanner = new ElementScanner(Wanted, ScanOptions.Default);
        scanner.Start(TransferSyntax.DeflatedExplicitVrLittleEndian);
        var refusal = Assert.Throws<DicomFormatException>(() => scanner.Append(Enumerable.Repeat((byte)0xFF, 100).ToArray()));
        Assert.Equal(DicomFormatReason.DeflateCorrupt, refusal.Reason);
    }

    [Fact]
    public void Pixel_data_in_pieces_allocates_nothing()
    {
        var dataSet = Samples.EveryVr();
        dataSet.SetBytes(Tags.PixelData, Vr.OW, new byte[1 << 20]);
        var bytes = Encode(dataSet, TransferSyntax.ExplicitVrLittleEndian);
        using var scanner = new ElementScanner(Wanted, ScanOptions.Default);
        scanner.Start(TransferSyntax.ExplicitVrLittleEndian);
        scanner.Append(bytes.AsMemory(0, 4096));
        var start = 4096;
        Assert.Equal(0, Allocated.Bytes(() =>
        {
            for (var piece = 0; piece < 100; piece++, start += 1000)
            {
                scanner.Append(bytes.AsMemory(start, 1000));
            }
        }));
        scanner.Append(bytes.AsMemory(start));
        scanner.Complete();
    }

    [Fact]
    public void A_scan_of_the_head_of_an_instance_stays_within_its_budget()
    {
        var bytes = Encode(Samples.EveryVr(), TransferSyntax.ExplicitVrLittleEndian);
        using var scanner = new ElementScanner(
            new ElementSelection(Tags.SOPClassUID, Tags.PatientID, Tags.PatientName, Tags.StudyDate, Tags.Rows), ScanOptions.Default);
        var sequence = Bytes.Segmented(bytes, 300);
        Scan(1);

        // The elements of the kept data set and their share of a block for values.
        Assert.InRange(Allocated.Bytes(() => Scan(100)) / 100, 0, 2500);

        void Scan(int rounds)
        {
            for (var round = 0; round < rounds; round++)
            {
                scanner.Start(TransferSyntax.ExplicitVrLittleEndian);
                scanner.Append(sequence);
                scanner.Complete();
            }
        }
    }

    private static DataSet Expected()
    {
        var all = Samples.EveryVr();
        var expected = new DataSet();
        foreach (var element in all)
        {
            if (Wanted.Contains(element.Tag))
            {
                expected.Set(element);
            }
        }

        return expected;
    }

    private static byte[] Encode(DataSet dataSet, TransferSyntax syntax)
    {
        var bytes = new ArrayBufferWriter<byte>();
        DataSetEncoding.Encode(dataSet, syntax, bytes, SequenceLengths.Undefined);
        return bytes.WrittenSpan.ToArray();
    }
}
