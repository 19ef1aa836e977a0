using System.Buffers;
using Panal.Conformance.Witnesses;
using Panal.Dicom;

namespace Panal.Conformance.Dicom;

/// <summary>Every file of the corpus is read, or refused with a reason and offset that stand here.</summary>
public sealed class CorpusReadingTests
{
    /// <summary>Files that are no DICOM, that end too early, or whose lengths overrun; offsets count from the start of the data set.</summary>
    internal static readonly Dictionary<string, (DicomFormatReason Reason, long OffsetBytes)> Refused = new(StringComparer.Ordinal)
    {
        ["charset/pydicom/FileInfo.txt"] = (DicomFormatReason.NotDicom, 0),
        ["dicomdir/pydicom/dicomdirtests/DICOMDIR-nooffset"] = (DicomFormatReason.LengthBeyondEnd, 10530),
        ["malformed/dcm4che/3gb-bulk-data-truncated"] = (DicomFormatReason.LengthBeyondEnd, 1566),
        ["malformed/fo-dicom/GH179B.dcm"] = (DicomFormatReason.LengthBeyondEnd, 1142),
        ["malformed/pydicom-data/emri_small_jpeg_2k_lossless_too_short.dcm"] = (DicomFormatReason.Truncated, 39930),
        ["malformed/pydicom/MR_truncated.dcm"] = (DicomFormatReason.LengthBeyondEnd, 1154),
        ["malformed/pydicom/no_meta.dcm"] = (DicomFormatReason.NotDicom, 0),
        ["malformed/pydicom/rtplan_truncated.dcm"] = (DicomFormatReason.LengthBeyondEnd, 1110),
        ["mwl_mpps/DVTk/Worklist/WLM RQ/CR_Modality_.dcm"] = (DicomFormatReason.UnexpectedTag, 160),
        ["mwl_mpps/DVTk/Worklist/WLM RQ/DX_Modality_.dcm"] = (DicomFormatReason.UnexpectedTag, 754),
        ["transfer_syntax/jpeg_lossless_sv1_70/fo-dicom/GH1339.dcm"] = (DicomFormatReason.Truncated, 176982),
    };

    /// <summary>Files that are read, and in what they are odd.</summary>
    internal static readonly Dictionary<string, DataSetAnomalies> Odd = new(StringComparer.Ordinal)
    {
        ["malformed/fo-dicom/GH179A.dcm"] = DataSetAnomalies.UnknownVr,
        ["malformed/pydicom/nested_priv_SQ.dcm"] = DataSetAnomalies.OddLength,
        ["malformed/pydicom/meta_missing_tsyntax.dcm"] = DataSetAnomalies.OddLength,
        ["multiframe/fo-dicom/DIRW0007"] = DataSetAnomalies.StrayDelimiter,
        ["palette/pydicom/winter.dcm"] = DataSetAnomalies.DuplicateTags,
        ["single_frame/cr_dx/highdicom/dx_image.dcm"] = DataSetAnomalies.OddLength,
        ["transfer_syntax/jpeg_baseline_50/pydicom/SC_rgb_jpeg.dcm"] = DataSetAnomalies.ImplicitInExplicit,
    };

    [Fact]
    public void Every_file_is_read_or_refused_with_its_reason_and_offset()
    {
        var surprises = new List<string>();
        foreach (var name in Corpus.Names)
        {
            var anomalies = DataSetAnomalies.None;
            (DicomFormatReason, long)? refused = null;
            try
            {
                var (meta, dataSet) = CorpusDataSet.Open(Corpus.Read(name));
                DataSetEncoding.Decode(new ReadOnlySequence<byte>(dataSet), meta.TransferSyntax, DecodeLimits.Default, out anomalies);
            }
            catch (DicomFormatException refusal)
            {
                refused = (refusal.Reason, refusal.OffsetBytes);
            }

            var expected = Refused.TryGetValue(name, out var reason) ? reason : ((DicomFormatReason, long)?)null;
            if (refused != expected || anomalies != Odd.GetValueOrDefault(name))
            {
                surprises.Add($"{name}: {refused?.ToString() ?? "read"}, {anomalies}");
            }
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{Corpus.Names.Count - Refused.Count} of {Corpus.Names.Count} files are read");
        Assert.Empty(surprises);
    }

    [Fact]
    public void The_scanner_sees_what_the_decoder_sees_in_pieces_of_any_size()
    {
        var random = new Random(20260131);
        var wanted = new ElementSelection(
            Tags.SOPClassUID, Tags.SOPInstanceUID, Tags.StudyDate, Tags.Modality, Tags.PatientName, Tags.PatientID, Tags.StudyInstanceUID,
            Tags.SeriesInstanceUID, Tags.RequestAttributesSequence, Tags.ReferencedSeriesSequence, Tags.Rows, Tags.NumberOfFrames);
        using var scanner = new ElementScanner(wanted, ScanOptions.Default);
        foreach (var name in Corpus.Names.Where(name => !Refused.ContainsKey(name)))
        {
            var (meta, dataSet) = CorpusDataSet.Open(Corpus.Read(name));
            var decoded = DataSetEncoding.Decode(dataSet, meta.TransferSyntax, DecodeLimits.Default);
            scanner.Start(meta.TransferSyntax);
            for (var start = 0; start < dataSet.Length;)
            {
                var length = Math.Min(random.Next(1, 1 << random.Next(3, 18)), dataSet.Length - start);
                scanner.Append(dataSet.Slice(start, length));
                start += length;
            }

            var scanned = scanner.Complete();
            foreach (var element in decoded.Where(element => wanted.Contains(element.Tag)))
            {
                Assert.True(scanned.TryGet(element.Tag, out var found), name);
                Assert.True(found.Value.Span.SequenceEqual(element.Value.Span) && found.Items.Count == element.Items.Count, name);
                Assert.True(found.Items.Zip(element.Items).All(pair => pair.First.ContentEquals(pair.Second)), name);
            }
        }
    }

    [Fact]
    public void Writing_in_the_same_syntax_gives_the_same_data_set_and_the_same_bytes_where_they_are_canonical()
    {
        var (identical, equal) = (0, 0);
        foreach (var name in Corpus.Names.Where(name => !Refused.ContainsKey(name) && !Odd.ContainsKey(name)))
        {
            var (meta, bytes) = CorpusDataSet.Open(Corpus.Read(name));
            var syntax = meta.TransferSyntax;
            var dataSet = DataSetEncoding.Decode(bytes, syntax, DecodeLimits.Default);
            var isIdentical = false;
            foreach (var lengths in Enum.GetValues<SequenceLengths>())
            {
                var written = new ArrayBufferWriter<byte>();
                DataSetEncoding.Encode(dataSet, syntax, written, lengths);
                isIdentical |= written.WrittenSpan.SequenceEqual(bytes.Span);
                var again = DataSetEncoding.Decode(written.WrittenMemory, syntax, DecodeLimits.Default);
                Assert.True(again.ContentEquals(WithoutGroupLengths(dataSet)), name);
            }

            (identical, equal) = isIdentical ? (identical + 1, equal) : (identical, equal + 1);
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{identical} files came back byte by byte, {equal} with the same elements");
        Assert.True(identical > 400, $"Only {identical} files came back byte by byte");
    }

    [Fact]
    public async Task Conversion_to_every_plain_syntax_and_back_gives_the_same_data_set()
    {
        TransferSyntax[] targets =
        [
            TransferSyntax.ImplicitVrLittleEndian, TransferSyntax.ExplicitVrLittleEndian, TransferSyntax.ExplicitVrBigEndian,
            TransferSyntax.DeflatedExplicitVrLittleEndian,
        ];
        var converted = 0;
        foreach (var name in Corpus.Names.Where(name => !Refused.ContainsKey(name)))
        {
            var (meta, bytes) = CorpusDataSet.Open(Corpus.Read(name));
            var syntax = meta.TransferSyntax;
            if (bytes.Length > 2 << 20 || !TransferSyntaxConverter.CanConvert(syntax, TransferSyntax.ExplicitVrLittleEndian))
            {
                continue;
            }

            var original = DataSetEncoding.Decode(bytes, syntax, DecodeLimits.Default);
            if (original.TryGet(Tags.PixelData, out var pixels) && pixels.IsEncapsulated)
            {
                continue;
            }

            converted++;
            foreach (var target in targets)
            {
                var there = await Convert(bytes, syntax, target);
                var back = await Convert(there, target, syntax);
                AssertSame(original, DataSetEncoding.Decode(there, target, DecodeLimits.Default), target.IsExplicitVr && syntax.IsExplicitVr, name);
                AssertSame(original, DataSetEncoding.Decode(back, syntax, DecodeLimits.Default), target.IsExplicitVr, name);
            }
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{converted} files were converted to {targets.Length} syntaxes and back");
        Assert.True(converted > 300);
    }

    private static async Task<ReadOnlyMemory<byte>> Convert(ReadOnlyMemory<byte> bytes, TransferSyntax from, TransferSyntax to)
    {
        using var target = new MemoryStream();
        await TransferSyntaxConverter.ConvertAsync(
            new MemoryStream(bytes.ToArray()), from, target, to, DecodeLimits.Default, TestContext.Current.CancellationToken);
        return target.ToArray();
    }

    private static void AssertSame(DataSet expected, DataSet actual, bool comparesVr, string name)
    {
        var left = WithoutGroupLengths(expected).ToList();
        var right = WithoutGroupLengths(actual).ToList();
        Assert.True(left.Select(element => element.Tag).SequenceEqual(right.Select(element => element.Tag)), name);
        foreach (var (mine, theirs) in left.Zip(right))
        {
            Assert.True(!comparesVr || mine.Vr == theirs.Vr, $"{name} {mine.Tag}: {mine.Vr} {theirs.Vr}");
            Assert.True(mine.Value.Span.SequenceEqual(theirs.Value.Span), $"{name} {mine.Tag} {mine.Vr} {theirs.Vr}");
            Assert.True(mine.Items.Count == theirs.Items.Count, $"{name} {mine.Tag}");
            foreach (var (myItem, theirItem) in mine.Items.Zip(theirs.Items))
            {
                AssertSame(myItem, theirItem, comparesVr, name);
            }
        }
    }

    private static DataSet WithoutGroupLengths(DataSet dataSet)
    {
        var rest = new DataSet(dataSet.Count);
        foreach (var element in dataSet)
        {
            if (!element.Tag.IsGroupLength && element.Tag != Tags.LengthToEnd)
            {
                rest.Set(element.IsSequence ? new Element(element.Tag, element.Items.Select(WithoutGroupLengths).ToArray()) : element);
            }
        }

        return rest;
    }
}
