using System.Globalization;
using System.Text.Json.Serialization;
using Panal.Archive.Conflicts;
using Panal.Catalogue;
using Panal.Dicom;
using Panal.Federation.Fetching;
using Panal.Federation.Membership;
using Panal.Security.Accounts;
using Panal.Security.Audit;

namespace Panal.Node.Network;

/// <summary>Which side of a conflict is right.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<KeptSide>))]
internal enum KeptSide
{
    /// <summary>What is shown already.</summary>
    Shown,

    /// <summary>What the other source says.</summary>
    Other,
}

/// <summary>What an administrator decides about a conflict.</summary>
/// <param name="Keep">Which side is right.</param>
/// <param name="Reason">Why; it is kept in the audit trail.</param>
internal sealed record KeepAsk(KeptSide Keep, string Reason);

/// <summary>A decided conflict.</summary>
/// <param name="Id">Number of the conflict at this node.</param>
/// <param name="Done">What was done, for a person.</param>
internal sealed record KeepView(long Id, string Done);

/// <summary>`/api/network/conflicts/{conflict}/keep`: which side of a conflict is right. Nothing is deleted by it: contents stay as versions, attributes in the record of corrections.</summary>
internal sealed class ConflictDecisions(CatalogueDatabase catalogue, ContentChooser chooser, CorrectionRoutes corrections, RemoteCopies remote, AuditTrail trail, Panal.Node.Options.NodeConfiguration configuration)
{
    /// <summary>Shortest and longest reason, in characters: one that says something, and fits a line of the audit trail.</summary>
    private const int ReasonMinimum = 3, ReasonLimit = 200;

    public Task KeepAsync(HttpContext context) => JoinDoor.AnswerAsync(context, NetworkJson.Default.KeepView, async () =>
    {
        var ask = await JoinDoor.ReadAsync(context, NetworkJson.Default.KeepAsk).ConfigureAwait(false);
        var reason = ask.Reason?.Trim() ?? "";
        if (reason.Length is < ReasonMinimum or > ReasonLimit || reason.Any(char.IsControl))
        {
            throw new JoinRefusedException(JoinRefusal.Malformed, $"Say why, with {ReasonMinimum} to {ReasonLimit} characters: it is kept in the audit trail.");
        }

        var conflict = long.TryParse(context.GetRouteValue("conflict") as string, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id > 0
            ? Find(id)
            : throw Decided();
        var isDone = false;
        try
        {
            var done = ask.Keep == KeptSide.Shown ? await KeepShownAsync(id, context.RequestAborted).ConfigureAwait(false)
                : conflict.Kind == ConflictKind.OtherContent ? await KeepOtherContentAsync(conflict, context.RequestAborted).ConfigureAwait(false)
                : await KeepOtherAttributesAsync(context, conflict).ConfigureAwait(false);
            isDone = true;
            return new KeepView(id, done);
        }
        finally
        {
            await RecordAsync(context, conflict, ask.Keep, reason, isDone).ConfigureAwait(false);
        }
    });

    /// <summary>Whether the other side can be chosen: its content is kept here or held by another node, or its words can be a correction.</summary>
    public static bool MayKeepOther(CatalogueDatabase catalogue, Conflict conflict) => conflict.Kind == ConflictKind.OtherContent
        ? conflict.Version is not null || HolderOf(catalogue, conflict) is not null
        : CorrectionOf(conflict).Count > 0;

    /// <summary>An open conflict.</summary>
    private Conflict Find(long id) => catalogue.Conflicts(isOpenOnly: true, id - 1, 1) is [var found] && found.Id == id ? found : throw Decided();

    private static JoinRefusedException Decided() => new(JoinRefusal.Unknown, "There is no such conflict, or it is decided.");

    /// <summary>A node that holds the other content; null when none is known.</summary>
    private static InstanceHolder? HolderOf(CatalogueDatabase catalogue, Conflict conflict) => catalogue.HoldersOfInstance(conflict.Subject)
        .FirstOrDefault(holder => holder.LengthBytes > 0 && holder.Hash.Span.SequenceEqual(conflict.ContentHash.Span));

    private async Task<string> KeepShownAsync(long id, CancellationToken cancellationToken)
    {
        await catalogue.ResolveConflictAsync(id, cancellationToken).ConfigureAwait(false);
        return "What is shown stays; what else is kept stays too.";
    }

    /// <summary>The other content comes here first where only another node holds it; what has come stays and is found by whoever decides again.</summary>
    private async Task<string> KeepOtherContentAsync(Conflict conflict, CancellationToken cancellationToken)
    {
        if (conflict.Version is null && HolderOf(catalogue, conflict) is { } holder && catalogue.FindInstance(conflict.Subject) is { } instance)
        {
            await catalogue.WantContentAsync(conflict.Id, cancellationToken).ConfigureAwait(false);
            if (!await remote.BringContentAsync(instance.StudyInstanceUid, holder, cancellationToken).ConfigureAwait(false))
            {
                throw new JoinRefusedException(
                    JoinRefusal.Conflict, "The other content is held by another node only, and nothing comes from there now. It is still wanted: it is kept when it comes; decide again then.");
            }

            conflict = Find(conflict.Id);
        }

        return await ChooseAsync(conflict, cancellationToken).ConfigureAwait(false);
    }

    private async Task<string> ChooseAsync(Conflict conflict, CancellationToken cancellationToken) =>
        await chooser.ChooseLaterAsync(conflict, cancellationToken).ConfigureAwait(false) switch
        {
            ContentChoice.Chosen => "The other content is answered with from now on; the former one is kept as a version.",
            ContentChoice.OfOtherSeries => throw new JoinRefusedException(
                JoinRefusal.Conflict, "The other content names another study or series, which it cannot come into: what is shown must stay."),
            ContentChoice.Unreadable => throw new JoinRefusedException(
                JoinRefusal.Conflict, "The bytes of the other content cannot be read back as they were stored: what is shown must stay."),
            _ => throw new JoinRefusedException(
                JoinRefusal.Conflict,
                "The other content is not kept here, and no node is known to hold it: a node keeps it with the policy KeepBothVersions (docs/configuration.md, Archive:Duplicates). With that, send it here again and decide then."),
        };

    /// <summary>What the other source says is said from now on: a correction, with all that belongs to one.</summary>
    private async Task<string> KeepOtherAttributesAsync(HttpContext context, Conflict conflict)
    {
        var study = catalogue.FindInstance(conflict.SopInstanceUid)?.StudyInstanceUid
            ?? throw new JoinRefusedException(JoinRefusal.Unknown, "The instance that brought the conflict has gone: what is shown must stay.");
        var correction = CorrectionOf(conflict);
        if (correction.Count == 0)
        {
            throw new JoinRefusedException(JoinRefusal.NotAllowed, "What the other source says here cannot be taken over: what is shown must stay.");
        }

        var made = await corrections.MakeAsync(context, study, () => correction, isDryRun: false).ConfigureAwait(false);
        await catalogue.ResolveConflictAsync(conflict.Id, context.RequestAborted).ConfigureAwait(false);
        return made.IsDone ? "What the other source says is said from now on." : "That is said already.";
    }

    /// <summary>The attributes that can be corrected, of those that the other source says; none where there is none.</summary>
    private static DataSet CorrectionOf(Conflict conflict)
    {
        var correction = new DataSet();
        if (conflict.Kind is ConflictKind.PatientAttributes or ConflictKind.StudyAttributes or ConflictKind.StudyOfOtherPatient)
        {
            foreach (var (tag, limit) in CorrectionRoutes.Correctable.Values)
            {
                if (conflict.Other.GetString(tag) is { Length: > 0 } value && value.Length <= limit)
                {
                    correction.Set(tag, value);
                }
            }
        }

        if (correction.Count > 0)
        {
            correction.Set(Tags.SpecificCharacterSet, "ISO_IR 192");
        }

        return correction;
    }

    private ValueTask RecordAsync(HttpContext context, Conflict conflict, KeptSide kept, string reason, bool isDone) => trail.RecordAsync(
        AuditEvents.SecurityAlert(
            configuration.Device.EffectiveName,
            new AuditPerson(context.Features.Get<Caller>()?.Name ?? Environment.UserName, context.Connection.RemoteIpAddress),
            SecurityAlertType.ObjectSecurityAttributesChanged,
            conflict.SopInstanceUid,
            string.Create(CultureInfo.InvariantCulture, $"Conflict {conflict.Id} ({conflict.Kind}): {(kept == KeptSide.Shown ? "what is shown" : "the other side")} is kept: {reason}"),
            isDone ? AuditOutcome.Success : AuditOutcome.MinorFailure),
        CancellationToken.None);
}
