using Microsoft.AspNetCore.Http;
using Panal.Dicom;
using Panal.DicomWeb.Access;
using Panal.DicomWeb.Answers;

namespace Panal.DicomWeb;

/// <summary>A request that was let in, with the UIDs of its path.</summary>
internal sealed class WebRequest
{
    /// <summary>The preference of clients that take previews.</summary>
    public const string NoWait = "wait=0";

    private readonly string _baseUrl;

    /// <exception cref="WebFaultException">A UID of the path is none.</exception>
    public WebRequest(HttpContext context, WebDecision decision, DicomWebOptions options)
    {
        (Context, Decision) = (context, decision);
        var origin = options.PublicUrl.Length > 0 ? options.PublicUrl.TrimEnd('/') : $"{context.Request.Scheme}://{context.Request.Host}";
        _baseUrl = origin + DicomWebOptions.Root;
        StudyInstanceUid = UidOf("study");
        SeriesInstanceUid = UidOf("series");
        SopInstanceUid = UidOf("instance");
    }

    public HttpContext Context { get; }

    public WebDecision Decision { get; }

    public string? StudyInstanceUid { get; }

    public string? SeriesInstanceUid { get; }

    public string? SopInstanceUid { get; }

    /// <summary>Where all resources stand.</summary>
    public string RootUrl => _baseUrl;

    /// <summary>
    /// Whether the client would rather have now what there is so far of an image than wait for all of it (RFC 7240 §4.3); what it gets then is marked.
    /// </summary>
    public bool TakesPreviews =>
        Context.Request.Headers["Prefer"].SelectMany(static line => (line ?? "").Split(',')).Any(static one => one.Replace(" ", "", StringComparison.Ordinal) == NoWait);

    /// <summary>The text of a part of the path, or null.</summary>
    public string? Route(string name) => Context.Request.RouteValues[name] as string;

    /// <summary>Where a study, series or instance can be retrieved.</summary>
    public string UrlOf(string? study, string? series, string? instance)
    {
        var url = $"{_baseUrl}/studies/{study}";
        url = series is null ? url : $"{url}/series/{series}";
        return instance is null ? url : $"{url}/instances/{instance}";
    }

    private string? UidOf(string name)
    {
        var text = Route(name);
        return text is null || Uid.IsWellFormed(text) ? text : throw WebFaultException.BadRequest($"The {name} in the path is no UID");
    }
}
