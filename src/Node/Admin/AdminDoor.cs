using System.Net.Mime;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Panal.Archive.Compaction;
using Panal.Archive.Fixity;
using Panal.Archive.Import;
using Panal.Archive.Retrieve.Metadata;
using Panal.Node.Web;

namespace Panal.Node.Admin;

/// <summary>Long work on a running node, asked for by its own command line: progress comes back line by line.</summary>
internal static class AdminDoor
{
    /// <summary>Reports that wait for a slow reader; only the newest of them matter, but faults must not be lost.</summary>
    private const int PendingReports = 4096;

    /// <summary>Marks the connections of the socket; only they may ask for work.</summary>
    public static void Listen(ListenOptions listener)
    {
        listener.Protocols = HttpProtocols.Http1;
        listener.Use(next => connection =>
        {
            connection.Features.Set(Mark.Instance);
            return next(connection);
        });
    }

    /// <summary>Whether a request came over the socket, which only the node's own user can open.</summary>
    public static bool IsOn(HttpContext context) => context.Features.Get<Mark>() is not null;

    public static void Map(WebApplication application)
    {
        application.MapPost("/admin/import", (RequestDelegate)ImportAsync).WithMetadata(new SocketRoute());
        application.MapPost("/admin/verify", (RequestDelegate)VerifyAsync).WithMetadata(new SocketRoute());
        application.MapPost("/admin/compact", (RequestDelegate)CompactAsync).WithMetadata(new SocketRoute());
        application.MapPost("/admin/compaction", (RequestDelegate)CompactionAsync).WithMetadata(new SocketRoute());
        application.MapPost("/admin/metadata/run", (RequestDelegate)StoreMetadataAsync).WithMetadata(new SocketRoute());
        application.MapPost("/admin/metadata/status", (RequestDelegate)MetadataAsync).WithMetadata(new SocketRoute());
        application.MapPost("/admin/received", (RequestDelegate)ReceivedAsync).WithMetadata(new SocketRoute());
        application.MapPost("/admin/fetch", (RequestDelegate)FetchAsync).WithMetadata(new SocketRoute());
        application.MapPost("/admin/transfers", (RequestDelegate)TransfersAsync).WithMetadata(new SocketRoute());
        application.MapPost("/admin/brokers/{do}", (RequestDelegate)BrokersAsync).WithMetadata(new SocketRoute());
    }

    private static Task FetchAsync(HttpContext context)
    {
        var query = context.Request.Query;
        return RunAsync(
            context,
            AdminJson.Default.TransferView,
            (report, token) => TransferWork.FetchAsync(context.RequestServices, query["study"].ToString(), query["priority"].ToString(), report, token));
    }

    private static Task TransfersAsync(HttpContext context)
    {
        var query = context.Request.Query;
        return RunAsync(
            context,
            AdminJson.Default.TransferView,
            (report, _) => TransferWork.ChangeAsync(context.RequestServices, query["id"].ToString(), query["do"].ToString(), report));
    }

    private static Task BrokersAsync(HttpContext context) =>
        RunAsync(context, BrokerViewJson.Default.BrokerView, (report, token) => BrokerWork.RunAsync(context, report, token));

    private static Task ImportAsync(HttpContext context)
    {
        var importer = context.RequestServices.GetRequiredService<Importer>();
        return RunAsync(
            context,
            AdminJson.Default.ImportProgress,
            (report, token) => importer.ImportAsync(context.Request.Query["path"].ToString(), report, token));
    }

    private static Task VerifyAsync(HttpContext context)
    {
        var verifier = context.RequestServices.GetRequiredService<Verifier>();
        return RunAsync(context, AdminJson.Default.VerifyProgress, verifier.VerifyAllAsync);
    }

    private static Task ReceivedAsync(HttpContext context) => RunAsync(
        context,
        AdminJson.Default.ReceivedExportProgress,
        (report, token) => ReceivedWork.ExportAsync(context.RequestServices, ReceivedWish.Of(context.Request.Query), report, token));

    private static Task CompactAsync(HttpContext context)
    {
        var compactor = context.RequestServices.GetRequiredService<Compactor>();
        var query = context.Request.Query;
        return RunAsync(
            context,
            AdminJson.Default.CompactionProgress,
            (report, token) => compactor.RunOnceAsync(query["trial"] == bool.TrueString, query["now"] == bool.TrueString, report, token));
    }

    private static Task CompactionAsync(HttpContext context) => RunAsync(
        context,
        AdminJson.Default.CompactionStatus,
        (report, token) =>
        {
            var status = CompactionWork.Change(context.RequestServices, context.Request.Query["do"].ToString(), token);
            report(status);
            return Task.FromResult(status);
        });

    private static Task StoreMetadataAsync(HttpContext context) =>
        RunAsync(context, AdminJson.Default.MetadataProgress, context.RequestServices.GetRequiredService<MetadataKeeper>().RunOnceAsync);

    private static Task MetadataAsync(HttpContext context) => RunAsync(
        context,
        AdminJson.Default.MetadataStatus,
        (report, token) =>
        {
            var status = context.RequestServices.GetRequiredService<MetadataKeeper>().Status(token);
            report(status);
            return Task.FromResult(status);
        });

    /// <summary>Does long work and tells of it line by line; whoever stops listening stops it.</summary>
    internal static async Task RunAsync<T>(HttpContext context, JsonTypeInfo<T> type, Func<Action<T>, CancellationToken, Task<T>> work)
    {
        context.Response.ContentType = MediaTypeNames.Application.Json;
        var reports = Channel.CreateBounded<T>(new BoundedChannelOptions(PendingReports) { SingleReader = true });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        var working = WorkAsync(work, reports.Writer, stop.Token);
        try
        {
            await foreach (var report in reports.Reader.ReadAllAsync(context.RequestAborted).ConfigureAwait(false))
            {
                await context.Response.BodyWriter.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(report, type), context.RequestAborted).ConfigureAwait(false);
                await context.Response.BodyWriter.WriteAsync("\n"u8.ToArray(), context.RequestAborted).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Whoever asked is gone: the work stops, and the next request goes on.
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await working.ConfigureAwait(false);
        }
    }

    private sealed class Mark
    {
        public static Mark Instance { get; } = new();
    }

    /// <summary>Work waits for its reader: an import is never further than what was told of it.</summary>
    private static async Task WorkAsync<T>(Func<Action<T>, CancellationToken, Task<T>> work, ChannelWriter<T> reports, CancellationToken cancellationToken)
    {
        Exception? fault = null;
        try
        {
            await work(
                report =>
                {
                    if (!reports.TryWrite(report))
                    {
                        reports.WriteAsync(report, cancellationToken).AsTask().Wait(cancellationToken);
                    }
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Told to stop.
        }
        catch (Exception e)
        {
            fault = e;
        }

        reports.TryComplete(fault);
    }
}
