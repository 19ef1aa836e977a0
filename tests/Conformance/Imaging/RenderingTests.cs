using Panal.Conformance.Witnesses;
using Panal.Dicom;
using Panal.Imaging;
using Panal.Imaging.Frames;
using Panal.Imaging.Rendering;
using Panal.Imaging.Rendering.Grey;
using Panal.Imaging.Transcoding;

namespace Panal.Conformance.Imaging;

/// <summary>Pictures of real images beside those that DCMTK makes of them.</summary>
public sealed class RenderingTests
{
    /// <summary>DCMTK cuts fractions of a grey level off where we round, so that two right answers can be one apart.</summary>
    private const int GreyTolerance = 1;

    /// <summary>Their codestreams stand in a JP2 file, which PS3.5 §A.4.4 does not have and our decoder does not take.</summary>
    private static readonly string[] InBoxes = ["MAROTECH_CT_JP2Lossy.dcm", "GDCMJ2K_TextGBR.dcm"];

    /// <summary>Under the UID of a lossless process (T.81 Annex H) their codestreams begin with SOF0: they are baseline ones.</summary>
    private static readonly string[] BaselineInDisguise = ["sample-op.dcm"];

    /// <summary>DCMTK and GDCM do not read these; Jpeg2000Tests and DeflatedFrameTests compare them with OpenJPEG, OpenJPH and zlib.</summary>
    private static readonly string[] ReadByOthers = [Uids.HTJ2KLossless, Uids.HTJ2KLosslessRPCL, Uids.HTJ2K, Uids.DeflatedImageFrameCompression];

    private static Window Asked { get; } = new(40, 400);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;


    [Fact]
    public async Task Every_transfer_syntax_looks_as_DCMTK_shows_it_within_one_grey_level()
    {
        ForeignProgram.Require("dcmj2pnm");
        string[] read = [.. Transcoder.Decoded.Select(syntax => syntax.Uid).Except(ReadByOthers), Uids.ImplicitVRLittleEndian, Uids.ExplicitVRLittleEndian];
        var files = (await Corpus.AllAsync(Ct)).Where(file => file.Folder != "malformed" && read.Contains(file.TransferSyntaxUid));
        files = LongRun.IsAsked ? files : files.GroupBy(file => (file.Folder, file.TransferSyntaxUid)).SelectMany(group => group.Take(2));
        using var folder = new TemporaryDirectory("pictures");
        var compared = new Dictionary<string, int>();
        List<string> failures = [];
        foreach (CorpusFile file in files)
        {
            var failure = await CompareAsync(file, folder);
            if (failure is null)
            {
                compared[file.TransferSyntaxUid] = compared.GetValueOrDefault(file.TransferSyntaxUid) + 1;
            }
            else if (failure.Length > 0)
            {
                failures.Add($"{file.Path}: {failure}");
            }
        }

        Assert.True(failures.Count == 0, string.Join('\n', failures));
        Assert.Equal(read.Order(), compared.Keys.Order());
        Assert.InRange(compared.Values.Sum(), 40, int.MaxValue);
    }

    /// <summary>Compares the first frame; null when they agree, empty when there is nothing to compare.</summary>
    private static async Task<string?> CompareAsync(CorpusFile file, TemporaryDirectory folder)
    {
        StoredImage image;
        RenderedFrame ours;
        await using var bytes = File.OpenRead(file.Path);
        try
        {
            var meta = await FileTranscoder.ReadMetaAsync(bytes, Ct);
            bytes.Position = meta.DataSetOffsetBytes;
            image = StoredImage.Read(bytes, meta.TransferSyntax, RenderOptions.Limits);
            if (image.Pixels is null || image.Attributes.Contains(Tags.SharedFunctionalGroupsSequence))
            {
                // DCMTK's tools know no functional groups.
                return "";
            }

            // Its tools paint overlays over grey images only, and fill regions.
            var hasRegions = Enumerable.Range(0, 16).Any(index => image.Attributes.GetString(new Tag((ushort)(0x6000 + (2 * index)), 0x0040)) == "R");
            ours = FrameRenderer.Render(
                image, 0, new RenderOptions { ShowsOverlays = image.Pixels.SamplesPerPixel == 1 && !hasRegions, Window = IsPadded(image) ? Asked : null }, RenderOptions.Limits);
        }
        catch (ImageException e) when (e.Fault == ImageFault.Unsupported || InBoxes.Contains(Path.GetFileName(file.Path)))
        {
            return "";
        }
        catch (ImageException e)
        {
            return await ShowAsync(file, ["+Wm"], folder) is null ? "" : $"refused: {e.Message}";
        }

        // DCMTK takes no window narrower than 1, and keeps no fractions: where all values lie below 1 it shows none.
        var voi = VoiTransform.Of(image.Attributes, 0, isSigned: false);
        return voi?.Window?.Width < 1 || await ShowAsync(file, Options(image), folder) is not { } theirs || (voi is null && !theirs.Samples.AsSpan().ContainsAnyExcept(theirs.Samples[0]))
            ? ""
            : Difference(ours, theirs, Tolerance(file, image));
    }

    /// <summary>
    /// Greys that may lie between two right pictures. Decoders of lossy syntaxes may differ by one stored level (T.81 Annex A), which a narrow
    /// window makes several grey levels.
    /// </summary>
    private static int Tolerance(CorpusFile file, StoredImage image)
    {
        if (!IsLossy(file))
        {
            // Of YCbCr three fractions meet in one sample.
            return image.Pixels!.Photometric.StartsWith("YBR_FULL", StringComparison.Ordinal) ? 2 * GreyTolerance : GreyTolerance;
        }

        var width = VoiTransform.Of(image.Attributes, 0, isSigned: false)?.Window?.Width ?? 128;
        return GreyTolerance + (int)Math.Ceiling(255 * Math.Abs(image.Attributes.GetDouble(Tags.RescaleSlope) ?? 1) / width);
    }

    private static bool IsLossy(CorpusFile file) =>
        file.TransferSyntaxUid is Uids.JPEGBaseline8Bit or Uids.JPEGExtended12Bit or Uids.JPEG2000
        || (file.TransferSyntaxUid == Uids.JPEGLosslessSV1 && BaselineInDisguise.Contains(Path.GetFileName(file.Path)));

    /// <summary>Without a window DCMTK counts padding among the values that are shown; we do not, so both are asked for the same window.</summary>
    private static bool IsPadded(StoredImage image) => image.Attributes.Contains(Tags.PixelPaddingValue) && VoiTransform.Of(image.Attributes, 0, isSigned: false) is null;

    private static string[] Options(StoredImage image)
    {
        string[] overlays = image.Attributes.GetString(new Tag(0x6000, 0x0040)) == "R" ? ["-O"] : [];
        if (IsPadded(image))
        {
            return [.. overlays, "+Ww", $"{Asked.Center}", $"{Asked.Width}"];
        }

        var voi = VoiTransform.Of(image.Attributes, 0, isSigned: false);
        return [.. overlays, .. voi switch { null => new[] { "+Wm" }, { Window: not null } => ["+Wi", "1"], _ => ["+Wl", "1"] }];
    }

    /// <summary>What DCMTK makes of a file; null when it cannot read it.</summary>
    private static async Task<PnmFile?> ShowAsync(CorpusFile file, string[] options, TemporaryDirectory folder)
    {
        var source = file.Path;
        if (file.TransferSyntaxUid is Uids.JPEG2000Lossless or Uids.JPEG2000)
        {
            // DCMTK has no decoder for it.
            source = folder.Combine($"{Guid.NewGuid():N}.dcm");
            if ((await ForeignProgram.RunAsync("gdcmconv", ["--raw", file.Path, source], Ct)).ExitCode != 0)
            {
                return null;
            }
        }

        var target = folder.Combine($"{Guid.NewGuid():N}.pnm");
        var program = file.TransferSyntaxUid is Uids.JPEGLSLossless or Uids.JPEGLSNearLossless ? "dcml2pnm" : "dcmj2pnm";
        var result = await ForeignProgram.RunAsync(program, [.. options, source, target], Ct);
        return result.ExitCode == 0 && File.Exists(target) ? PnmFile.Read(await File.ReadAllBytesAsync(target, Ct)) : null;
    }

    private static string? Difference(RenderedFrame ours, PnmFile theirs, int tolerance)
    {
        if ((ours.Width, ours.Height) != (theirs.Width, theirs.Height) || (ours.Channels, theirs.Channels) is not ((1, 1) or (3, 3) or (1, 3)))
        {
            return $"{ours.Width}x{ours.Height}x{ours.Channels} is not {theirs.Width}x{theirs.Height}x{theirs.Channels}";
        }

        var step = theirs.Channels / ours.Channels;
        var (largest, count, sum) = (0, 0, 0L);
        for (var i = 0; i < ours.Samples.Length; i++)
        {
            var difference = Math.Abs(ours.Samples[i] - theirs.Samples[i * step]);
            largest = Math.Max(largest, difference);
            count += difference > tolerance ? 1 : 0;
            sum += difference;
        }

        // Colours that were sampled less often are repeated here and smoothed there; T.81 §A.1.1 leaves it open. On the whole they agree.
        var isWithin = tolerance > 2 * GreyTolerance && ours.Channels == 3 ? sum <= 4L * ours.Samples.Length : largest <= tolerance;
        return isWithin ? null : $"{count} of {ours.Samples.Length} samples differ by more than {tolerance}, by up to {largest}";
    }
}
