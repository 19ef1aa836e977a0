using System.Text;
using System.Xml;
using Panal.DicomWeb.Answers;

namespace Panal.DicomWeb.Capabilities;

/// <summary>Answers what this door can do, as WADL: Retrieve Capabilities (PS3.18 §8.9 and Annex H).</summary>
internal static class CapabilitiesResource
{
    public const string ContentType = "application/vnd.sun.wadl+xml";

    private const string Namespace = "http://wadl.dev.java.net/2009/02";
    private const string Json = Accepted.DicomJson, Xml = "multipart/related; type=\"application/dicom+xml\"";
    private const string Instances = "multipart/related; type=\"application/dicom\"";
    private const string Pictures = "multipart/related; type=\"image/jpeg\"", MorePictures = "multipart/related; type=\"image/png\"";

    private static readonly string[] Paging = ["limit", "offset", "includefield", "fuzzymatching", "orderby"];
    private static readonly string[] Rendering = ["window", "viewport", "quality"];

    /// <summary>What can be done with one resource.</summary>
    /// <param name="Path">Below the root, as a template.</param>
    /// <param name="Method">GET or POST.</param>
    /// <param name="Id">The name of the transaction in PS3.18.</param>
    /// <param name="Parameters">Of the query.</param>
    /// <param name="MediaTypes">Of the answer; of the body where it is a store.</param>
    internal sealed record Capability(string Path, string Method, string Id, string[] Parameters, string[] MediaTypes);

    /// <summary>All that there is below the root.</summary>
    internal static IReadOnlyList<Capability> All { get; } = [.. Searches(), .. Retrievals(), .. Stores()];

    public static async Task AnswerAsync(WebRequest request)
    {
        using var buffer = new MemoryStream();
        using (var xml = XmlWriter.Create(buffer, new XmlWriterSettings { Encoding = new UTF8Encoding(false), Indent = true }))
        {
            Write(xml, request.RootUrl);
        }

        var response = request.Context.Response;
        response.ContentType = ContentType;
        response.ContentLength = buffer.Length;
        response.Headers.Allow = "GET, HEAD, POST, OPTIONS";
        await response.Body.WriteAsync(buffer.GetBuffer().AsMemory(0, (int)buffer.Length), request.Context.RequestAborted);
    }

    private static void Write(XmlWriter xml, string root)
    {
        xml.WriteStartElement("application", Namespace);
        xml.WriteStartElement("resources", Namespace);
        xml.WriteAttributeString("base", root + "/");
        foreach (var resource in All.GroupBy(capability => capability.Path))
        {
            xml.WriteStartElement("resource", Namespace);
            xml.WriteAttributeString("path", resource.Key);
            foreach (var name in resource.Key.Split('/').Where(part => part.StartsWith('{')))
            {
                WriteParameter(xml, name.Trim('{', '}'), "template");
            }

            foreach (var capability in resource)
            {
                WriteMethod(xml, capability);
            }

            xml.WriteEndElement();
        }

        xml.WriteEndElement();
        xml.WriteEndElement();
    }

    private static void WriteMethod(XmlWriter xml, Capability capability)
    {
        xml.WriteStartElement("method", Namespace);
        xml.WriteAttributeString("name", capability.Method);
        xml.WriteAttributeString("id", capability.Id);
        xml.WriteStartElement("request", Namespace);
        foreach (var parameter in capability.Parameters)
        {
            WriteParameter(xml, parameter, "query");
        }

        var isStore = capability.Method == "POST";
        if (isStore)
        {
            WriteTypes(xml, capability.MediaTypes);
            xml.WriteEndElement();
            xml.WriteStartElement("response", Namespace);
            xml.WriteAttributeString("status", "200 202 409");
            WriteTypes(xml, [Json, Accepted.DicomXml]);
            xml.WriteEndElement();
        }
        else
        {
            xml.WriteEndElement();
            xml.WriteStartElement("response", Namespace);
            xml.WriteAttributeString("status", "200");
            WriteTypes(xml, capability.MediaTypes);
            xml.WriteEndElement();
        }

        xml.WriteEndElement();
    }

    private static void WriteParameter(XmlWriter xml, string name, string style)
    {
        xml.WriteStartElement("param", Namespace);
        xml.WriteAttributeString("name", name);
        xml.WriteAttributeString("style", style);
        xml.WriteEndElement();
    }

    private static void WriteTypes(XmlWriter xml, string[] types)
    {
        foreach (var type in types)
        {
            xml.WriteStartElement("representation", Namespace);
            xml.WriteAttributeString("mediaType", type);
            xml.WriteEndElement();
        }
    }

    private static IEnumerable<Capability> Searches() => new[]
    {
        ("studies", "SearchForStudies"),
        ("series", "SearchForSeries"),
        ("instances", "SearchForInstances"),
        ("studies/{study}/series", "SearchForStudySeries"),
        ("studies/{study}/instances", "SearchForStudyInstances"),
        ("studies/{study}/series/{series}/instances", "SearchForStudySeriesInstances"),
    }.Select(search => new Capability(search.Item1, "GET", search.Item2, search.Item1 == "studies" ? [.. Paging, "text"] : Paging, [Json, Accepted.Json, Xml]));

    private static IEnumerable<Capability> Retrievals()
    {
        const string Study = "studies/{study}", Series = Study + "/series/{series}", Instance = Series + "/instances/{instance}";
        foreach (var (path, name) in new[] { (Study, "Study"), (Series, "Series"), (Instance, "Instance") })
        {
            var isInstance = path == Instance;
            yield return new Capability(path, "GET", "Retrieve" + name, [], isInstance ? [Instances, Accepted.Dicom] : [Instances]);
            yield return new Capability(path + "/metadata", "GET", $"Retrieve{name}Metadata", [], [Json, Accepted.Json, Xml]);
            yield return new Capability(
                path + "/rendered", "GET", "RetrieveRendered" + name, Rendering, isInstance ? ["image/jpeg", "image/png", Pictures, MorePictures] : [Pictures, MorePictures]);
            yield return new Capability(path + "/thumbnail", "GET", $"Retrieve{name}Thumbnail", ["viewport"], ["image/jpeg", "image/png"]);
        }

        yield return new Capability(Instance + "/frames/{frames}", "GET", "RetrieveFrames", [],
        [
            "multipart/related; type=\"application/octet-stream\"", "multipart/related; type=\"image/jpeg\"", "multipart/related; type=\"image/jls\"", "multipart/related; type=\"image/dicom-rle\"",
        ]);
        yield return new Capability(Instance + "/frames/{frames}/rendered", "GET", "RetrieveRenderedFrames", Rendering, ["image/jpeg", "image/png", Pictures, MorePictures]);
        yield return new Capability(Instance + "/frames/{frames}/thumbnail", "GET", "RetrieveFrameThumbnail", ["viewport"], ["image/jpeg", "image/png"]);
        yield return new Capability(Instance + "/bulkdata/{path}", "GET", "RetrieveBulkData", [], [Accepted.OctetStream]);
    }

    private static IEnumerable<Capability> Stores() => new[] { ("studies", "StoreInstances"), ("studies/{study}", "StoreStudyInstances") }.Select(store =>
        new Capability(store.Item1, "POST", store.Item2, [], [Instances, Accepted.Dicom, "multipart/related; type=\"application/dicom+json\"", Xml]));
}
