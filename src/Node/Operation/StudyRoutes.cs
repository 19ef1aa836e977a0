using System.IO.Compression;
using Microsoft.AspNetCore.Http.Features;
using Panal.Archive.Retrieve;
using Panal.Archive.Search;
using Panal.DicomWeb;
using Panal.Federation.Broker;
using Panal.Federation.Broker.Gathering;
using Panal.Federation.Membership;
using Panal.Node.Admin;
using Panal.Node.Web;
using Panal.Security.Accounts;
using Panal.Security.Audit;
using Panal.Swarm.Transfers;

namespace Panal.Node.Operation;

/// <summary>What the page does with a study that DICOMweb has no words for: where it is, to bring it here, and to take it away.</summary>
internal sealed class StudyRoutes(
    IServiceProvider services, StudyFetches fetches, BrokerService brokers, KnownStudies studies, Retriever retriever, Searcher searcher, StudyMedia media, AuditTrail audit, DicomWebOptions options, TimeProvider time)
{
    private static readonly RightsRoute View = new(AccountRights.View);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/studies/{study}/where", (RequestDelegate)WhereAsync).WithMetadata(View);
        routes.MapPost("/api/studies/{study}/fetch", (RequestDelegate)FetchAsync).WithMetadata(View);
        routes.MapGet("/api/studies/{study}/archive", (RequestDelegate)PackAsync).WithMetadata(View);
    }

    private async Task WhereAsync(HttpContext context)
    {
        if (await studies.LocateAsync(context).ConfigureAwait(false) is not { } found)
        {
            return;
        }

        var study = found[0].StudyInstanceUid;
        var standing = services.GetService<NetworkMembership>()?.Standing;
        var view = new WhereView(
            found.Count,
            found.Count(static instance => instance.IsHeldHere),
            [
                .. searcher.HoldersOf([study], null)
                    .Where(static holder => holder.Instances > 0)
                    .Select(holder => new HolderOfStudy(holder.Node, standing?.Roster.Find(holder.Node)?.Name ?? holder.Node.ToString(), holder.Instances)),
            ],
            [
                .. fetches.OfferersOf(study, context.RequestAborted).Select(offerer => offerer.IsForeign
                    ? brokers.Status().FirstOrDefault(broker => broker.Definition.Source == offerer.Source)?.Definition.Name
                    : standing?.Roster.Find(offerer.Source)?.Name).OfType<string>(),
            ],
            [.. fetches.UnderWay.Select(static one => one.Progress).Where(progress => progress.Scope.Name == study).Select(TransferView.Of)]);
        await WebJson.WriteAsync(context, StatusCodes.Status200OK, view, OperationJson.Default.WhereView).ConfigureAwait(false);
    }

    /// <summary>Begins to bring it, and answers at once; how far it is, `where` tells.</summary>
    private async Task FetchAsync(HttpContext context)
    {
        if (await studies.LocateAsync(context).ConfigureAwait(false) is not { } found)
        {
            return;
        }

        if (await fetches.FetchAsync(found[0].StudyInstanceUid, TransferPriority.Interactive, context.RequestAborted).ConfigureAwait(false) is not { } transfer)
        {
            await Problem.WriteAsync(
                context, StatusCodes.Status409Conflict, "nothing-to-fetch", "All of it is here, or no node that can be reached holds it or has an archive behind it that does, or there is no room.").ConfigureAwait(false);
            return;
        }

        await WebJson.WriteAsync(context, StatusCodes.Status202Accepted, TransferView.Of(transfer.Progress), OperationJson.Default.TransferView).ConfigureAwait(false);
    }

    /// <summary>The study as a ZIP with a DICOMDIR, each file as it is stored; streamed, so that its length does not matter.</summary>
    private async Task PackAsync(HttpContext context)
    {
        if (await studies.LocateAsync(context).ConfigureAwait(false) is not { } found)
        {
            return;
        }

        var here = found.Where(static instance => instance.IsHeldHere).ToList();
        if (here.Count < found.Count)
        {
            // Whoever takes a study away means all of it.
            await Problem.WriteAsync(context, StatusCodes.Status409Conflict, "not-here", "Some of the study is held by other nodes only: fetch it first.").ConfigureAwait(false);
            return;
        }

        var medium = media.Lay(here, context.RequestAborted);
        var caller = new AuditParty(context.Features.Get<Caller>()!.Name, context.Connection.RemoteIpAddress) { IsAccount = true };
        var outcome = AuditOutcome.SeriousFailure;
        context.Response.ContentType = "application/zip";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.ContentDisposition = $"attachment; filename=\"{found[0].StudyInstanceUid}.zip\"";

        // The platform's ZIP writes the last bytes of an entry when that is disposed, and only synchronously.
        context.Features.GetRequiredFeature<IHttpBodyControlFeature>().AllowSynchronousIO = true;
        try
        {
            await WriteAsync(medium, context.Response.Body, context.RequestAborted).ConfigureAwait(false);
            outcome = AuditOutcome.Success;
        }
        catch (IOException)
        {
            // A part is on its way: only a broken connection tells that the rest is missing.
            context.Abort();
        }
        finally
        {
            await RecordAsync(caller, here, outcome).ConfigureAwait(false);
        }
    }

    private async Task WriteAsync(StudyMedium medium, Stream body, CancellationToken ct)
    {
        var zip = await ZipArchive.CreateAsync(body, ZipArchiveMode.Create, leaveOpen: true, entryNameEncoding: null, ct).ConfigureAwait(false);
        await using (zip.ConfigureAwait(false))
        {
            await AddAsync(zip, "DICOMDIR", new MemoryStream(medium.Directory.ToArray(), writable: false), ct).ConfigureAwait(false);
            foreach (var (path, instance) in medium.Files)
            {
                using var file = retriever.OpenFile(instance) ?? throw new IOException("An instance has gone meanwhile");
                await AddAsync(zip, path, file.Bytes, ct).ConfigureAwait(false);
            }
        }
    }

    private async Task AddAsync(ZipArchive zip, string path, Stream bytes, CancellationToken ct)
    {
        // Fast rather than small: images that gain much by packing are compressed already.
        var entry = zip.CreateEntry(path, CompressionLevel.Fastest);
        entry.LastWriteTime = time.GetLocalNow();
        var target = await entry.OpenAsync(ct).ConfigureAwait(false);
        await using (target.ConfigureAwait(false))
        {
            await bytes.CopyToAsync(target, ct).ConfigureAwait(false);
        }
    }

    private async Task RecordAsync(AuditParty caller, List<InstanceReference> instances, AuditOutcome outcome)
    {
        foreach (var patient in instances.GroupBy(static instance => instance.PatientId, StringComparer.Ordinal))
        {
            await audit.RecordAsync(
                AuditEvents.InstancesTransferred(new AuditParty(options.AETitle, null), caller, false, PatientOf(patient.Key, [.. patient]), AuditAction.Read, outcome),
                CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>What the audit trail says of instances of one study of one patient.</summary>
    internal static AuditPatient PatientOf(string patientId, IReadOnlyList<InstanceReference> instances) => new(
        patientId,
        "",
        [new AuditStudy(instances[0].StudyInstanceUid, "", [.. instances.CountBy(static instance => instance.SopClassUid).Select(static count => (count.Key, count.Value))])]);
}
