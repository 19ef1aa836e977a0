using System.Net;
using System.Net.Http;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Panal.Node.Web;
using Panal.Unit.Architecture;
using Panal.Unit.Security;

namespace Panal.Unit.Node.Web;

/// <summary>The files of the page, and the texts in it.</summary>
public sealed class PageRoutesTests
{
    [Fact]
    public async Task A_page_is_served_with_its_assets_and_lets_nothing_in_from_elsewhere()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("assets"));
        await File.WriteAllTextAsync(folder.File("index.html"), "<!doctype html>", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(folder.File("assets/main-1.js"), "export {}", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(folder.File("assets/decodeWorker-1.js"), "export {}", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(folder.File("assets/decode-1.wasm"), "\0asm", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(folder.File("secret.key"), "no page", TestContext.Current.CancellationToken);
        var page = new PageRoutes(folder.File(""));
        Assert.True(page.IsHere);

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        Microsoft.AspNetCore.Hosting.WebHostBuilderKestrelExtensions.UseKestrelCore(builder.WebHost);
        Microsoft.AspNetCore.Hosting.HostingAbstractionsWebHostBuilderExtensions.UseUrls(builder.WebHost, "http://127.0.0.1:0");
        Microsoft.Extensions.DependencyInjection.RoutingServiceCollectionExtensions.AddRoutingCore(builder.Services);
        await using var application = builder.Build();
        application.UseRouting();
        page.Map(application);
        await application.StartAsync(TestContext.Current.CancellationToken);
        using var http = new HttpClient { BaseAddress = new Uri(application.Urls.Single()) };

        using var index = await http.GetAsync(new Uri("/", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.OK, "text/html"), (index.StatusCode, index.Content.Headers.ContentType?.MediaType));
        Assert.Contains("default-src 'none'", index.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", index.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.True(index.Headers.CacheControl?.NoCache);
        using var script = await http.GetAsync(new Uri("/assets/main-1.js", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal("export {}", await script.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal("text/javascript", script.Content.Headers.ContentType?.MediaType);
        Assert.DoesNotContain("unsafe", script.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        using var worker = await http.GetAsync(new Uri("/assets/decodeWorker-1.js", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'", worker.Headers.GetValues("Content-Security-Policy").Single());
        using var wasm = await http.GetAsync(new Uri("/assets/decode-1.wasm", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal("application/wasm", wasm.Content.Headers.ContentType?.MediaType);
        foreach (var nothing in (string[])["/secret.key", "/assets/", "/assets/%2e%2e/secret.key", "/assets/..%2fsecret.key"])
        {
            using var answer = await http.GetAsync(new Uri(nothing, UriKind.Relative), TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }
    }

    [Theory]
    [InlineData("gzip, deflate, br", true)]
    [InlineData("GZIP;q=0.5", true)]
    [InlineData("gzip;q=0, br", false)]
    [InlineData("br", false)]
    [InlineData("", false)]
    public async Task A_file_of_the_page_goes_compressed_to_who_takes_it(string accepted, bool isCompressed)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.File("main-1.js"), "whole", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(folder.File("main-1.js.gz"), "small", TestContext.Current.CancellationToken);
        var (text, response) = await AskAsync(new PageFile("text/javascript", "no-cache", "default-src 'none'", folder.File("main-1.js")), accepted);
        Assert.Equal(isCompressed ? "small" : "whole", text);
        Assert.Equal(isCompressed ? "gzip" : "", response.Headers.ContentEncoding.ToString());
        Assert.Equal("Accept-Encoding", response.Headers.Vary.ToString());
        Assert.Equal(text.Length, response.ContentLength);
    }

    [Fact]
    public async Task A_file_that_was_not_worth_compressing_goes_as_it_is()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.File("main-1.js"), "whole", TestContext.Current.CancellationToken);
        var (text, response) = await AskAsync(new PageFile("text/javascript", "no-cache", "default-src 'none'", folder.File("main-1.js")), "gzip");
        Assert.Equal(("whole", ""), (text, response.Headers.ContentEncoding.ToString()));
    }

    [Fact]
    public async Task A_page_that_was_built_anew_has_the_files_of_the_old_one_no_more()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.File("main-1.js"), "whole", TestContext.Current.CancellationToken);
        var file = new PageFile("text/javascript", "no-cache", "default-src 'none'", folder.File("main-1.js"));
        File.Delete(folder.File("main-1.js"));
        var (_, response) = await AskAsync(file, "gzip");
        Assert.Equal(StatusCodes.Status404NotFound, response.StatusCode);
    }

    private static async Task<(string Text, HttpResponse Response)> AskAsync(PageFile file, string accepted)
    {
        var context = new DefaultHttpContext();
        context.Request.Headers.AcceptEncoding = accepted;
        using var body = new MemoryStream();
        context.Response.Body = body;
        await file.AnswerAsync(context);
        return (System.Text.Encoding.UTF8.GetString(body.ToArray()), context.Response);
    }

    [Fact]
    public void A_node_without_the_built_files_has_no_page()
    {
        using var folder = new TemporaryFolder();
        Assert.False(new PageRoutes(folder.File("missing")).IsHere);
        Assert.False(new PageRoutes(folder.File("")).IsHere);
    }

    [Fact]
    public void Every_text_of_the_page_is_there_in_both_languages()
    {
        var words = RepositoryFiles.Read("src/WebUi/src/words.js");
        var parts = words.Split("  es: {");
        var (english, spanish) = (KeysOf(parts[0].Split("  en: {")[1]), KeysOf(parts[1]));
        Assert.True(english.Count > 30);
        Assert.Equal(english, spanish);
        var used = Directory.EnumerateFiles(Path.Combine(RepositoryFiles.Root, "src/WebUi/src"), "*.svelte", SearchOption.AllDirectories)
            .SelectMany(file => Regex.Matches(File.ReadAllText(file), @"\bt\.(?<key>\w+)", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5)).Select(match => match.Groups["key"].Value))
            .ToHashSet(StringComparer.Ordinal);
        Assert.NotEmpty(used);
        Assert.Empty(used.Except(english));
    }

    private static List<string> KeysOf(string texts) =>
        [.. Regex.Matches(texts, @"(?<key>\w+): '", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5)).Select(match => match.Groups["key"].Value).Order(StringComparer.Ordinal)];
}
