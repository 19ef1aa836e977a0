using Panal.Archive.Retrieve;
using Panal.Federation.Membership;
using Panal.Federation.Recycling;
using Panal.Node.Web;
using Panal.Security.Accounts;
using Panal.Security.Audit;

namespace Panal.Node.Operation;

/// <summary>Deleting a study of this node, with a reason: `/api/studies/{study}/deletion` tells what it would do, DELETE `/api/studies/{study}` does it.</summary>
internal sealed class DeletionRoutes(KnownStudies studies, Recycler recycler, NetworkMembership membership, AuditTrail audit)
{
    /// <summary>Shortest and longest reason, in characters: one that says something, and fits a line of the audit trail.</summary>
    private const int ReasonMinimum = 3, ReasonLimit = 200;

    private static readonly RightsRoute Delete = new(AccountRights.View | AccountRights.Delete);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/studies/{study}/deletion", (RequestDelegate)LookAsync).WithMetadata(Delete with { BodyLimitBytes = 0 });
        routes.MapDelete("/api/studies/{study}", (RequestDelegate)DeleteAsync).WithMetadata(Delete);
    }

    private async Task LookAsync(HttpContext context)
    {
        if (await studies.LocateAsync(context).ConfigureAwait(false) is { } found)
        {
            await AnswerAsync(context, await recycler.LookAtDeletionAsync(found[0].StudyInstanceUid, context.RequestAborted).ConfigureAwait(false)).ConfigureAwait(false);
        }
    }

    private async Task DeleteAsync(HttpContext context)
    {
        var request = await WebJson.ReadAsync(context, WebJson.Default.DeletionRequest).ConfigureAwait(false);
        var reason = request.Reason.Trim();
        if (reason.Length is < ReasonMinimum or > ReasonLimit || reason.Any(char.IsControl))
        {
            await Problem.WriteAsync(
                context, StatusCodes.Status400BadRequest, "reason", $"Say why, with {ReasonMinimum} to {ReasonLimit} characters: it is kept in the audit trail.").ConfigureAwait(false);
            return;
        }

        if (await studies.LocateAsync(context).ConfigureAwait(false) is not { } found)
        {
            return;
        }

        Deletion? deletion = null;
        try
        {
            deletion = await recycler.DeleteStudyAsync(found[0].StudyInstanceUid, request.EvenLastCopy, context.RequestAborted).ConfigureAwait(false);
        }
        finally
        {
            await RecordAsync(context, found, deletion, reason).ConfigureAwait(false);
        }

        if (RefusalOf(deletion.Outcome) is var (code, detail))
        {
            await Problem.WriteAsync(context, StatusCodes.Status409Conflict, code, detail).ConfigureAwait(false);
            return;
        }

        await AnswerAsync(context, deletion).ConfigureAwait(false);
    }

    private static (string Code, string Detail)? RefusalOf(DeletionOutcome outcome) => outcome switch
    {
        DeletionOutcome.LastCopy => ("last-copy", "No other node that keeps studies has confirmed a copy: nobody would have it any more. Say that this is meant, or let another node fetch it first."),
        DeletionOutcome.Pinned => ("pinned", "It is pinned here: unpin it first."),
        DeletionOutcome.InTransfer => ("in-transfer", "It is on its way here: cancel that first."),
        DeletionOutcome.NotHere => ("not-here", "Nothing of it is held here: delete it where it is."),
        _ => null,
    };

    private Task AnswerAsync(HttpContext context, Deletion deletion)
    {
        var roster = membership.Standing?.Roster;
        var view = new DeletionView(
            deletion.Outcome, deletion.Instances, deletion.LengthBytes, [.. deletion.Keepers.Select(keeper => roster?.Find(keeper.Value)?.Name ?? keeper.ToString())]);
        return WebJson.WriteAsync(context, StatusCodes.Status200OK, view, OperationJson.Default.DeletionView);
    }

    /// <summary>Who deleted what and why, or was refused, or what broke in between: one message a patient.</summary>
    private async Task RecordAsync(HttpContext context, IReadOnlyList<InstanceReference> instances, Deletion? deletion, string reason)
    {
        var by = new AuditParty(context.Features.Get<Caller>()!.Name, context.Connection.RemoteIpAddress) { IsAccount = true };
        var outcome = deletion is null ? AuditOutcome.SeriousFailure : RefusalOf(deletion.Outcome) is null ? AuditOutcome.Success : AuditOutcome.MinorFailure;
        foreach (var patient in instances.GroupBy(static instance => instance.PatientId, StringComparer.Ordinal))
        {
            var about = StudyRoutes.PatientOf(patient.Key, [.. patient]);
            await audit.RecordAsync(
                AuditEvents.StudyDeleted(by, about, $"{deletion?.Outcome.ToString() ?? "Failed"}: {reason}", outcome), CancellationToken.None).ConfigureAwait(false);
        }
    }
}
