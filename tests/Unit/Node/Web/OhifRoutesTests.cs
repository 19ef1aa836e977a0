using System.Net;
using System.Net.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Panal.Node.Web;
using Panal.Unit.Security;

namespace Panal.Unit.Node.Web;

public sealed class OhifRoutesTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_bundle_is_served_below_its_path_and_nothing_beside_it()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("ohif/assets"));
        await File.WriteAllTextAsync(folder.File("ohif/index.html"), "<!doctype html>", Ct);
        await File.WriteAllTextAsync(folder.File("ohif/app.bundle.1.js"), "export {}", Ct);
        await File.WriteAllTextAsync(folder.File("ohif/assets/a.svg"), "<svg/>", Ct);
        await File.WriteAllTextAsync(folder.File("secret.json"), "{}", Ct);
        var ohif = new OhifRoutes(folder.File("ohif"));
        Assert.True(ohif.IsHere);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        await using var application = builder.Build();
        application.UseRouting();
        ohif.Map(application);
        await application.StartAsync(Ct);
        using var http = new HttpClient { BaseAddress = new Uri(application.Urls.Single()) };

        foreach (var (path, type, text) in ((string, string, string)[])
            [("/ohif/", "text/html", "<!doctype html>"), ("/ohif/viewer?StudyInstanceUIDs=1.2", "text/html", "<!doctype html>"), ("/ohif/app.bundle.1.js", "text/javascript", "export {}"), ("/ohif/assets/a.svg", "image/svg+xml", "<svg/>")])
        {
            using var answer = await http.GetAsync(new Uri(path, UriKind.Relative), Ct);
            Assert.Equal((HttpStatusCode.OK, type, text), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType, await answer.Content.ReadAsStringAsync(Ct)));
            var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
            Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("'unsafe-eval'", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("http", policy, StringComparison.Ordinal);
        }

        foreach (var nothing in (string[])["/ohif/missing.js", "/ohif/..%2fsecret.json", "/ohif/%2e%2e/secret.json", "/ohif/assets/../../secret.json", "/ohif//secret.json"])
        {
            using var answer = await http.GetAsync(new Uri(nothing, UriKind.Relative), Ct);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }
    }

    [Fact]
    public void A_node_without_the_bundle_has_no_such_route()
    {
        using var folder = new TemporaryFolder();
        Assert.False(new OhifRoutes(folder.File("missing")).IsHere);
    }
}
