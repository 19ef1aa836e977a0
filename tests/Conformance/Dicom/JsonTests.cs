using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Panal.Conformance.Witnesses;
using Panal.Dicom;
using Panal.Dicom.Json;

namespace Panal.Conformance.Dicom;

/// <summary>The DICOM JSON of the corpus beside that of others.</summary>
public sealed class JsonTests
{
    private const int LongestInline = 1000;
    private const long LargestFileBytes = 4 << 20;

    /// <summary>Files that the others refuse or read otherwise, with the reason.</summary>
    private static readonly HashSet<string> Odd = new(StringComparer.Ordinal)
    {
        // A text of code extensions stands in an item whose own terms dcm2json does not look at.
        "charset/pydicom/chrSQEncoding.dcm",

        // Implicit and explicit VR take turns: pydicom reads on in one of them, dcm2json gives UN.
        "malformed/fo-dicom/GH179A.dcm",

        // The letters DICM stand by chance at byte 128 of a data set without preamble; Panal alone sees through it.
        "malformed/dcm4che/no_preamble_dicm_in_data",

        // The last sequence has no end; pydicom wants one.
        "malformed/fo-dicom/GH177_D_CLUNIE_CT1_IVRLE_BigEndian_undefined_length.dcm",

        // A VR that the standard does not have; pydicom takes it for IS.
        "malformed/pydicom/badVR.dcm",
    };

    [Fact]
    public async Task Pydicom_writes_the_same_JSON()
    {
        var files = ReadableFiles();
        var lines = await Pydicom.LinesAsync("text", ["json"], files.Select(file => file.Path), TestContext.Current.CancellationToken);
        Assert.Equal(files.Count, lines.Length);
        foreach (var file in files.Where(file => file.IsBigEndian))
        {
            // pydicom gives pixel data in the byte order of the file.
            file.DataSet.Remove(Tags.PixelData);
        }

        Compare(files.Zip(lines, (file, line) => (file.Name, file.DataSet, JsonNode.Parse(line))));
    }

    [Fact]
    public async Task Dcm2json_writes_the_same_JSON()
    {
        var results = new List<(string, DataSet, JsonNode?)>();
        foreach (var (name, path, _, dataSet) in Corpus.ShareOf(ReadableFiles()))
        {
            var result = await ForeignProgram.RunAsync("dcm2json", ["-q", "-fc", path], TestContext.Current.CancellationToken);
            results.Add((name, dataSet, result.ExitCode == 0 ? JsonNode.Parse(result.Output) : JsonNode.Parse("""{"error":"refused"}""")));
        }

        Compare(results, Corpus.ShareOf(400));
    }

    [Fact]
    public void The_corpus_survives_the_way_to_JSON_and_back()
    {
        foreach (var (name, _, _, dataSet) in ReadableFiles())
        {
            var json = DicomJson.ToUtf8(dataSet);
            var back = DicomJson.Read(json, DecodeLimits.Default);
            var differences = new List<string>();
            Difference(name, Shortened(JsonNode.Parse(json)!), Shortened(JsonNode.Parse(DicomJson.ToUtf8(back))!), differences);
            Assert.Empty(differences);
        }
    }

    private static void Compare(IEnumerable<(string Name, DataSet DataSet, JsonNode? Foreign)> results, int atLeast = 400)
    {
        var compared = 0;
        var differences = new List<string>();
        foreach (var (name, dataSet, foreign) in results)
        {
            if (Odd.Contains(name))
            {
                continue;
            }

            if (foreign!["error"] is not null)
            {
                if (!MayBeRefused(dataSet))
                {
                    differences.Add($"{name}: {foreign["error"]}");
                }

                continue;
            }

            compared++;
            if (!dataSet.Contains(Tags.PixelData))
            {
                foreign.AsObject().Remove("7FE00010");
            }

            var mine = Shortened(JsonNode.Parse(DicomJson.ToUtf8(dataSet))!);
            Difference(name, mine, Shortened(foreign), differences);
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{compared} files compared");
        Assert.True(differences.Count == 0, string.Join('\n', differences));
        Assert.InRange(compared, atLeast, int.MaxValue);
    }

    /// <summary>dcm2json refuses encapsulated pixel data, and with the C library's tables code extensions.</summary>
    private static bool MayBeRefused(DataSet dataSet)
    {
        foreach (var element in dataSet)
        {
            if (element.IsEncapsulated || (element.Tag == Tags.SpecificCharacterSet && element.Value.Span.IndexOf("ISO 2022"u8) >= 0)
                || element.Items.Any(MayBeRefused))
            {
                return true;
            }
        }

        return false;
    }

    private static void Difference(string path, JsonNode? mine, JsonNode? theirs, List<string> differences)
    {
        if (mine is JsonObject left && theirs is JsonObject right)
        {
            foreach (var key in left.Select(pair => pair.Key).Union(right.Select(pair => pair.Key)).Order(StringComparer.Ordinal))
            {
                if (!IsAgreed(key, left[key], right[key]))
                {
                    Difference($"{path}/{key}", left[key], right[key], differences);
                }
            }
        }
        else if (mine is JsonArray first && theirs is JsonArray second && first.Count == second.Count)
        {
            for (var index = 0; index < first.Count; index++)
            {
                Difference($"{path}/{index}", first[index], second[index], differences);
            }
        }
        else if (!JsonNode.DeepEquals(mine, theirs) && !AreSameNumber(mine, theirs) && !AreSameText(mine, theirs) && !IsSameDigits(mine, theirs))
        {
            differences.Add($"{path}: {Show(mine)} <> {Show(theirs)}");
        }
    }

    /// <summary>The differences that are meant, each with its reason.</summary>
    private static bool IsAgreed(string key, JsonNode? mine, JsonNode? theirs) => key switch
    {
        // Panal says UTF-8, which JSON is; pydicom and, in items, dcm2json leave the terms of the data set.
        "00080005" => mine is null || (string?)mine["Value"]?[0] == "ISO_IR 192",

        // pydicom writes group lengths, which PS3.18 §F.2.2 leaves out.
        { Length: 8 } when key.EndsWith("0000", StringComparison.Ordinal) => mine is null,

        // pydicom writes encapsulated pixel data inline; there is no such form.
        "7FE00010" when mine is null => true,

        // What private elements are in implicit VR is told by dictionaries, which differ.
        { Length: 8 } when ((key[3] - '0') & 1) != 0 || key[3] is 'B' or 'D' or 'F' => (string?)mine?["vr"] != (string?)theirs?["vr"],

        // OB or OW of eight bits in implicit VR: the same bytes.
        "vr" => mine is not null && theirs is not null && "OBOW".Contains((string)mine!) && (string)theirs! is "OB" or "OW" or "OB or OW",

        // pydicom writes an empty array for an empty sequence or name.
        "Value" => mine is null && (theirs is JsonArray { Count: 0 } || IsEmptyName(theirs)) || (theirs is null && IsEmptyName(mine)),
        _ => false,
    };

    /// <summary>dcm2json leaves out a name of delimiters alone.</summary>
    private static bool IsEmptyName(JsonNode? values) =>
        values is JsonArray { Count: 1 } && values[0] is JsonObject name && name.All(group => ((string?)group.Value)?.Trim('^').Length is null or 0);

    /// <summary>IS beyond 32 bits stays text; pydicom makes a number of it.</summary>
    private static bool IsSameDigits(JsonNode? mine, JsonNode? theirs) =>
        mine?.GetValueKind() == JsonValueKind.String && theirs?.GetValueKind() == JsonValueKind.Number && ((string)mine!).TrimStart('0') == theirs.ToJsonString();

    /// <summary>Empty values among others are null by PS3.18 §F.2.5, empty strings in pydicom; dcm2json leaves out empty components at the end of names; pydicom keeps padding between values.</summary>
    private static bool AreSameText(JsonNode? mine, JsonNode? theirs) =>
        (mine is null && theirs?.GetValueKind() == JsonValueKind.String && ((string)theirs!).Length == 0)
        || (mine?.GetValueKind() == JsonValueKind.String && theirs?.GetValueKind() == JsonValueKind.String
            && ((string)mine!).TrimEnd('^', ' ') == ((string)theirs!).TrimEnd('^', ' '));

    /// <summary>Numbers are the same when they are the same double, or single where one side writes its shortest digits.</summary>
    private static bool AreSameNumber(JsonNode? mine, JsonNode? theirs) =>
        mine?.GetValueKind() == JsonValueKind.Number && theirs?.GetValueKind() == JsonValueKind.Number
        && (mine.GetValue<double>() == theirs.GetValue<double>() || (float)mine.GetValue<double>() == (float)theirs.GetValue<double>());

    private static string Show(JsonNode? node) => node?.ToJsonString() is { } text ? text[..Math.Min(text.Length, 80)] : "-";

    /// <summary>dcm2json pads values of odd length, which the standard forbids.</summary>
    private static byte[] Even(byte[] value) => value.Length % 2 == 0 ? value : [.. value, 0];

    private static JsonNode Shortened(JsonNode node)
    {
        if (node is JsonObject element)
        {
            if (element["InlineBinary"] is JsonValue inline && (string)inline! is { } text && !text.StartsWith("SHA", StringComparison.Ordinal))
            {
                var value = Even(Convert.FromBase64String(text));
                element["InlineBinary"] = text.Length > LongestInline ? "SHA-256 " + Convert.ToHexStringLower(SHA256.HashData(value)) : Convert.ToBase64String(value);
            }

            foreach (var (_, child) in element.ToList())
            {
                _ = child is null ? null : Shortened(child);
            }
        }
        else if (node is JsonArray array)
        {
            foreach (var child in array.ToList())
            {
                _ = child is null ? null : Shortened(child);
            }
        }

        return node;
    }

    private static List<(string Name, string Path, bool IsBigEndian, DataSet DataSet)> ReadableFiles()
    {
        var files = new List<(string, string, bool, DataSet)>();
        foreach (var name in Corpus.Names)
        {
            var path = Corpus.PathOf(name);
            if (new FileInfo(path).Length > LargestFileBytes)
            {
                continue;
            }

            try
            {
                var (meta, bytes) = CorpusDataSet.Open(Corpus.Read(name));
                files.Add((name, path, meta.TransferSyntax.IsBigEndian, DataSetEncoding.Decode(bytes, meta.TransferSyntax, DecodeLimits.Default)));
            }
            catch (DicomFormatException)
            {
                // Files that are no DICOM and malformed ones have their own tests.
            }
        }

        return files;
    }
}
