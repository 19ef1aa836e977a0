using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;
using Panal.Archive.Search;
using Panal.DicomWeb.Access;
using Panal.DicomWeb.Answers;
using Panal.DicomWeb.Capabilities;
using Panal.DicomWeb.Retrieve;
using Panal.DicomWeb.Search;
using Panal.DicomWeb.Store;
using Panal.Imaging;
using Panal.Security.Access;
using Panal.Security.Audit;

namespace Panal.DicomWeb;

/// <summary>The routes of DICOMweb, and what all of them have in common: access, faults, origins. PS3.18.</summary>
public sealed class DicomWebDoor(
    IWebAccess access, DicomWebOptions options, SearchResource search, RetrieveRoutes retrieve, StoreResource store,
    AuditTrail audit, ILogger<DicomWebDoor> logger)
{
    private const string Study = DicomWebOptions.Root + "/studies/{study}";
    private const string Series = Study + "/series/{series}";
    private const string Instance = Series + "/instances/{instance}";

    /// <summary>Adds the routes.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        MapSearch(routes);
        MapRetrieve(routes);
        routes.MapMethods(DicomWebOptions.Root + "/studies", ["POST"], Serve(Rights.Store, store.AnswerAsync));
        routes.MapMethods(Study, ["POST"], Serve(Rights.Store, store.AnswerAsync));
        routes.MapMethods(DicomWebOptions.Root + "/{**rest}", ["OPTIONS"], (RequestDelegate)AnswerOptionsAsync);

        // Whoever may not come in learns nothing of what there is; others get a problem they can read.
        routes.Map(DicomWebOptions.Root + "/{**rest}", Serve(Rights.Retrieve, _ => throw WebFaultException.NotFound("There is no such resource")));
    }

    private void MapSearch(IEndpointRouteBuilder routes)
    {
        Get(routes, DicomWebOptions.Root + "/studies", Rights.Find, request => search.AnswerAsync(request, SearchLevel.Study));
        Get(routes, DicomWebOptions.Root + "/series", Rights.Find, request => search.AnswerAsync(request, SearchLevel.Series));
        Get(routes, DicomWebOptions.Root + "/instances", Rights.Find, request => search.AnswerAsync(request, SearchLevel.Instance));
        Get(routes, Study + "/series", Rights.Find, request => search.AnswerAsync(request, SearchLevel.Series));
        Get(routes, Study + "/instances", Rights.Find, request => search.AnswerAsync(request, SearchLevel.Instance));
        Get(routes, Series + "/instances", Rights.Find, request => search.AnswerAsync(request, SearchLevel.Instance));
    }

    private void MapRetrieve(IEndpointRouteBuilder routes)
    {
        foreach (var path in new[] { Study, Series, Instance })
        {
            Get(routes, path, Rights.Retrieve, retrieve.Instances.AnswerAsync);
            Get(routes, path + "/metadata", Rights.Retrieve, retrieve.Metadata.AnswerAsync);
            Get(routes, path + "/rendered", Rights.Retrieve, retrieve.Rendered.AnswerAsync);
            Get(routes, path + "/thumbnail", Rights.Retrieve, retrieve.Rendered.AnswerThumbnailAsync);
        }

        Get(routes, Instance + "/frames/{frames}", Rights.Retrieve, retrieve.Frames.AnswerAsync);
        Get(routes, Instance + "/frames/{frames}/rendered", Rights.Retrieve, retrieve.Rendered.AnswerAsync);
        Get(routes, Instance + "/frames/{frames}/thumbnail", Rights.Retrieve, retrieve.Rendered.AnswerThumbnailAsync);
        Get(routes, Instance + "/bulkdata/{**path}", Rights.Retrieve, retrieve.BulkData.AnswerAsync);
        Get(routes, "/wado", Rights.Retrieve, retrieve.Uri.AnswerAsync);
    }

    private void Get(IEndpointRouteBuilder routes, string path, Rights wanted, Func<WebRequest, Task> answer) =>
        routes.MapMethods(path, ["GET", "HEAD"], Serve(wanted, answer));

    /// <summary>Lets callers in or turns them away, and turns faults into answers.</summary>
    private RequestDelegate Serve(Rights wanted, Func<WebRequest, Task> answer) => async context =>
    {
        AllowOrigin(context);
        context.Response.Headers.XContentTypeOptions = "nosniff";
        try
        {
            var decision = await access.DecideAsync(context, wanted, context.RequestAborted);
            if (!decision.IsAccepted)
            {
                await RefuseAsync(context, decision);
                return;
            }

            await answer(new WebRequest(context, decision, options));
        }
        catch (WebFaultException fault)
        {
            await FailAsync(context, fault, fault.StatusCode, fault.Message);
        }
        catch (SearchRefusedException fault)
        {
            await FailAsync(context, fault, StatusCodes.Status400BadRequest, fault.Message);
        }
        catch (ImageException fault)
        {
            // Of another kind than what is pictured, or damaged; the message names numbers and terms of the standard only.
            var status = fault.Fault == ImageFault.Unsupported ? StatusCodes.Status406NotAcceptable : StatusCodes.Status422UnprocessableEntity;
            await FailAsync(context, fault, status, $"The image cannot be given so: {fault.Message}");
        }
        catch (BadHttpRequestException fault)
        {
            await FailAsync(context, fault, fault.StatusCode, "The request is malformed, too slow or too long");
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller is gone.
        }
        catch (Exception fault)
        {
            Log.Failed(logger, fault, Problem.TraceIdOf(context));
            await FailAsync(context, fault, StatusCodes.Status500InternalServerError, "Processing failure; the trace leads to it in the log");
        }
    };

    private async Task RefuseAsync(HttpContext context, WebDecision decision)
    {
        Log.Refused(logger, decision.Caller.Address, decision.StatusCode);
        if (decision.Challenge.Length > 0)
        {
            context.Response.Headers.WWWAuthenticate = decision.Challenge;
        }

        await audit.RecordAsync(
            AuditEvents.SecurityAlert(options.AETitle, decision.Caller, SecurityAlertType.NetworkAccess, $"DICOMweb: {decision.Reason}"), context.RequestAborted);
        await Problem.WriteAsync(context, decision.StatusCode, decision.Reason);
    }

    private async Task FailAsync(HttpContext context, Exception fault, int statusCode, string detail)
    {
        if (context.Response.HasStarted)
        {
            // A part of the answer is on its way: only a broken connection tells the client that the rest is missing.
            Log.BrokenOff(logger, fault, Problem.TraceIdOf(context));
            context.Abort();
            return;
        }

        context.Response.Headers.Remove(HeaderNames.ContentEncoding);
        await Problem.WriteAsync(context, statusCode, detail);
    }

    /// <summary>Who asks for WADL by its name is told what there is, if it may come in; browsers ask before a request of a page of another origin.</summary>
    private Task AnswerOptionsAsync(HttpContext context)
    {
        if (context.Request.Headers.Accept.Any(accept => accept?.Contains(CapabilitiesResource.ContentType, StringComparison.OrdinalIgnoreCase) == true))
        {
            return Serve(Rights.Find, CapabilitiesResource.AnswerAsync)(context);
        }

        AllowOrigin(context);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        context.Response.Headers.Allow = "GET, HEAD, POST, OPTIONS";
        if (context.Response.Headers.AccessControlAllowOrigin.Count > 0)
        {
            context.Response.Headers.AccessControlAllowMethods = "GET, HEAD, POST";
            context.Response.Headers.AccessControlAllowHeaders = "Accept, Authorization, Content-Type, If-None-Match, Range";
            context.Response.Headers.AccessControlMaxAge = "600";
        }

        return Task.CompletedTask;
    }

    private void AllowOrigin(HttpContext context)
    {
        if (options.AllowedOrigins.Count == 0)
        {
            return;
        }

        context.Response.Headers.Append(HeaderNames.Vary, "Origin");
        var origin = context.Request.Headers.Origin.ToString();
        var isAny = options.AllowedOrigins.Contains("*");
        if (origin.Length > 0 && (isAny || options.AllowedOrigins.Contains(origin)))
        {
            context.Response.Headers.AccessControlAllowOrigin = isAny ? "*" : origin;
            context.Response.Headers.AccessControlExposeHeaders = "Content-Location, ETag, Location, Warning";
        }
    }
}
