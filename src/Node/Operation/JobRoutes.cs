using System.Globalization;
using Panal.Archive.Jobs;
using Panal.Archive.Retrieve.Metadata;
using Panal.Catalogue;
using Panal.Dicom;
using Panal.Node.Network;
using Panal.Node.Web;
using Panal.Security.Accounts;
using Panal.Security.Audit;

namespace Panal.Node.Operation;

/// <summary>What a person must look at: jobs (`/api/jobs`) and conflicts (`/api/conflicts`).</summary>
internal sealed class JobRoutes(CatalogueDatabase catalogue, JobRunner jobs, AuditTrail audit, WebGateOptions options)
{
    /// <summary>More than a person looks through.</summary>
    private const int ListLimit = 1000;

    private static readonly RightsRoute Operate = new(AccountRights.Operate);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/jobs", (RequestDelegate)JobsAsync).WithMetadata(Operate);
        routes.MapPost("/api/jobs/{id}/retry", (RequestDelegate)RetryAsync).WithMetadata(Operate);
        routes.MapGet("/api/conflicts", (RequestDelegate)ConflictsAsync).WithMetadata(Operate);
        routes.MapPost("/api/conflicts/{id}/resolve", (RequestDelegate)ResolveAsync).WithMetadata(Operate);
    }

    private Task JobsAsync(HttpContext context) => WebJson.WriteAsync(
        context,
        StatusCodes.Status200OK,
        [.. catalogue.Jobs(ListLimit).Select(ViewOf)],
        OperationJson.Default.JobViewArray);

    private async Task RetryAsync(HttpContext context)
    {
        if (IdOf(context) is { } id && catalogue.Jobs(ListLimit).FirstOrDefault(job => job.Id == id) is { } job)
        {
            await jobs.SubmitAsync(job.Kind, job.Key, job.Payload, context.RequestAborted).ConfigureAwait(false);
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        await Problem.WriteAsync(context, StatusCodes.Status404NotFound, "nothing-here", "There is no such job; perhaps it is done.").ConfigureAwait(false);
    }

    private Task ConflictsAsync(HttpContext context) => WebJson.WriteAsync(
        context, StatusCodes.Status200OK, [.. catalogue.Conflicts(isOpenOnly: true, 0, ListLimit).Select(ViewOf)], OperationJson.Default.ConflictViewArray);

    /// <summary>Both contents stay as they are: a person says that this was looked at.</summary>
    private async Task ResolveAsync(HttpContext context)
    {
        if (IdOf(context) is not { } id || !await catalogue.ResolveConflictAsync(id, context.RequestAborted).ConfigureAwait(false))
        {
            await Problem.WriteAsync(context, StatusCodes.Status404NotFound, "nothing-here", "There is no such conflict, or it is resolved.").ConfigureAwait(false);
            return;
        }

        var by = context.Features.Get<Caller>()!;
        await audit.RecordAsync(
            AuditEvents.SecurityAlert(
                options.DeviceName,
                new AuditPerson(by.Name, context.Connection.RemoteIpAddress),
                SecurityAlertType.ObjectSecurityAttributesChanged,
                "",
                string.Create(CultureInfo.InvariantCulture, $"Conflict {id} was marked as resolved."),
                AuditOutcome.Success),
            context.RequestAborted).ConfigureAwait(false);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static JobView ViewOf(Job job)
    {
        var progress = job.Kind == MetadataBacklog.JobKind ? MetadataBacklog.ProgressOf(job.Payload) : null;
        return new JobView(job.Id, job.Kind, job.Key, job.DueAt, job.Attempts, job.State == JobState.Failed, progress?.Done, progress?.Total);
    }

    private ConflictView ViewOf(Conflict conflict) => new(
        conflict.Id,
        conflict.Kind.ToString(),
        conflict.Subject,
        conflict.SopInstanceUid,
        conflict.SourceAeTitle,
        conflict.DetectedAt,
        conflict.Decision.ToString(),
        conflict.Other.Where(static element => element.Tag != Tags.SpecificCharacterSet)
            .ToDictionary(element => NameOf(element.Tag), element => string.Join('\\', conflict.Other.GetStrings(element.Tag))),
        ConflictDecisions.MayKeepOther(catalogue, conflict));

    private static string NameOf(Tag tag) => DataDictionary.KeywordOf(tag) is { Length: > 0 } keyword ? keyword : tag.ToString();

    private static long? IdOf(HttpContext context) =>
        long.TryParse(context.Request.RouteValues["id"] as string, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;
}
