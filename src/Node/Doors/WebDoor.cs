using System.Net.Mime;
using System.Text.Json;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Panal.Node.Hosting;
using Panal.Node.Options;
using Panal.Node.Web;
using Prometheus;

namespace Panal.Node.Doors;

/// <summary>The HTTP door: `/health` for everybody, `/metrics` for this machine and the addresses that are listed.</summary>
internal static class WebDoor
{
    /// <summary>Longest HTTP request body: none, unless a route says so.</summary>
    private const long BodyLimitBytes = 0;

    // They hold no secret and no patient; who may read what of them is decided by address.
    private static readonly OpenRoute Open = new(IsGuess: false, InTheClear: true) { BodyLimitBytes = BodyLimitBytes };

    /// <summary>Bytes of an answer that may wait for their line: so much is read ahead from the disk while the kernel takes what was read before.</summary>
    private const long AheadBytes = 1 << 20;

    public static void Limit(KestrelServerLimits limits, NetworkConnectionOptions options)
    {
        // Kestrel applies one limit to every door; the DICOM doors count for themselves before it.
        limits.MaxConcurrentConnections = Math.Max(options.MaximumHttpConnections, options.MaximumConnections);
        limits.MaxRequestBodySize = BodyLimitBytes;
        limits.MaxResponseBufferSize = AheadBytes;
        limits.MaxRequestHeaderCount = 64;
        limits.MaxRequestHeadersTotalSize = 16 * 1024;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(60);
    }

    public static void Map(WebApplication application, AddressList monitors, CollectorRegistry metrics)
    {
        application.MapGet("/health", (RequestDelegate)(context => HealthAsync(context, monitors))).WithMetadata(Open);
        application.MapGet("/metrics", (RequestDelegate)(context => MetricsAsync(context, monitors, metrics))).WithMetadata(Open);
    }

    private static async Task HealthAsync(HttpContext context, AddressList monitors)
    {
        var problems = context.RequestServices.GetRequiredService<Health>().Problems();
        context.Response.StatusCode = problems.Count == 0 ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        context.Response.ContentType = MediaTypeNames.Application.Json;
        context.Response.Headers.CacheControl = "no-store";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter);
        json.WriteStartObject();
        json.WriteString("status", problems.Count == 0 ? "ok" : "unavailable");
        // A stranger learns only whether the node works: reasons name folders and volumes.
        if (monitors.Contains(context.Connection.RemoteIpAddress))
        {
            json.WriteStartArray("reasons");
            foreach (var problem in problems)
            {
                json.WriteStringValue(problem);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
        await json.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }

    private static async Task MetricsAsync(HttpContext context, AddressList monitors, CollectorRegistry metrics)
    {
        if (!monitors.Contains(context.Connection.RemoteIpAddress))
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }

        context.Response.ContentType = PrometheusConstants.TextContentTypeWithVersionAndEncoding;
        await metrics.CollectAndExportAsTextAsync(context.Response.Body, context.RequestAborted).ConfigureAwait(false);
    }
}
