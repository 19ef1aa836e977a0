using System.Text;
using System.Text.RegularExpressions;
using Panal.Conformance.Witnesses;
using Panal.Dicom;
using Panal.Dicom.Printing;

namespace Panal.Conformance.Dicom;

/// <summary>What <c>panal dump</c> prints beside what dcmdump prints.</summary>
public sealed partial class PrintingTests
{
    /// <summary>Files left out: malformed ones, and those in implicit VR whose private sequences only one of the two dictionaries knows.</summary>
    private static readonly string[] Odd =
    [
        "malformed", "enhanced/dicom2nifti/philips_enhanced/fmri/001_implicit", "mr_series/abd1_philips/fo-dicom", "palette/pydicom/winter.dcm",
    ];

    /// <summary>dcmdump takes longer to read its dictionary than to dump a file.</summary>
    private const int FilesAtOnce = 50;

    [Fact]
    public async Task Tags_VRs_and_lengths_are_those_that_dcmdump_prints()
    {
        var compared = 0;
        var differences = new List<string>();
        var paths = Corpus.ShareOf(Corpus.Names.Where(name => !Odd.Any(odd => name.StartsWith(odd, StringComparison.Ordinal)))).Select(Corpus.PathOf);
        foreach (var some in paths.Chunk(FilesAtOnce))
        {
            var dumps = DcmdumpHeading().Split((await DumpAsync(some)).Output)[1..];
            Assert.Equal(some.Length, dumps.Length);
            foreach (var (path, dump) in some.Zip(dumps))
            {
                if (await PrintAsync(path) is not { } printed)
                {
                    continue;
                }

                compared++;
                var mine = PanalLine().Matches(printed).Select(Row).ToList();
                var theirs = DcmdumpLine().Matches(dump).Select(Row).ToList();
                var place = Enumerable.Range(0, Math.Max(mine.Count, theirs.Count))
                    .FirstOrDefault(index => index >= mine.Count || index >= theirs.Count || !AreSame(mine[index], theirs[index]), -1);

                // A file that dcmdump cannot read to its end is told by its exit code alone.
                if (place >= 0 && (await DumpAsync(path)).ExitCode == 0)
                {
                    differences.Add($"{path}: {mine.ElementAtOrDefault(place)} <> {theirs.ElementAtOrDefault(place)}");
                }
            }
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{compared} files compared");
        Assert.True(differences.Count == 0, string.Join('\n', differences));
        Assert.InRange(compared, Corpus.ShareOf(500), int.MaxValue);
    }

    [Fact]
    public async Task Nothing_of_the_corpus_acts_on_the_terminal()
    {
        foreach (var name in Corpus.Names)
        {
            if (await PrintAsync(Corpus.PathOf(name)) is { } printed)
            {
                Assert.False(printed.Any(letter => char.IsControl(letter) && letter != '\n'), name);
                Assert.All(printed.Split('\n'), line => Assert.InRange(line.Length, 0, 160));
            }
        }
    }

    private static Task<ProgramResult> DumpAsync(params string[] paths) =>
        ForeignProgram.RunAsync("dcmdump", ["-q", "-Un", "+F", .. paths], TestContext.Current.CancellationToken, encoding: Encoding.Latin1);

    private static async Task<string?> PrintAsync(string path)
    {
        var target = new StringWriter { NewLine = "\n" };
        try
        {
            await using var file = File.OpenRead(path);
            await DataSetPrinter.PrintFileAsync(file, target, DataSetPrinterOptions.Default, TestContext.Current.CancellationToken);
            return target.ToString();
        }
        catch (DicomFormatException)
        {
            return null;
        }
    }

    private static (string Tag, string Vr, string Length) Row(Match match) => (
        match.Groups["tag"].Value.ToUpperInvariant(), match.Groups["vr"].Value, match.Groups["length"].Value is "u/l" or "open" ? "open" : match.Groups["length"].Value);

    /// <summary>dcmdump pads odd lengths, and what private elements are in implicit VR is told by dictionaries, which differ.</summary>
    private static bool AreSame((string Tag, string Vr, string Length) mine, (string Tag, string Vr, string Length) theirs) =>
        mine.Tag == theirs.Tag
        && (mine.Vr == theirs.Vr || char.IsAsciiLetterLower(theirs.Vr[0]) || ((mine.Tag[4] - '0') & 1) != 0 || mine.Tag[4] is 'B' or 'D' or 'F' || (mine.Vr is "OB" or "OW" && theirs.Vr is "OB" or "OW"))
        && (mine.Length == theirs.Length || (int.TryParse(mine.Length, out var length) && $"{length + 1}" == theirs.Length));

    [GeneratedRegex(@"^# dcmdump \(\d+/\d+\): .*$", RegexOptions.Multiline, 5000)]
    private static partial Regex DcmdumpHeading();

    [GeneratedRegex(@"^ *(?<tag>\([0-9A-F]{4},[0-9A-F]{4}\)) (?<vr>[A-Z?]{2}) +(?<length>\d+|open)", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex PanalLine();

    // VRs in small letters are dcmdump's own; text is printed with its line breaks.
    [GeneratedRegex(@"^ *(?<tag>\((?!fffe)[0-9a-f]{4},[0-9a-f]{4}\)) (?<vr>[A-Za-z?]{2}) .*?# *(?<length>\d+|u/l), *\d+ [^#\n]*$", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex DcmdumpLine();
}
