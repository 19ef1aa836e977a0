using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Panal.DicomWeb.Answers;

/// <summary>One media range that a client takes.</summary>
/// <param name="MediaType">In lower case, such as <c>multipart/related</c> or <c>*/*</c>.</param>
/// <param name="PartType">The <c>type</c> of a multipart, in lower case; empty where there is none.</param>
/// <param name="TransferSyntax">The <c>transfer-syntax</c>: a UID, <c>*</c>, or empty.</param>
/// <param name="Quality">From 0 to 1.</param>
internal sealed record MediaRange(string MediaType, string PartType, string TransferSyntax, double Quality)
{
    public bool IsAnything => MediaType is "*/*";

    /// <summary>Whether a media type that is no multipart lies in the range.</summary>
    public bool Includes(string mediaType) => IsAnything || MediaType == mediaType
        || (MediaType.EndsWith("/*", StringComparison.Ordinal) && mediaType.StartsWith(MediaType[..^1], StringComparison.Ordinal));

    /// <summary>Whether a multipart of parts of this type lies in the range; without a type every part will do.</summary>
    public bool IncludesMultipart(string partType) => IsAnything || MediaType is "multipart/*"
        || (MediaType == "multipart/related" && (PartType.Length == 0 || PartType is "*/*" || PartType == partType
            || (PartType.EndsWith("/*", StringComparison.Ordinal) && partType.StartsWith(PartType[..^1], StringComparison.Ordinal))));
}

/// <summary>What a client takes, the most wanted first: the query parameter <c>accept</c>, else the header (PS3.18 §8.3.3.1).</summary>
internal static class Accepted
{
    /// <summary>More ranges than any client sends.</summary>
    private const int RangeLimit = 64;

    public const string DicomJson = "application/dicom+json";
    public const string Json = "application/json";
    public const string DicomXml = "application/dicom+xml";
    public const string Dicom = "application/dicom";
    public const string OctetStream = "application/octet-stream";

    private static readonly MediaRange Anything = new("*/*", "", "", 1);

    /// <exception cref="WebFaultException">The header is not one.</exception>
    public static IReadOnlyList<MediaRange> Of(HttpRequest request)
    {
        var texts = request.Query["accept"];
        texts = texts.Count > 0 ? texts : request.Headers.Accept;
        if (texts.Count == 0 || texts.All(string.IsNullOrWhiteSpace))
        {
            return [Anything];
        }

        if (!MediaTypeHeaderValue.TryParseList([.. texts.Where(text => text is not null).Select(text => text!)], out var values) || values.Count > RangeLimit)
        {
            throw WebFaultException.BadRequest("Accept cannot be read");
        }

        // The order is stable: of equals the first stays first.
        return [.. values.Select(Range).Where(range => range.Quality > 0).OrderByDescending(range => range.Quality)];
    }

    /// <summary>The content type for answers of text: DICOM JSON, plain JSON, or XML in parts; null when none will do.</summary>
    public static string? ChooseText(IReadOnlyList<MediaRange> ranges)
    {
        foreach (var range in ranges)
        {
            if (range.Includes(DicomJson))
            {
                return DicomJson;
            }

            if (range.Includes(Json))
            {
                return Json;
            }

            if (range.IncludesMultipart(DicomXml) || range.MediaType == DicomXml)
            {
                return DicomXml;
            }
        }

        return null;
    }

    private static MediaRange Range(MediaTypeHeaderValue value) => new(
        Lower(value.MediaType.Value),
        Lower(Parameter(value, "type")),
        Parameter(value, "transfer-syntax"),
        value.Quality ?? 1);

    private static string Parameter(MediaTypeHeaderValue value, string name)
    {
        foreach (var parameter in value.Parameters)
        {
            if (parameter.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return HeaderUtilities.RemoveQuotes(parameter.Value).ToString().Trim();
            }
        }

        return "";
    }

    private static string Lower(string? text) => (text ?? "").ToLowerInvariant();
}
