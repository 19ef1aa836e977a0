using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Panal.Conformance.Witnesses;
using Panal.Dicom;

namespace Panal.Conformance.Dicom;

/// <summary>What independent readers see in the corpus is what Panal sees.</summary>
public sealed partial class ForeignReadersTests
{
    /// <summary>Private sequences in implicit VR that only DCMTK's dictionary knows.</summary>
    private const string PrivateOfDcmtkAlone = "mr_series/abd1_philips/";

    [Fact]
    public async Task Pydicom_reads_the_same_elements_and_values()
    {
        var names = ReadableNames();
        var foreign = Group(await Pydicom.LinesAsync("values", [], names.Select(Corpus.PathOf), TestContext.Current.CancellationToken), "F : ");
        var (compared, elements) = (0, 0);
        var differences = new List<string>();
        foreach (var name in names)
        {
            var theirs = foreign[Corpus.PathOf(name)];
            if (theirs is [['!', ..], ..])
            {
                continue;
            }

            var mine = new List<string>();
            Show(Decode(name), 0, mine);
            compared++;
            elements += mine.Count;
            var place = Enumerable.Range(0, Math.Max(mine.Count, theirs.Count))
                .FirstOrDefault(index => index >= mine.Count || index >= theirs.Count || !AreSame(mine[index], theirs[index]), -1);
            if (place >= 0)
            {
                differences.Add($"{name}: Panal {mine.ElementAtOrDefault(place)} pydicom {theirs.ElementAtOrDefault(place)}");
            }
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{compared} files and {elements} elements compared");
        Assert.True(differences.Count == 0, string.Join("\n", differences));
        Assert.True(compared > 600);
    }

    [Fact]
    public async Task Dcmdump_reads_the_same_tags_and_vrs_in_the_same_nesting()
    {
        var names = ReadableNames()
            .Where(name => name != PrivateImplicitSequence && !name.StartsWith(PrivateOfDcmtkAlone, StringComparison.Ordinal)).ToList();
        List<string> arguments = ["-q", "+F", "-Un", .. names.Select(Corpus.PathOf)];
        var result = await ForeignProgram.RunAsync("dcmdump", arguments, TestContext.Current.CancellationToken, encoding: Encoding.Latin1);
        var foreign = Group(result.Output.Split('\n'), "# dcmdump (");
        var (compared, elements) = (0, 0);
        var differences = new List<string>();
        foreach (var name in names)
        {
            if (!foreign.TryGetValue(Corpus.PathOf(name), out var output))
            {
                continue;
            }

            var theirs = output.Select(line => DumpLine().Match(line)).Where(match => match.Success)
                .Select(match => (
                    Depth: match.Groups["indent"].Length,
                    Tag: match.Groups["group"].Value + match.Groups["element"].Value,
                    Vr: match.Groups["vr"].Value))
                .Where(line => !line.Tag.StartsWith("fffe", StringComparison.Ordinal) && !line.Tag.StartsWith("0002", StringComparison.Ordinal))
                .ToList();
            var mine = new List<(int Depth, string Tag, string Vr)>();
            ShowTags(name, mine);
            compared++;
            elements += mine.Count;
            var place = Enumerable.Range(0, Math.Max(mine.Count, theirs.Count)).FirstOrDefault(
                index => index >= mine.Count || index >= theirs.Count || !AreSame(mine[index], theirs[index]),
                -1);
            if (place >= 0)
            {
                differences.Add($"{name}: Panal {mine.ElementAtOrDefault(place)} dcmdump {theirs.ElementAtOrDefault(place)}");
            }
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{compared} files and {elements} elements compared");
        Assert.True(differences.Count == 0, string.Join("\n", differences));
        Assert.True(compared > 600);
    }

    /// <summary>A data set without head that holds DICM at byte 128 by chance: only Panal sees that.</summary>
    private const string MagicByChance = "malformed/dcm4che/no_preamble_dicm_in_data";

    /// <summary>A private sequence in implicit VR with defined length: pydicom and Panal know it from their private dictionaries.</summary>
    private const string PrivateImplicitSequence = "enhanced/dicom2nifti/philips_enhanced/fmri/001_implicit/IM-0001-9600-0001.dcm";

    private static List<string> ReadableNames() =>
        [.. Corpus.Names.Where(name => !CorpusReadingTests.Refused.ContainsKey(name) && !CorpusReadingTests.Odd.ContainsKey(name)
            && name != MagicByChance)];

    private static DataSet Decode(string name)
    {
        var (meta, bytes) = CorpusDataSet.Open(Corpus.Read(name));
        return DataSetEncoding.Decode(bytes, meta.TransferSyntax, DecodeLimits.Default);
    }

    private static void Show(DataSet dataSet, int depth, List<string> lines)
    {
        foreach (var element in dataSet)
        {
            var start = string.Create(CultureInfo.InvariantCulture, $"{depth} {element.Tag.Value:x8} {element.Vr.Code()} ");
            var items = dataSet.GetSequence(element.Tag);
            if (element.IsSequence || items.Count > 0)
            {
                lines.Add(string.Create(CultureInfo.InvariantCulture, $"{depth} {element.Tag.Value:x8} SQ {items.Count}"));
                foreach (var item in items)
                {
                    Show(item, depth + 1, lines);
                }

                continue;
            }

            var value = element.IsEncapsulated ? FragmentBytes(element) : element.Value.ToArray();
            lines.Add(start + string.Create(CultureInfo.InvariantCulture, $"{value.Length} {Convert.ToHexStringLower(SHA256.HashData(value))[..8]}"));
        }
    }

    /// <summary>Items with their headers, as pydicom keeps encapsulated pixel data.</summary>
    private static byte[] FragmentBytes(Element element)
    {
        using var bytes = new MemoryStream();
        foreach (var fragment in element.Fragments)
        {
            bytes.Write([0xFE, 0xFF, 0x00, 0xE0]);
            bytes.Write(BitConverter.GetBytes(fragment.Length));
            bytes.Write(fragment.Span);
        }

        return bytes.ToArray();
    }

    /// <summary>Equal but for what dcmdump shows by its own rules: its small-letter VRs, OB for OW, its private dictionary.</summary>
    private static bool AreSame((int Depth, string Tag, string Vr) mine, (int Depth, string Tag, string Vr) theirs) =>
        mine.Depth == theirs.Depth && mine.Tag == theirs.Tag
        && (mine.Vr == theirs.Vr || !char.IsUpper(theirs.Vr[0]) || (mine.Vr[0] == 'O' && theirs.Vr[0] == 'O')
            || (mine.Vr == "UN" && Tag.Parse(mine.Tag).IsPrivate));

    private static bool AreSame(string mine, string theirs)
    {
        var (left, right) = (mine.Split(' '), theirs.Split(' '));
        return left[0] == right[0] && left[1] == right[1] && (right[2] == "??" || left[2] == right[2])
            && (right[3] == "?" || left.AsSpan(3).SequenceEqual(right.AsSpan(3)));
    }

    private static void ShowTags(string name, List<(int Depth, string Tag, string Vr)> lines)
    {
        var (meta, bytes) = CorpusDataSet.Open(Corpus.Read(name));
        Show(DataSetEncoding.Decode(bytes, meta.TransferSyntax, DecodeLimits.Default), 0);

        void Show(DataSet dataSet, int depth)
        {
            foreach (var element in dataSet)
            {
                lines.Add((2 * depth, element.Tag.Value.ToString("x8", CultureInfo.InvariantCulture), element.Vr.Code()));
                foreach (var item in element.Items)
                {
                    Show(item, depth + 2);
                }
            }
        }
    }

    /// <summary>Lines by the file that a line such as "prefix: path" names before them.</summary>
    private static Dictionary<string, List<string>> Group(IEnumerable<string> lines, string prefix)
    {
        var groups = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        List<string> last = [];
        foreach (var line in lines)
        {
            if (line.StartsWith(prefix, StringComparison.Ordinal))
            {
                groups[line[(line.IndexOf(": ", StringComparison.Ordinal) + 2)..]] = last = [];
            }
            else if (line.Length > 0)
            {
                last.Add(line);
            }
        }

        return groups;
    }

    [GeneratedRegex(@"^(?<indent> *)\((?<group>[0-9a-f]{4}),(?<element>[0-9a-f]{4})\) (?<vr>[A-Za-z?]{2}) ", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex DumpLine();
}
