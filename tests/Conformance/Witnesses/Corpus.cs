using System.Text.Json;

namespace Panal.Conformance.Witnesses;

/// <summary>One file of the corpus as pydicom sees it.</summary>
/// <param name="AboutPatient">What it says about its patient; files with one Patient ID do not always agree.</param>
/// <param name="AboutStudy">What it says about its study; files of one study do not always agree.</param>
/// <param name="HasCodeExtensions">Its text changes character sets by escape sequences (ISO 2022).</param>
internal sealed record CorpusFile(
    string Path, string Folder, string SopClassUid, string SopInstanceUid, string TransferSyntaxUid,
    string StudyInstanceUid, string SeriesInstanceUid, string PatientId, string AboutPatient, string AboutStudy, bool HasCodeExtensions);

/// <summary>The real files beside the repository (../shared/corpus), read in place.</summary>
internal static class Corpus
{
    private static readonly string Folder = System.IO.Path.GetFullPath(Repository.Combine("..", "shared", "corpus"));
    private static readonly SemaphoreSlim Gate = new(1, 1);
    private static IReadOnlyList<CorpusFile>? all;
    private static IReadOnlyList<string>? names;

    /// <summary>Returns a path in the corpus, or skips the test when there is no corpus.</summary>
    public static string Path(params string[] names)
    {
        Assert.SkipUnless(Directory.Exists(Folder), "the corpus ../shared/corpus is missing");
        return System.IO.Path.Combine([Folder, .. names]);
    }

    /// <summary>The slices of one CT head study.</summary>
    public static string CtStudy => Path("dicom", "ct_series", "study_S21570", "dcm_qa_ct");

    /// <summary>Every file of the folder of DICOM files, also the malformed ones, by its path in it; skips the test when there is no corpus.</summary>
    public static IReadOnlyList<string> Names => names ??=
    [
        .. Directory.EnumerateFiles(Path("dicom"), "*", SearchOption.AllDirectories)
            .Where(path => !path.EndsWith(".gz", StringComparison.Ordinal))
            .Select(path => System.IO.Path.GetRelativePath(Path("dicom"), path))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>The path of a file that <see cref="Names"/> has.</summary>
    public static string PathOf(string name) => Path("dicom", name);

    /// <summary>The bytes of a file that <see cref="Names"/> has.</summary>
    public static byte[] Read(string name) => File.ReadAllBytes(PathOf(name));

    /// <summary>A third of the files that a foreign program is started for one by one; all of them in a long run.</summary>
    public static IEnumerable<T> ShareOf<T>(IEnumerable<T> files) => LongRun.IsAsked ? files : files.Where((_, index) => index % 3 == 0);

    /// <summary>How many of so many files a share has.</summary>
    public static int ShareOf(int count) => LongRun.IsAsked ? count : count / 3;

    /// <summary>Every Part 10 file that pydicom can read, that names a study, and whose file meta information agrees with its data set;
    /// one file a SOP Instance UID.</summary>
    public static async Task<IReadOnlyList<CorpusFile>> FilesAsync(CancellationToken ct) =>
        [.. (await AllAsync(ct)).DistinctBy(file => file.SopInstanceUid)];

    /// <summary>The files of one family, the first ones when it has many.</summary>
    public static async Task<IReadOnlyList<CorpusFile>> FamilyAsync(string folder, int limit, CancellationToken ct) =>
        [.. (await FilesAsync(ct)).Where(file => file.Folder == folder).Take(limit)];

    /// <summary>One file in each transfer syntax of the corpus, all with different SOP Instance UIDs.</summary>
    public static async Task<IReadOnlyList<CorpusFile>> OneOfEachTransferSyntaxAsync(CancellationToken ct)
    {
        var taken = new HashSet<string>(StringComparer.Ordinal);
        var chosen = new List<CorpusFile>();
        foreach (IGrouping<string, CorpusFile> syntax in (await AllAsync(ct)).Where(file => file.Folder != "malformed").GroupBy(file => file.TransferSyntaxUid).OrderBy(group => group.Count()))
        {
            CorpusFile? file = syntax.FirstOrDefault(file => !taken.Contains(file.SopInstanceUid));
            if (file is not null)
            {
                taken.Add(file.SopInstanceUid);
                chosen.Add(file);
            }
        }

        return chosen;
    }

    /// <summary>Every such file, also those that share a SOP Instance UID with another.</summary>
    public static async Task<IReadOnlyList<CorpusFile>> AllAsync(CancellationToken ct)
    {
        string root = Path("dicom");
        await Gate.WaitAsync(ct);
        try
        {
            return all ??= [.. (await Pydicom.RunAsync("index", [root], ct)).EnumerateArray().Select(Parse)];
        }
        finally
        {
            Gate.Release();
        }
    }

    private static CorpusFile Parse(JsonElement entry)
    {
        string Text(string name) => entry.GetProperty(name).GetString()!;
        string path = Text("path");
        string folder = System.IO.Path.GetRelativePath(System.IO.Path.Combine(Folder, "dicom"), path).Split('/')[0];
        return new CorpusFile(path, folder, Text("class"), Text("instance"), Text("syntax"), Text("study"), Text("series"), Text("patient"), Text("about_patient"), Text("about_study"), entry.GetProperty("has_code_extensions").GetBoolean());
    }
}
