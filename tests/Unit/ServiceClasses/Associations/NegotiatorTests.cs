using Panal.Dicom;
using Panal.Dimse;
using Panal.Security.Access;
using Panal.ServiceClasses;
using Panal.ServiceClasses.Associations;

namespace Panal.Unit.ServiceClasses.Associations;

public sealed class NegotiatorTests
{
    private static readonly ServiceClassOptions Options = new();

    [Theory]
    [InlineData(Uids.CTImageStorage, "1.2.840.10008.1.2.4.90,1.2.840.10008.1.2", "1.2.840.10008.1.2.4.90")]
    [InlineData(Uids.CTImageStorage, "1.2.3.4.5,1.2.840.10008.1.2", "1.2.3.4.5")]
    [InlineData("1.3.46.670589.5.0.1.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2")]
    [InlineData(Uids.StudyRootQueryRetrieveInformationModelFind, "1.2.840.10008.1.2.4.50,1.2.840.10008.1.2.2", "1.2.840.10008.1.2.2")]
    [InlineData(Uids.Verification, "1.2.840.10008.1.2", "1.2.840.10008.1.2")]
    public void The_first_transfer_syntax_that_the_service_can_read_is_chosen(string abstractSyntax, string proposed, string chosen)
    {
        var reply = Answer(abstractSyntax, proposed, Rights.All);
        Assert.Equal(PresentationContextResult.Acceptance, reply.Result);
        Assert.Equal(chosen, reply.TransferSyntax);
    }

    [Fact]
    public void The_configured_order_comes_before_the_proposed_one()
    {
        var options = Options with { StorageTransferSyntaxes = [Uids.ExplicitVRLittleEndian] };
        var context = new ProposedPresentationContext(1, Uids.CTImageStorage, [Uids.JPEGBaseline8Bit, Uids.ImplicitVRLittleEndian, Uids.ExplicitVRLittleEndian]);
        Assert.Equal(Uids.ExplicitVRLittleEndian, Negotiator.Answer(context, Rights.All, options).TransferSyntax);
    }

    [Theory]
    [InlineData(Uids.ModalityWorklistInformationModelFind, "1.2.840.10008.1.2", Rights.All, PresentationContextResult.AbstractSyntaxNotSupported)]
    [InlineData(Uids.StudyRootQueryRetrieveInformationModelFind, "1.2.840.10008.1.2.4.50", Rights.All, PresentationContextResult.TransferSyntaxesNotSupported)]
    [InlineData(Uids.CTImageStorage, "1.2.840.10008.1.1", Rights.All, PresentationContextResult.TransferSyntaxesNotSupported)]
    [InlineData(Uids.CTImageStorage, "1.2.840.10008.1.2", Rights.Find, PresentationContextResult.UserRejection)]
    [InlineData(Uids.CTImageStorage, "1.2.840.10008.1.2", Rights.Retrieve, PresentationContextResult.Acceptance)]
    [InlineData(Uids.StudyRootQueryRetrieveInformationModelGet, "1.2.840.10008.1.2", Rights.Store, PresentationContextResult.UserRejection)]
    [InlineData(Uids.StorageCommitmentPushModel, "1.2.840.10008.1.2", Rights.Store, PresentationContextResult.UserRejection)]
    public void Each_refusal_has_its_result(string abstractSyntax, string proposed, Rights rights, PresentationContextResult expected) =>
        Assert.Equal(expected, Answer(abstractSyntax, proposed, rights).Result);

    [Theory]
    [InlineData(Rights.All, true, true)]
    [InlineData(Rights.Store, true, false)]
    [InlineData(Rights.Retrieve, false, true)]
    [InlineData(Rights.Find, false, false)]
    public void Storage_roles_follow_the_rights(Rights rights, bool scu, bool scp) =>
        Assert.Equal(
            new RoleSelection(Uids.CTImageStorage, scu, scp),
            Negotiator.Answer(new RoleSelection(Uids.CTImageStorage, Scu: true, Scp: true), rights));

    [Fact]
    public void An_archive_may_report_commitment_in_the_role_of_the_SCP() =>
        Assert.Equal(
            new RoleSelection(Uids.StorageCommitmentPushModel, Scu: false, Scp: true),
            Negotiator.Answer(new RoleSelection(Uids.StorageCommitmentPushModel, Scu: false, Scp: true), Rights.All));

    [Theory]
    [InlineData(Uids.StudyRootQueryRetrieveInformationModelFind, "01", "01")]
    [InlineData(Uids.StudyRootQueryRetrieveInformationModelFind, "00", "00")]
    [InlineData(Uids.StudyRootQueryRetrieveInformationModelFind, "0101010101010101", "01010000000101")]
    [InlineData(Uids.StudyRootQueryRetrieveInformationModelMove, "0101", "0100")]
    [InlineData(Uids.CTImageStorage, "020000000000", "020003000000")]
    public void Extended_negotiation_is_answered_no_longer_than_offered(string sopClass, string offered, string answered) =>
        Assert.Equal(answered, Convert.ToHexString(Negotiator.Answer(new ExtendedNegotiation(sopClass, Convert.FromHexString(offered)))!.ApplicationInformation.Span));

    [Fact]
    public void Services_without_extended_negotiation_leave_it_unanswered() =>
        Assert.Null(Negotiator.Answer(new ExtendedNegotiation(Uids.Verification, new byte[] { 1 })));

    private static PresentationContextReply Answer(string abstractSyntax, string proposed, Rights rights) =>
        Negotiator.Answer(new ProposedPresentationContext(1, abstractSyntax, proposed.Split(',')), rights, Options);
}
