using System.Net;
using System.Net.Http;
using System.Xml.Linq;
using Panal.DicomWeb;
using Panal.DicomWeb.Capabilities;

namespace Panal.Unit.DicomWeb.Capabilities;

public sealed class CapabilitiesTests
{
    [Fact]
    public async Task OPTIONS_tells_every_resource_as_WADL()
    {
        await using var web = await WebArchive.OpenAsync();
        using var request = new HttpRequestMessage(HttpMethod.Options, "");
        request.Headers.TryAddWithoutValidation("Accept", CapabilitiesResource.ContentType);
        using var answer = await web.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.OK, CapabilitiesResource.ContentType), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        var document = XDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        XNamespace wadl = "http://wadl.dev.java.net/2009/02";
        var told = document.Descendants(wadl + "method").Select(method => $"{method.Attribute("name")!.Value} {method.Parent!.Attribute("path")!.Value}").Order().ToArray();

        // What is told and what is routed are the same.
        var routed = web.Routes.Where(route => route.Path.StartsWith(DicomWebOptions.Root, StringComparison.Ordinal) && !route.Path.Contains("**rest", StringComparison.Ordinal))
            .SelectMany(route => route.Methods.Where(method => method is not "HEAD").Select(method => $"{method} {route.Path[(DicomWebOptions.Root.Length + 1)..].Replace("**", "")}")).Order();
        Assert.Equal(routed, told);
        Assert.EndsWith("/dicom-web/", document.Descendants(wadl + "resources").Single().Attribute("base")!.Value, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OPTIONS_without_WADL_is_answered_as_before_a_request_of_another_origin()
    {
        await using var web = await WebArchive.OpenAsync();
        using var request = new HttpRequestMessage(HttpMethod.Options, "studies");
        using var answer = await web.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Contains("POST", answer.Content.Headers.Allow);
    }
}
