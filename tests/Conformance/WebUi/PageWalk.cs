using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using System.Text.RegularExpressions;
using Panal.Conformance.WireClient;
using Panal.Conformance.Witnesses;

namespace Panal.Conformance.WebUi;

/// <summary>One person's way through the page, walked once for all tests: a node with a study, and another one that asks to join it and has a study too.</summary>
public sealed class PageWalk : IAsyncDisposable
{
    /// <summary>Study Instance UID of <see cref="Corpus.CtStudy"/>; its largest series has 140 images.</summary>
    internal const string Study = "1.3.46.670589.33.1.27492712521914879309.27169771283235650014";

    /// <summary>Files of the upload that is interrupted: more than three requests have, and not a whole number of them.</summary>
    internal const int InterruptedFiles = 45;

    /// <summary>What the second source says of the study; shown as it is, or there is no page any more.</summary>
    internal const string OtherDescription = "<img src=x onerror=document.body.remove()>";

    /// <summary>What the patient is called in the end; it has no sign of equality, which divides the groups of a name.</summary>
    internal const string RightName = "<script>document.body.remove()</script>^Ana";

    private static readonly NpmScript Script = new("page", "page.js", "playwright-core@1.65.1", "axe-core@4.14.1");
    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly TemporaryDirectory directory = new("page");
    private JsonDocument? seen;

    /// <summary>The files of the study that is looked at.</summary>
    internal IReadOnlyList<string> Slices { get; } =
        Directory.Exists(Repository.Combine("..", "shared", "corpus"))
            ? [.. Directory.EnumerateFiles(Corpus.CtStudy, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Where(file => Part10File.DataSetOffset(File.ReadAllBytes(file)) > 0)]
            : [];

    /// <summary>Whether `./run --with-ohif` brought the viewer.</summary>
    internal static bool HasOhif => File.Exists(Repository.Combine("artifacts", "ohif", "index.html"));

    /// <summary>The ZIP that the page gave.</summary>
    internal string TakenZip => directory.Combine("taken.zip");

    /// <summary>What the script saw; skips the test where the page or the browser is missing.</summary>
    internal async Task<JsonElement> SeenAsync(CancellationToken ct)
    {
        ForeignProgram.Require("chromium");
        ForeignProgram.Require("dcmj2pnm");
        ForeignProgram.Require("dcmodify");
        ForeignProgram.Require("dcmpsmk");
        Assert.SkipUnless(File.Exists(Repository.Combine("artifacts", "webui", "index.html")), "the page is not built: npm is missing");
        Assert.SkipUnless(Slices.Count > 0, "the corpus ../shared/corpus is missing");
        await gate.WaitAsync(ct);
        try
        {
            seen ??= await WalkAsync(ct);
            return seen.RootElement;
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task<JsonDocument> WalkAsync(CancellationToken ct)
    {
        string script = await Script.InstallAsync(ct);
        string centreLinks = Text(LoopbackPort.Free());
        string clinicLinks = Text(LoopbackPort.Free());
        await using PanalNode centre = await PanalNode.StartConfiguredAsync(
            """{ "Archive": { "Duplicates": "KeepBothVersions" } }""", ct, "--bind", "127.0.0.1", "--link-port", centreLinks);
        Task<ProgramResult> sent = ForeignProgram.RunAsync("storescu", [.. centre.DcmtkAddress("MODALITY"), .. Slices], ct);
        await using PanalNode clinic = await PanalNode.StartPublishedAsync(ct, "--bind", "127.0.0.1", "--link-port", clinicLinks);
        string remote = Corpus.Path("dicom", "mr_series", "abd1_philips", "fo-dicom");
        Task<ProgramResult> sentToClinic = ForeignProgram.RunAsync("storescu", [.. clinic.DcmtkAddress("MODALITY"), "+sd", remote], ct);
        string made = (await Command(centre, "network", "create", "Red Andina", "--name", "CENTRE", "--endpoint", "127.0.0.1:" + centreLinks, "--link-port", centreLinks)).Output;
        (await Command(centre, "ae", "add", "PANAL", "--host", "127.0.0.1", "--port", Text(centre.DicomPort))).Succeeded();
        (await Command(centre, "ae", "add", "AWAY", "--host", "127.0.0.1", "--port", Text(LoopbackPort.Free()))).Succeeded();
        (await sent).Succeeded();
        (await sentToClinic).Succeeded();
        Match link = Regex.Match(centre.Program.Output, @"http://\S+/#setup=\S+", RegexOptions.None, TimeSpan.FromSeconds(5));
        Assert.True(link.Success, centre.Program.Output);

        string task = JsonSerializer.Serialize(new
        {
            setUpLink = link.Value,
            password = "correct horse battery",
            study = Study,
            images = 140,
            zip = MakeZip(),
            bomb = MakeBomb(),
            rightName = RightName,
            folder = MakeFolder(),
            zipTarget = TakenZip,
            remotePatient = "abdomen",
            hasOhif = HasOhif,
            secondSource = (string[])["storescu", .. centre.DcmtkAddress("SECOND"), .. await MakeSecondSourceAsync(ct)],
            keep = (string[])[Repository.Published, "--data", centre.DataDirectory],
            broker = (string[])
            [
                Repository.Published, "broker", "add", "old-pacs", "--dicom", $"PANAL@127.0.0.1:{Text(clinic.DicomPort)}", "--requests", "100", "--data", centre.DataDirectory,
            ],
            join = (string[])
            [
                Repository.Published, "join", $"http://127.0.0.1:{centre.HttpPort}", "--name", "CLINIC-7", "--endpoint", "127.0.0.1:" + clinicLinks, "--link-port", clinicLinks,
                "--authority", made.Trim().Split('\n')[^1].Trim(), "--data", clinic.DataDirectory,
            ],
        });
        ProgramResult result = (await ForeignProgram.RunAsync("node", [script, task], ct, limit: TimeSpan.FromMinutes(8))).Succeeded();
        return JsonDocument.Parse(result.Output);

        async Task<ProgramResult> Command(PanalNode node, params string[] arguments) =>
            (await ForeignProgram.RunAsync(Repository.Published, [.. arguments, "--data", node.DataDirectory], ct)).Succeeded();
    }

    /// <summary>A ZIP as people have them: images without an ending, the DICOMDIR of the medium, and a text.</summary>
    private string MakeZip()
    {
        string path = directory.Combine("medium.zip");
        using ZipArchive zip = ZipFile.Open(path, ZipArchiveMode.Create);
        string folder = Corpus.Path("dicom", "dicomdir", "pydicom", "dicomdirtests");
        zip.CreateEntryFromFile(Path.Combine(folder, "DICOMDIR"), "DICOMDIR");
        foreach (string file in Directory.EnumerateFiles(Path.Combine(folder, "98892003", "MR700")))
        {
            zip.CreateEntryFromFile(file, "98892003/MR700/" + Path.GetFileName(file));
        }

        using StreamWriter text = new(zip.CreateEntry("README.TXT").Open());
        text.Write("Open the viewer on this CD.");
        return path;
    }

    /// <summary>A ZIP of 200 MB of zeros in some hundred kilobytes.</summary>
    private string MakeBomb()
    {
        string path = directory.Combine("bomb.zip");
        using ZipArchive zip = ZipFile.Open(path, ZipArchiveMode.Create);
        using Stream entry = zip.CreateEntry("IMAGE").Open();
        byte[] zeros = new byte[1 << 20];
        for (int count = 0; count < 200; count++)
        {
            entry.Write(zeros);
        }

        return path;
    }

    /// <summary>One image of the study with another content, an image more that tells another description of the study, and a presentation state of the first.</summary>
    private async Task<string[]> MakeSecondSourceAsync(CancellationToken ct)
    {
        string other = directory.Combine("other.dcm"), more = directory.Combine("more.dcm"), state = directory.Combine("state.dcm");
        File.Copy(Slices[0], other);
        File.Copy(Slices[0], more);
        (await ForeignProgram.RunAsync("dcmodify", ["-nb", "-i", "(0020,4000)=Seen again", other], ct)).Succeeded();
        (await ForeignProgram.RunAsync("dcmodify", ["-nb", "-gse", "-gin", "-i", $"(0008,1030)={OtherDescription}", more], ct)).Succeeded();
        (await ForeignProgram.RunAsync("dcmpsmk", [Slices[0], state], ct)).Succeeded();
        return [other, more, state];
    }

    private string MakeFolder()
    {
        string folder = directory.CreateSubdirectory("slices");
        foreach ((int number, string slice) in Slices.Take(InterruptedFiles).Index())
        {
            File.Copy(slice, Path.Combine(folder, $"IM{number:D4}"));
        }

        return folder;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    public ValueTask DisposeAsync()
    {
        seen?.Dispose();
        gate.Dispose();
        directory.Dispose();
        return ValueTask.CompletedTask;
    }
}
