using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.Features;
using Panal.Federation.Broker.Gathering;
using Panal.Federation.Membership;
using Panal.Node.Admin;
using Panal.Node.Web;
using Panal.Security.Accounts;

namespace Panal.Node.Network;

/// <summary>`/api/transfers`: what comes from other nodes and from archives, for accounts with the right to operate the node, and for this machine while there are none.</summary>
internal static class TransferDoor
{
    private static readonly HouseRoute Operated = new(AccountRights.Operate) { BodyLimitBytes = null };

    public static void Map(WebApplication application)
    {
        application.MapGet("/api/transfers", NetworkDoor.Guarded(ListAsync)).WithMetadata(Operated);
        application.MapPost("/api/transfers", NetworkDoor.Guarded(FetchAsync)).WithMetadata(Operated);
        application.MapPost("/api/transfers/{transfer}/{change}", NetworkDoor.Guarded(ChangeAsync)).WithMetadata(Operated);
        application.MapGet("/api/transfers/events", NetworkDoor.Guarded(TransferEvents.ServeAsync)).WithMetadata(Operated);
        application.MapGet("/openapi/transfers-1.json", (RequestDelegate)DescribeAsync).WithMetadata(Operated);
    }

    /// <summary>The transfers under way, those that somebody waits for first.</summary>
    internal static TransferView[] Look(IServiceProvider services) =>
    [
        .. services.GetRequiredService<StudyFetches>().UnderWay.Select(static one => TransferView.Of(one.Progress))
            .OrderByDescending(static view => view.Priority).ThenBy(static view => view.Id),
    ];

    private static Task ListAsync(HttpContext context) =>
        JoinDoor.AnswerAsync(context, TransferJson.Default.TransferViewArray, () => Task.FromResult(Look(context.RequestServices)));

    private static Task FetchAsync(HttpContext context) => JoinDoor.AnswerAsync(context, TransferJson.Default.TransferView, async () =>
    {
        var wish = await JoinDoor.ReadAsync(context, TransferJson.Default.FetchWish).ConfigureAwait(false);
        if (!Dicom.Uid.IsWellFormed(wish.Study))
        {
            throw new JoinRefusedException(JoinRefusal.Malformed, "A Study Instance UID is needed.");
        }

        var transfer = await context.RequestServices.GetRequiredService<StudyFetches>()
            .FetchAsync(wish.Study, TransferWork.PriorityOf(wish.IsBulk ? TransferWork.Bulk : ""), context.RequestAborted).ConfigureAwait(false);
        return transfer is null ? TransferView.Nothing(wish.Study, TransferWork.NothingToFetch) : TransferView.Of(transfer.Progress);
    });

    private static Task ChangeAsync(HttpContext context) => JoinDoor.AnswerAsync(context, TransferJson.Default.TransferView, async () =>
    {
        var id = context.GetRouteValue("transfer") as string ?? "";
        var change = context.GetRouteValue("change") as string ?? "";
        if (!TransferWork.Changes.Contains(change))
        {
            throw new JoinRefusedException(JoinRefusal.Unknown, TransferWork.NoSuchChange);
        }

        var view = await TransferWork.ChangeAsync(context.RequestServices, Guid.TryParse(id, out var whole) ? whole.ToString("D") : " ", change, static _ => { }).ConfigureAwait(false);
        return view.Id == Guid.Empty ? throw new JoinRefusedException(JoinRefusal.Unknown, view.Problem ?? "") : view;
    });

    /// <summary>The OpenAPI document of what this door serves; no secret.</summary>
    private static async Task DescribeAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        var document = typeof(TransferDoor).Assembly.GetManifestResourceStream("transfers.json")!;
        await using (document.ConfigureAwait(false))
        {
            await document.CopyToAsync(context.Response.Body, context.RequestAborted).ConfigureAwait(false);
        }
    }
}

/// <summary>A study that is to come here.</summary>
/// <param name="Study">Study Instance UID.</param>
/// <param name="IsBulk">Nobody waits for it: other transfers go first.</param>
internal sealed record FetchWish(string Study, bool IsBulk = false);

/// <summary>What goes over HTTP about transfers.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    MaxDepth = 8)]
[JsonSerializable(typeof(FetchWish))]
[JsonSerializable(typeof(TransferView))]
[JsonSerializable(typeof(TransferView[]))]
internal sealed partial class TransferJson : JsonSerializerContext;

/// <summary>`/api/transfers/events`: all transfers as server-sent events, at once and while something changes.</summary>
internal static class TransferEvents
{
    /// <summary>Pages that are open at a time; each costs one look at the transfers every <see cref="Interval"/>.</summary>
    private const int ListenerLimit = 32;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private static int listeners;

    /// <summary>Tells one listener until it leaves or the node stops.</summary>
    public static async Task ServeAsync(HttpContext context)
    {
        if (Interlocked.Increment(ref listeners) > ListenerLimit)
        {
            Interlocked.Decrement(ref listeners);
            await JoinDoor.RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, "Too many follow the events.").ConfigureAwait(false);
            return;
        }

        var lifetime = context.RequestServices.GetRequiredService<IHostApplicationLifetime>();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            context.Response.ContentType = "text/event-stream";
            context.Response.Headers.CacheControl = "no-store";
            context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
            using var timer = new PeriodicTimer(Interval, context.RequestServices.GetRequiredService<TimeProvider>());
            byte[] before = [];
            do
            {
                var now = JsonSerializer.SerializeToUtf8Bytes(Look(context), TransferJson.Default.TransferViewArray);
                if (!before.AsSpan().SequenceEqual(now))
                {
                    await context.Response.WriteAsync("event: transfers\ndata: ", ending.Token).ConfigureAwait(false);
                    await context.Response.Body.WriteAsync(now, ending.Token).ConfigureAwait(false);
                    await context.Response.WriteAsync("\n\n", ending.Token).ConfigureAwait(false);
                    await context.Response.Body.FlushAsync(ending.Token).ConfigureAwait(false);
                }

                before = now;
            }
            while (await timer.WaitForNextTickAsync(ending.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The listener is gone, or we stop.
        }
        finally
        {
            Interlocked.Decrement(ref listeners);
        }
    }

    private static TransferView[] Look(HttpContext context) => TransferDoor.Look(context.RequestServices);
}
