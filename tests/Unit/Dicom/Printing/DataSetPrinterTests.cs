using System.Buffers;
using System.Text.RegularExpressions;
using Panal.Dicom;
using Panal.Dicom.Printing;

namespace Panal.Unit.Dicom.Printing;

public sealed class DataSetPrinterTests
{
    [Fact]
    public async Task A_file_is_printed_line_by_line()
    {
        var printed = await PrintFileAsync(File(Sample(), TransferSyntax.ForUid(Uids.JPEGBaseline8Bit)), DataSetPrinterOptions.Default);
        const string expected =
            """
            # File meta information
            (0002,0000) UL        4  GroupLength                        154
            (0002,0001) OB        2  FileMetaInformationVersion         00 01
            (0002,0002) UI       26  MediaStorageSOPClassUID            1.2.840.10008.5.1.4.1.1.2 CT Image Storage
            (0002,0003) UI        6  MediaStorageSOPInstanceUID         1.2.3
            (0002,0010) UI       22  TransferSyntaxUID                  1.2.840.10008.1.2.4.50 JPEG Baseline (Process 1)
            (0002,0012) UI       40  ImplementationClassUID             2.25.14972150354277752877069860173049875
            (0002,0013) SH        6  ImplementationVersionName          PANAL
            # Data set at byte 298 in JPEG Baseline (Process 1)
            (0008,0005) CS       10  SpecificCharacterSet               ISO_IR 192
            (0009,0010) LO        4  PrivateCreator                     NOBO
            (0009,1001) LO        4  [NOBO]                             abc
            (0010,0010) PN       14  PatientName                        Núñez^José\u{1B}
            (0010,0020) LO        4  PatientID                          4711
            (0010,4000) LT      300  PatientComments                    xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
            (0028,0009) AT        4  FrameIncrementPointer              (0018,1063) FrameTime
            (0028,0010) US        2  Rows                               512
            (0029,0010) LO       18  PrivateCreator                     SIEMENS CSA HEADER
            (0029,1010) OB        4  [SIEMENS CSA HEADER] CSA Image Header Info 01 02 03 04
            (0029,2010) LO        4  [private]                          abc
            (0040,0275) SQ       58  RequestAttributesSequence
              item 1              42
                (0008,0005) CS       10  SpecificCharacterSet           ISO_IR 100
                (0032,1060) LO        6  RequestedProcedureDescription  Tórax
                (0040,1001) SH        2  RequestedProcedureID           1
              item 2               0
            (7FE0,0010) OB     open  PixelData
              offset table         4  0
              fragment 1          20  00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F…

            """;
        Assert.Equal(expected.ReplaceLineEndings("\n"), Shorten(printed));
    }

    [Theory]
    [InlineData(Uids.ImplicitVRLittleEndian)]
    [InlineData(Uids.ExplicitVRBigEndian)]
    [InlineData(Uids.DeflatedExplicitVRLittleEndian)]
    public async Task Every_encoding_of_a_data_set_prints_alike(string uid)
    {
        var dataSet = Samples.EveryVr();
        dataSet.Remove(Tags.SelectorUNValue);
        dataSet.Remove(Tags.ICCProfile);
        var printed = await PrintAsync(dataSet, TransferSyntax.ExplicitVrLittleEndian);
        Assert.Equal(WithoutSequenceLengths(printed), WithoutSequenceLengths(await PrintAsync(dataSet, TransferSyntax.ForUid(uid))));
    }

    [Fact]
    public async Task Offsets_are_those_of_the_headers()
    {
        var dataSet = new DataSet();
        dataSet.Set(Tags.PatientID, "AB");
        dataSet.SetUInt16(Tags.Rows, 1);
        var printed = await PrintAsync(dataSet, TransferSyntax.ExplicitVrLittleEndian, DataSetPrinterOptions.Default with { ShowsOffsets = true });
        Assert.Equal(["00000000  (0010,0020)", "0000000A  (0028,0010)"], printed.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line[..21]));
    }

    [Fact]
    public async Task Whole_values_are_shown_up_to_the_limit()
    {
        var dataSet = new DataSet();
        dataSet.Set(Tags.PatientComments, new string('x', 5000));
        var options = DataSetPrinterOptions.Default with { ShowsWholeValues = true };
        Assert.Contains(new string('x', 5000), await PrintAsync(dataSet, TransferSyntax.ExplicitVrLittleEndian, options));
        var printed = await PrintAsync(dataSet, TransferSyntax.ExplicitVrLittleEndian, options with { ValueLimitBytes = 100 });
        Assert.EndsWith($" {new string('x', 100)}…\n", printed);
    }

    [Fact]
    public async Task Damage_is_told_after_what_stands_before_it()
    {
        var file = File(Sample(), TransferSyntax.ForUid(Uids.JPEGBaseline8Bit));
        var whole = 0;
        for (var length = 0; length < file.Length; length++)
        {
            var target = new StringWriter();
            try
            {
                await DataSetPrinter.PrintFileAsync(
                    new MemoryStream(file, 0, length), target, DataSetPrinterOptions.Default, TestContext.Current.CancellationToken);
                whole++;
            }
            catch (DicomFormatException exception)
            {
                Assert.InRange(exception.OffsetBytes, 0, length);
            }

            Assert.Equal(length >= 362, target.ToString().Contains("PatientName"));
        }

        // A file may end in its head after the transfer syntax, and after any of the 12 elements before pixel data.
        Assert.InRange(whole, 13, 16);
    }

    private static string WithoutSequenceLengths(string printed) => Regex.Replace(printed, @"(?<name>SQ|item \d+) +\d+", "${name}", RegexOptions.None, TimeSpan.FromSeconds(5));

    [Fact]
    public async Task A_value_of_2_GiB_takes_no_memory()
    {
        byte[] head = [0xE0, 0x7F, 0x10, 0x00, (byte)'O', (byte)'W', 0, 0, 0, 0, 0, 0x80];
        await using var source = new EndlessStream(head, head.Length + (1L << 31));
        var target = new StringWriter();
        var before = GC.GetAllocatedBytesForCurrentThread();
        await DataSetPrinter.PrintAsync(
            source, TransferSyntax.ExplicitVrLittleEndian, target, DataSetPrinterOptions.Default, TestContext.Current.CancellationToken);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
        Assert.StartsWith("(7FE0,0010) OW 2147483648  PixelData", target.ToString());
    }

    private static DataSet Sample()
    {
        var dataSet = new DataSet();
        dataSet.Set(Tags.SpecificCharacterSet, "ISO_IR 192");
        dataSet.Set(new Tag(0x00090010), Vr.LO, "NOBO");
        dataSet.Set(new Tag(0x00091001), Vr.LO, "abc");
        dataSet.SetBytes(Tags.PatientName, Vr.PN, "Núñez^José\x1B"u8.ToArray());
        dataSet.Set(Tags.PatientID, "4711");
        dataSet.Set(Tags.PatientComments, new string('x', 300));
        dataSet.SetTags(Tags.FrameIncrementPointer, Tags.FrameTime);
        dataSet.SetUInt16(Tags.Rows, 512);
        dataSet.Set(new Tag(0x00290010), Vr.LO, "SIEMENS CSA HEADER");
        dataSet.SetBytes(new Tag(0x00291010), Vr.OB, new byte[] { 1, 2, 3, 4 });
        dataSet.Set(new Tag(0x00292010), Vr.LO, "abc");
        var item = new DataSet();
        item.Set(Tags.SpecificCharacterSet, "ISO_IR 100");
        item.Set(Tags.RequestedProcedureDescription, "Tórax");
        item.Set(Tags.RequestedProcedureID, "1");
        dataSet.SetSequence(Tags.RequestAttributesSequence, [item, new DataSet()]);
        dataSet.Set(new Element(Tags.PixelData, Vr.OB, [new byte[4], Enumerable.Range(0, 20).Select(number => (byte)number).ToArray()]));
        return dataSet;
    }

    private static byte[] File(DataSet dataSet, TransferSyntax syntax)
    {
        var bytes = new ArrayBufferWriter<byte>();
        FileMeta.WriteHeader(Uids.CTImageStorage, "1.2.3", syntax, bytes);
        DataSetEncoding.Encode(dataSet, syntax, bytes);
        return bytes.WrittenSpan.ToArray();
    }

    private static async Task<string> PrintFileAsync(byte[] file, DataSetPrinterOptions options)
    {
        var target = new StringWriter { NewLine = "\n" };
        await DataSetPrinter.PrintFileAsync(new MemoryStream(file), target, options, TestContext.Current.CancellationToken);
        return target.ToString();
    }

    private static async Task<string> PrintAsync(DataSet dataSet, TransferSyntax syntax, DataSetPrinterOptions? options = null)
    {
        var bytes = new ArrayBufferWriter<byte>();
        DataSetEncoding.Encode(dataSet, syntax, bytes);
        var target = new StringWriter { NewLine = "\n" };
        await DataSetPrinter.PrintAsync(
            new MemoryStream(bytes.WrittenSpan.ToArray()), syntax, target, options ?? DataSetPrinterOptions.Default, TestContext.Current.CancellationToken);
        return target.ToString();
    }

    /// <summary>The line of 300 x is shown with 55, to keep the expectation readable; its width is checked here.</summary>
    private static string Shorten(string printed)
    {
        Assert.All(printed.Split('\n'), line => Assert.InRange(line.Length, 0, 120));
        var start = printed.IndexOf("xxx", StringComparison.Ordinal);
        var end = printed.IndexOf('…', start);
        return printed[..(start + 55)] + printed[end..];
    }

    private sealed class EndlessStream(byte[] head, long lengthBytes) : MemoryStream
    {
        private long _position;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = (int)Math.Min(buffer.Length, lengthBytes - _position);
            if (_position == 0)
            {
                head.CopyTo(buffer);
            }

            _position += read;
            return ValueTask.FromResult(read);
        }
    }
}
