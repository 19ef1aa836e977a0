using Panal.Dicom;

namespace Panal.Dimse;

/// <summary>Which transfer syntaxes a service takes for one abstract syntax.</summary>
/// <param name="Preferred">UIDs in our order of preference.</param>
/// <param name="AcceptsOthers">When none of the preferred is proposed, take the requestor's first, whatever it is.</param>
public sealed record TransferSyntaxPreference(IReadOnlyList<string> Preferred, bool AcceptsOthers);

/// <summary>From proposed to accepted presentation contexts (PS3.8 §7.1.1.13 and 7.1.1.14).</summary>
public static class ContextNegotiation
{
    /// <summary>Answers each proposed context.</summary>
    /// <param name="proposed">The requestor's contexts.</param>
    /// <param name="preferenceOf">What we take for a context; null refuses its abstract syntax.</param>
    public static IReadOnlyList<PresentationContextReply> Answer(
        IReadOnlyList<ProposedPresentationContext> proposed, Func<ProposedPresentationContext, TransferSyntaxPreference?> preferenceOf)
    {
        var replies = new PresentationContextReply[proposed.Count];
        for (var index = 0; index < replies.Length; index++)
        {
            var context = proposed[index];
            replies[index] = preferenceOf(context) switch
            {
                null => new(context.Id, PresentationContextResult.AbstractSyntaxNotSupported, Uids.ImplicitVRLittleEndian),
                var preference => Choose(context.TransferSyntaxes, preference) is { } chosen
                    ? new(context.Id, PresentationContextResult.Acceptance, chosen)
                    : new(context.Id, PresentationContextResult.TransferSyntaxesNotSupported, Uids.ImplicitVRLittleEndian),
            };
        }

        return replies;
    }

    /// <summary>The best of the proposed transfer syntaxes, or null.</summary>
    public static string? Choose(IReadOnlyList<string> proposed, TransferSyntaxPreference preference)
    {
        foreach (var preferred in preference.Preferred)
        {
            if (proposed.Contains(preferred, StringComparer.Ordinal))
            {
                return preferred;
            }
        }

        return preference.AcceptsOthers && proposed.Count > 0 ? proposed[0] : null;
    }

    /// <summary>One reply for each proposed context in its order: what a policy left out is "no reason", what nobody proposed is dropped.</summary>
    internal static IReadOnlyList<PresentationContextReply> Complete(
        IReadOnlyList<ProposedPresentationContext> proposed, IReadOnlyList<PresentationContextReply> replies)
    {
        var complete = new PresentationContextReply[proposed.Count];
        for (var index = 0; index < complete.Length; index++)
        {
            var id = proposed[index].Id;
            complete[index] = replies.FirstOrDefault(reply => reply.Id == id)
                ?? new PresentationContextReply(id, PresentationContextResult.NoReason, Uids.ImplicitVRLittleEndian);
        }

        return complete;
    }

    /// <summary>Roles that both sides named: a role that was not proposed cannot be granted (PS3.7 §D.3.3.4).</summary>
    internal static IReadOnlyList<RoleSelection> Narrow(IReadOnlyList<RoleSelection> proposed, IReadOnlyList<RoleSelection> granted)
    {
        var roles = new List<RoleSelection>(granted.Count);
        foreach (var role in granted)
        {
            if (proposed.LastOrDefault(one => one.SopClassUid == role.SopClassUid) is { } offer)
            {
                roles.Add(new RoleSelection(role.SopClassUid, role.Scu && offer.Scu, role.Scp && offer.Scp));
            }
        }

        return roles;
    }

    /// <summary>The accepted contexts with their roles, by number.</summary>
    /// <exception cref="AssociationAbortException">An accepted context was not proposed, or its transfer syntax was not.</exception>
    internal static IReadOnlyList<PresentationContext> Accepted(
        IReadOnlyList<ProposedPresentationContext> proposed, IReadOnlyList<PresentationContextReply> replies, IReadOnlyList<RoleSelection> roles)
    {
        var offers = proposed.ToDictionary(context => context.Id);
        var granted = new Dictionary<string, RoleSelection>(StringComparer.Ordinal);
        foreach (var role in roles)
        {
            granted[role.SopClassUid] = role;
        }

        var accepted = new List<PresentationContext>(replies.Count);
        foreach (var reply in replies)
        {
            if (reply.Result != PresentationContextResult.Acceptance)
            {
                continue;
            }

            if (!offers.TryGetValue(reply.Id, out var offer) || !offer.TransferSyntaxes.Contains(reply.TransferSyntax, StringComparer.Ordinal))
            {
                throw new AssociationAbortException(
                    $"Presentation context {reply.Id} was accepted with what was not proposed.", AbortReason.InvalidPduParameterValue);
            }

            var role = granted.GetValueOrDefault(offer.AbstractSyntax);
            accepted.Add(new PresentationContext(
                reply.Id, offer.AbstractSyntax, TransferSyntax.ForUid(reply.TransferSyntax), role?.Scu ?? true, role?.Scp ?? false));
        }

        return accepted;
    }
}
