using System.Globalization;
using Panal.Catalogue;
using Panal.Dicom;
using Panal.Federation.Membership;
using Panal.Federation.Recycling;
using Panal.Node.Admin;
using Panal.Node.Web;
using Panal.Security.Accounts;
using Panal.Swarm;
using Panal.Swarm.Transfers.Running;

namespace Panal.Node.Network.Placement;

/// <summary>`/api/recycling`: what is dropped, what was, and what is pinned; for those who may see `/api/network`.</summary>
internal static class RecyclingDoor
{
    private const int HistoryLimit = 10_000;

    private static readonly HouseRoute Network = new(AccountRights.Network) { BodyLimitBytes = null };

    public static void Map(WebApplication application)
    {
        application.MapGet("/api/recycling", NetworkDoor.Guarded(LookAsync)).WithMetadata(Network);
        application.MapGet("/api/recycling/history", NetworkDoor.Guarded(HistoryAsync)).WithMetadata(Network);
        application.MapGet("/api/recycling/pins", NetworkDoor.Guarded(PinsAsync)).WithMetadata(Network);
        application.MapPost("/api/recycling/pins/{study}", NetworkDoor.Guarded(PinAsync)).WithMetadata(Network);
        application.MapPost("/admin/recycle", (RequestDelegate)RecycleAsync).WithMetadata(new SocketRoute());
    }

    /// <summary>The name of a member, or its identity if it is none any more.</summary>
    internal static string NameOf(HttpContext context, NodeId node) =>
        context.RequestServices.GetRequiredService<NetworkMembership>().Standing?.Roster.Find(node.Value)?.Name ?? node.ToString();

    private static Task LookAsync(HttpContext context) => JoinDoor.AnswerAsync(context, PlacementJson.Default.RecyclingView, () =>
    {
        var services = context.RequestServices;
        var rules = services.GetRequiredService<RecyclingTerms>().Rules;
        var counts = services.GetRequiredService<UseStatistics>().Counts;
        return Task.FromResult(new RecyclingView(
            rules is not null,
            services.GetRequiredService<CatalogueDatabase>().Counts().Bytes,
            rules?.HighMarkBytes,
            rules?.LowMarkBytes,
            services.GetRequiredService<PinnedStudies>().Pins.Count,
            counts.Hits,
            counts.HitBytes,
            counts.Misses,
            counts.MissBytes,
            services.GetRequiredService<TransferService>().ServedBytes,
            services.GetRequiredService<RecyclingWork>().Problem));
    });

    private static Task HistoryAsync(HttpContext context) => JoinDoor.AnswerAsync(context, PlacementJson.Default.IReadOnlyListDroppedView, () =>
    {
        var limit = int.TryParse(context.Request.Query["limit"], NumberStyles.None, CultureInfo.InvariantCulture, out var asked) ? Math.Min(asked, HistoryLimit) : 1000;
        return Task.FromResult<IReadOnlyList<DroppedView>>(
        [
            .. context.RequestServices.GetRequiredService<RecyclingHistory>().Newest(limit).Select(dropped => new DroppedView(
                dropped.At, dropped.StudyInstanceUid, dropped.Instances, dropped.LengthBytes, dropped.Reason, [.. dropped.Keepers.Select(node => NameOf(context, node))])),
        ]);
    });

    private static Task PinsAsync(HttpContext context) => JoinDoor.AnswerAsync(
        context,
        PlacementJson.Default.IReadOnlyListPinView,
        () => Task.FromResult<IReadOnlyList<PinView>>([.. context.RequestServices.GetRequiredService<PinnedStudies>().Pins.Select(pin => ViewOf(context, pin))]));

    private static Task PinAsync(HttpContext context) => JoinDoor.AnswerAsync(context, PlacementJson.Default.PinView, async () =>
    {
        var ask = await JoinDoor.ReadAsync(context, PlacementJson.Default.PinAsk).ConfigureAwait(false);
        var study = context.GetRouteValue("study") as string ?? "";
        if (!Uid.IsWellFormed(study))
        {
            throw new JoinRefusedException(JoinRefusal.Malformed, "This is no Study Instance UID.");
        }

        var pins = context.RequestServices.GetRequiredService<PinnedStudies>();
        try
        {
            if (ask.Pinned)
            {
                pins.Add(study, Pin.Local);
                return ViewOf(context, pins.Pins.First(pin => pin.StudyInstanceUid == study));
            }

            return pins.Remove(study)
                ? new PinView(study, context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow(), "")
                : throw new JoinRefusedException(JoinRefusal.Unknown, "This study is not pinned here.");
        }
        catch (IOException e)
        {
            throw new JoinRefusedException(JoinRefusal.Conflict, e.Message, e);
        }
    });

    private static PinView ViewOf(HttpContext context, Pin pin) =>
        new(pin.StudyInstanceUid, pin.At, NodeId.TryParse(pin.By, out var node) ? NameOf(context, node) : pin.By);

    private static Task RecycleAsync(HttpContext context)
    {
        var isDryRun = context.Request.Query["dry"] == "true";
        return AdminDoor.RunAsync(context, PlacementJson.Default.RecyclingLine, async (report, token) =>
        {
            var services = context.RequestServices;
            var rules = services.GetRequiredService<RecyclingTerms>().Rules;
            var run = await services.GetRequiredService<Recycler>().RunAsync(
                rules,
                isDryRun,
                step => report(new RecyclingLine(
                    step.StudyInstanceUid, step.Instances, step.LengthBytes, step.Reason, step.Outcome, [.. step.Keepers.Select(node => NameOf(context, node))], null)),
                token).ConfigureAwait(false);
            var end = new RecyclingLine("", run.Studies, run.LeftBytes, null, null, [], Summary(run, isDryRun));
            report(end);
            return end;
        });
    }

    private static string Summary(RecyclingRun run, bool isDryRun) => run.Rules is not { } rules
        ? "This node keeps everything."
        : string.Create(
            CultureInfo.InvariantCulture,
            $"{run.Studies} studies {(isDryRun ? "would be dropped" : "dropped")}, {run.NotSafe} stay because they are not safe elsewhere; {run.LeftBytes / 1e6:0.0} of {run.HeldBytes / 1e6:0.0} MB left, high mark {rules.HighMarkBytes / 1e6:0.0} MB, low mark {rules.LowMarkBytes / 1e6:0.0} MB.");
}
