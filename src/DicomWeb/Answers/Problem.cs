using System.Buffers;
using System.Diagnostics;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Panal.DicomWeb.Answers;

/// <summary>Answers that a request failed, as problem details (RFC 9457).</summary>
internal static class Problem
{
    public const string ContentType = "application/problem+json";

    public static async Task WriteAsync(HttpContext context, int statusCode, string detail)
    {
        var body = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("type", "about:blank");
            json.WriteString("title", ReasonPhrases.GetReasonPhrase(statusCode));
            json.WriteNumber("status", statusCode);
            json.WriteString("detail", detail);
            json.WriteString("traceId", TraceIdOf(context));
            json.WriteEndObject();
        }

        context.Response.StatusCode = statusCode;
        context.Response.ContentType = ContentType;
        context.Response.ContentLength = body.WrittenCount;
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.Remove("ETag");
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(body.WrittenMemory, context.RequestAborted);
        }
    }

    /// <summary>What stands in the log beside the fault, so that an administrator finds it.</summary>
    public static string TraceIdOf(HttpContext context) => Activity.Current?.Id ?? context.TraceIdentifier;
}
