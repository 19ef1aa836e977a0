using System.Text.Json;
using System.Text.RegularExpressions;
using Panal.Conformance.Witnesses;

namespace Panal.Conformance.WebUi;

/// <summary>The page in a real browser.</summary>
public sealed class PageTests
{
    private static readonly NpmScript Script = new("page", "page.js", "playwright-core@1.65.1", "axe-core@4.14.1");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_person_sets_up_finds_a_study_changes_the_language_and_logs_in_again()
    {
        ForeignProgram.Require("chromium");
        Assert.SkipUnless(File.Exists(Repository.Combine("artifacts", "webui", "index.html")), "the page is not built: npm is missing");
        string slice = Directory.EnumerateFiles(Corpus.CtStudy, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).First(file => Part10File.DataSetOffset(File.ReadAllBytes(file)) > 0);
        await using PanalNode node = await PanalNode.StartPublishedAsync(Ct);
        (await ForeignProgram.RunAsync("storescu", [.. node.DcmtkAddress("MODALITY"), slice], Ct)).Succeeded();
        Match link = Regex.Match(node.Program.Output, @"http://\S+/#setup=\S+", RegexOptions.None, TimeSpan.FromSeconds(5));
        Assert.True(link.Success, node.Program.Output);

        string script = await Script.InstallAsync(Ct);
        ProgramResult result = (await ForeignProgram.RunAsync("node", [script, link.Value, "correct horse battery"], Ct)).Succeeded();
        JsonElement seen = JsonDocument.Parse(result.Output).RootElement;

        Assert.Empty(seen.GetProperty("axe").EnumerateArray().Select(violation => violation.GetString()));
        Assert.Empty(seen.GetProperty("foreign").EnumerateArray().Select(url => url.GetString()));
        Assert.Empty(seen.GetProperty("errors").EnumerateArray().Select(error => error.GetString()));
        JsonElement headings = seen.GetProperty("headings");
        Assert.Equal("Crear la primera cuenta", headings.GetProperty("setUp").GetString());
        Assert.Equal("Estudios", headings.GetProperty("studies").GetString());
        Assert.Equal("Studies", headings.GetProperty("english").GetString());
        Assert.Equal("Log in", headings.GetProperty("logIn").GetString());
        Assert.False(seen.GetProperty("addressKeepsSecret").GetBoolean());
        Assert.Equal(1, seen.GetProperty("rows").GetInt32());
        Assert.Contains("CT", seen.GetProperty("first").EnumerateArray().Select(cell => cell.GetString()));
        Assert.False(seen.GetProperty("phoneIsWide").GetBoolean());
        Assert.Equal(401, seen.GetProperty("afterLogOut").GetInt32());
        Assert.Equal(1, seen.GetProperty("again").GetInt32());
    }
}
