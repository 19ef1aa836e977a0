using Panal.Dicom;
using Panal.Dimse;

namespace Panal.Unit.Dimse.Negotiation;

public sealed class ContextNegotiationTests
{
    private static readonly ProposedPresentationContext Proposed = new(1, "1.2.3", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "9.9"]);

    [Fact]
    public void Our_order_of_preference_wins() =>
        Assert.Equal("1.2.840.10008.1.2.1", ContextNegotiation.Choose(Proposed.TransferSyntaxes, new(["1.2.840.10008.1.2.1", "1.2.840.10008.1.2"], false)));

    [Fact]
    public void Others_are_taken_in_the_requestors_order_when_allowed()
    {
        Assert.Equal("1.2.840.10008.1.2", ContextNegotiation.Choose(Proposed.TransferSyntaxes, new(["7.7"], true)));
        Assert.Null(ContextNegotiation.Choose(Proposed.TransferSyntaxes, new(["7.7"], false)));
    }

    [Fact]
    public void Each_context_gets_its_own_result()
    {
        ProposedPresentationContext[] contexts = [Proposed, new(3, "4.4", ["7.7"]), new(5, "5.5", ["7.7"])];
        var replies = ContextNegotiation.Answer(contexts, context => context.AbstractSyntax == "5.5" ? null : new([Uids.ImplicitVRLittleEndian], false));
        Assert.Equal(
            [PresentationContextResult.Acceptance, PresentationContextResult.TransferSyntaxesNotSupported, PresentationContextResult.AbstractSyntaxNotSupported],
            replies.Select(reply => reply.Result));
    }

    [Fact]
    public void What_a_policy_leaves_out_is_refused_and_what_nobody_proposed_is_dropped()
    {
        var replies = ContextNegotiation.Complete([Proposed], [new(99, PresentationContextResult.Acceptance, "1.2")]);
        Assert.Equal(new PresentationContextReply(1, PresentationContextResult.NoReason, Uids.ImplicitVRLittleEndian), Assert.Single(replies));
    }

    [Fact]
    public void A_role_that_was_not_proposed_is_not_granted()
    {
        RoleSelection[] proposed = [new("1.2.3", Scu: true, Scp: false)];
        RoleSelection[] granted = [new("1.2.3", Scu: true, Scp: true), new("4.4", Scu: true, Scp: true)];
        Assert.Equal([new RoleSelection("1.2.3", Scu: true, Scp: false)], ContextNegotiation.Narrow(proposed, granted));
    }

    [Fact]
    public void A_context_accepted_with_what_was_not_proposed_is_a_violation()
    {
        Assert.Throws<AssociationAbortException>(() => ContextNegotiation.Accepted([Proposed], [new(1, PresentationContextResult.Acceptance, "7.7")], []));
        Assert.Throws<AssociationAbortException>(() => ContextNegotiation.Accepted([Proposed], [new(3, PresentationContextResult.Acceptance, "9.9")], []));
    }

    [Theory]
    [InlineData(3, 2, 8, 8, 3, 2)]
    [InlineData(0, 0, 8, 4, 8, 4)]
    [InlineData(20, 1, 0, 4, 20, 1)]
    public void The_smaller_window_holds_where_zero_is_no_limit(ushort invoked, ushort performed, ushort ourInvoked, ushort ourPerformed, ushort expectedInvoked, ushort expectedPerformed) =>
        Assert.Equal(
            new AsynchronousOperationsWindow(expectedInvoked, expectedPerformed),
            new AsynchronousOperationsWindow(invoked, performed).Narrow(new(ourInvoked, ourPerformed)));
}
