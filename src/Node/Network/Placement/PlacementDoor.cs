using System.Globalization;
using Panal.Catalogue;
using Panal.Dicom;
using Panal.Federation.Membership;
using Panal.Federation.Placement;
using Panal.Node.Admin;
using Panal.Node.Web;
using Panal.Security.Accounts;
using Panal.Swarm;

namespace Panal.Node.Network.Placement;

/// <summary>`/api/placement`: who holds what, copies that are wished for, and rebuilding; for those who may see `/api/network`.</summary>
internal static class PlacementDoor
{
    /// <summary>Studies that one answer lists at most; the counts are of all.</summary>
    private const int ListLimit = 10_000;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private static readonly HouseRoute Network = new(AccountRights.Network) { BodyLimitBytes = null };

    public static void Map(WebApplication application)
    {
        application.MapGet("/api/placement/coverage", NetworkDoor.Guarded(CoverageAsync)).WithMetadata(Network);
        application.MapGet("/api/placement/coverage/{study}", NetworkDoor.Guarded(VerifyAsync)).WithMetadata(Network);
        application.MapPost("/api/placement/studies/{study}", NetworkDoor.Guarded(PlaceAsync)).WithMetadata(Network);
        application.MapPost("/api/placement/repair", NetworkDoor.Guarded(RepairAsync)).WithMetadata(Network);
        application.MapGet("/api/placement/rebuild", NetworkDoor.Guarded(LookAsync)).WithMetadata(Network);
        application.MapPost("/api/placement/rebuild", NetworkDoor.Guarded(RebuildAsync)).WithMetadata(Network);
        application.MapPost("/admin/rebuild", (RequestDelegate)FollowAsync).WithMetadata(new SocketRoute());
    }

    private static Task CoverageAsync(HttpContext context) => JoinDoor.AnswerAsync(context, PlacementJson.Default.CoverageView, () =>
    {
        var below = int.TryParse(context.Request.Query["below"], NumberStyles.None, CultureInfo.InvariantCulture, out var asked) ? asked : int.MaxValue;
        var (studies, count) = (new List<StudyCoverageView>(), 0);
        var all = new SortedDictionary<int, int>();
        foreach (var study in context.RequestServices.GetRequiredService<CoverageSurvey>().Below(int.MaxValue, context.RequestAborted))
        {
            all[study.FewestHolders] = all.GetValueOrDefault(study.FewestHolders) + 1;
            if (study.FewestHolders < below && ++count <= ListLimit)
            {
                studies.Add(ViewOf(context, study, null));
            }
        }

        return Task.FromResult(new CoverageView(count, [.. all.Select(static pair => new HolderCount(pair.Key, pair.Value))], studies));
    });

    private static Task VerifyAsync(HttpContext context) => JoinDoor.AnswerAsync(context, PlacementJson.Default.StudyCoverageView, async () =>
    {
        var coverage = context.RequestServices.GetRequiredService<CatalogueDatabase>().CoverageOf(StudyOf(context))
            ?? throw new JoinRefusedException(JoinRefusal.Unknown, "This study is not known here.");
        var surveyed = await context.RequestServices.GetRequiredService<CoverageSurvey>().VerifyAsync(coverage, context.RequestAborted).ConfigureAwait(false);
        return ViewOf(context, coverage, surveyed.Verified);
    });

    private static Task PlaceAsync(HttpContext context) => JoinDoor.AnswerAsync(context, PlacementJson.Default.IReadOnlyListPlacedView, async () =>
    {
        var ask = await JoinDoor.ReadAsync(context, PlacementJson.Default.PlaceAsk).ConfigureAwait(false);
        var study = StudyOf(context);
        var standing = context.RequestServices.GetRequiredService<NetworkMembership>().Standing
            ?? throw new JoinRefusedException(JoinRefusal.Unknown, "This node is no member of a network.");
        var nodes = new List<NodeId>();
        foreach (var name in ask.Nodes)
        {
            var member = standing.Others.FirstOrDefault(member => member.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                ?? throw new JoinRefusedException(JoinRefusal.Unknown, $"There is no other member of the name {name}.");
            nodes.Add(new NodeId(member.Node));
        }

        var answers = await context.RequestServices.GetRequiredService<CoverageSurvey>().PlaceAsync(study, nodes, context.RequestAborted).ConfigureAwait(false);
        return (IReadOnlyList<PlacedView>)[.. answers.Select(answer => new PlacedView(RecyclingDoor.NameOf(context, answer.Node), answer.Answer))];
    });

    private static Task RepairAsync(HttpContext context) => JoinDoor.AnswerAsync(context, PlacementJson.Default.RepairReport, async () =>
    {
        var ask = await JoinDoor.ReadAsync(context, PlacementJson.Default.RepairAsk).ConfigureAwait(false);
        return ask.MinimumHolders is < 1 or > 64
            ? throw new JoinRefusedException(JoinRefusal.Malformed, "A minimum is 1 to 64 holders.")
            : await context.RequestServices.GetRequiredService<CoverageSurvey>().RepairAsync(ask.MinimumHolders, context.RequestAborted).ConfigureAwait(false);
    });

    private static Task LookAsync(HttpContext context) => JoinDoor.AnswerAsync(
        context, PlacementJson.Default.RebuildProgress, () => Task.FromResult(context.RequestServices.GetRequiredService<Rebuilder>().Look(context.RequestAborted)));

    private static Task RebuildAsync(HttpContext context) => JoinDoor.AnswerAsync(context, PlacementJson.Default.RebuildProgress, async () =>
    {
        var ask = await JoinDoor.ReadAsync(context, PlacementJson.Default.RebuildAsk).ConfigureAwait(false);
        var rebuilder = context.RequestServices.GetRequiredService<Rebuilder>();
        try
        {
            if (ask.IsRunning)
            {
                rebuilder.Start();
            }
            else
            {
                rebuilder.Stop();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new JoinRefusedException(JoinRefusal.Conflict, e.Message, e);
        }

        return rebuilder.Look(context.RequestAborted);
    });

    /// <summary>Starts rebuilding and tells how far it is until it ends; whoever stops listening does not stop it.</summary>
    private static Task FollowAsync(HttpContext context) => AdminDoor.RunAsync(context, PlacementJson.Default.RebuildProgress, async (report, token) =>
    {
        var rebuilder = context.RequestServices.GetRequiredService<Rebuilder>();
        rebuilder.Start();
        using var timer = new PeriodicTimer(Interval, context.RequestServices.GetRequiredService<TimeProvider>());
        RebuildProgress progress;
        do
        {
            progress = rebuilder.Look(token);
            report(progress);
        }
        while (progress.IsRunning && await timer.WaitForNextTickAsync(token).ConfigureAwait(false));
        return progress;
    });

    private static string StudyOf(HttpContext context) => context.GetRouteValue("study") is string study && Uid.IsWellFormed(study)
        ? study
        : throw new JoinRefusedException(JoinRefusal.Malformed, "This is no Study Instance UID.");

    private static StudyCoverageView ViewOf(HttpContext context, StudyCoverage study, IReadOnlyList<NodeId>? verified) => new(
        study.StudyInstanceUid,
        study.Instances,
        study.HeldHere,
        study.FewestHolders,
        [.. study.Whole.Select(node => RecyclingDoor.NameOf(context, new NodeId(node)))],
        verified is null ? null : [.. verified.Select(node => RecyclingDoor.NameOf(context, node))]);
}
