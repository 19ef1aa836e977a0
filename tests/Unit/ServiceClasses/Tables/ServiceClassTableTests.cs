using Panal.Dicom;
using Panal.ServiceClasses.QueryRetrieve;
using Panal.ServiceClasses.Storage;
using Panal.ServiceClasses.StorageCommitment;
using Panal.ServiceClasses.Tables;
using Panal.ServiceClasses.Verification;

namespace Panal.Unit.ServiceClasses.Tables;

public sealed class ServiceClassTableTests
{
    [Theory]
    [InlineData(Uids.CTImageStorage)]
    [InlineData(Uids.HangingProtocolStorage)]
    [InlineData(Uids.StoredPrintStorage)]
    [InlineData("1.2.840.10008.5.1.4.1.1.9999")]
    [InlineData("1.3.46.670589.5.0.1.1")]
    [InlineData("2.25.152752519834663263826301420581341174218")]
    public void Known_unknown_and_private_classes_are_stored(string abstractSyntax) =>
        Assert.Same(StorageTable.Service, ServiceClassTable.Find(abstractSyntax));

    [Theory]
    [InlineData(Uids.ModalityWorklistInformationModelFind)]
    [InlineData(Uids.ModalityPerformedProcedureStep)]
    [InlineData(Uids.BasicGrayscalePrintManagementMeta)]
    [InlineData(Uids.MediaStorageDirectoryStorage)]
    [InlineData(Uids.StorageCommitmentPullModel)]
    [InlineData(Uids.InventoryFind)]
    [InlineData(Uids.ExplicitVRLittleEndian)]
    [InlineData("1.2.840.10008.77")]
    public void Other_services_of_the_standard_are_not_taken_for_storage(string abstractSyntax) =>
        Assert.Null(ServiceClassTable.Find(abstractSyntax));

    [Fact]
    public void Each_service_is_found_by_its_SOP_classes()
    {
        Assert.Same(VerificationTable.Service, ServiceClassTable.Find(Uids.Verification));
        Assert.Same(StorageCommitmentTable.Service, ServiceClassTable.Find(Uids.StorageCommitmentPushModel));
        Assert.Same(QueryRetrieveTable.Find, ServiceClassTable.Find(Uids.StudyRootQueryRetrieveInformationModelFind));
        Assert.Same(QueryRetrieveTable.Move, ServiceClassTable.Find(Uids.PatientRootQueryRetrieveInformationModelMove));
        Assert.Same(QueryRetrieveTable.Get, ServiceClassTable.Find(Uids.StudyRootQueryRetrieveInformationModelGet));
    }

    [Fact]
    public void Storage_takes_any_transfer_syntax_and_the_others_those_that_can_be_decoded()
    {
        var unknown = TransferSyntax.ForUid("1.2.3.4");
        Assert.True(StorageTable.Service.Accepts(unknown));
        Assert.False(QueryRetrieveTable.Find.Accepts(unknown));
        Assert.True(QueryRetrieveTable.Find.Accepts(TransferSyntax.DeflatedExplicitVrLittleEndian));
    }
}
