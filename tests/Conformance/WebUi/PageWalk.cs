using System.Text.Json;
using System.Text.RegularExpressions;
using Panal.Conformance.Witnesses;

namespace Panal.Conformance.WebUi;

/// <summary>One person's way through the page, walked once for all tests.</summary>
public sealed class PageWalk : IAsyncDisposable
{
    private static readonly NpmScript Script = new("page", "page.js", "playwright-core@1.65.1", "axe-core@4.14.1");
    private readonly SemaphoreSlim gate = new(1, 1);
    private JsonDocument? seen;

    /// <summary>The files of the study that is looked at.</summary>
    internal IReadOnlyList<string> Slices { get; } =
        Directory.Exists(Repository.Combine("..", "shared", "corpus"))
            ? [.. Directory.EnumerateFiles(Corpus.CtStudy, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Where(file => Part10File.DataSetOffset(File.ReadAllBytes(file)) > 0)]
            : [];

    /// <summary>What the script saw; skips the test where the page or the browser is missing.</summary>
    internal async Task<JsonElement> SeenAsync(CancellationToken ct)
    {
        ForeignProgram.Require("chromium");
        ForeignProgram.Require("dcmj2pnm");
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
        await using PanalNode node = await PanalNode.StartPublishedAsync(ct);
        (await ForeignProgram.RunAsync("storescu", [.. node.DcmtkAddress("MODALITY"), .. Slices], ct)).Succeeded();
        Match link = Regex.Match(node.Program.Output, @"http://\S+/#setup=\S+", RegexOptions.None, TimeSpan.FromSeconds(5));
        Assert.True(link.Success, node.Program.Output);
        string script = await Script.InstallAsync(ct);
        ProgramResult result = (await ForeignProgram.RunAsync("node", [script, link.Value, "correct horse battery", Study, "140"], ct, limit: TimeSpan.FromMinutes(5))).Succeeded();
        return JsonDocument.Parse(result.Output);
    }

    /// <summary>Study Instance UID of <see cref="Corpus.CtStudy"/>; its largest series has 140 images.</summary>
    private const string Study = "1.3.46.670589.33.1.27492712521914879309.27169771283235650014";

    public ValueTask DisposeAsync()
    {
        seen?.Dispose();
        gate.Dispose();
        return ValueTask.CompletedTask;
    }
}
