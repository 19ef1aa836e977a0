using Panal.Archive.Commitment;
using Panal.Dicom;
using Panal.ServiceClasses.StorageCommitment;

namespace Panal.Unit.ServiceClasses.StorageCommitment;

public sealed class CommitmentDataSetsTests
{
    private static readonly ReferencedInstance One = new(Uids.CTImageStorage, "1.2.3.1");
    private static readonly ReferencedInstance Two = new(Uids.MRImageStorage, "1.2.3.2");

    [Fact]
    public void A_request_is_read_as_it_was_written()
    {
        var read = CommitmentDataSets.ReadRequest(CommitmentDataSets.WriteRequest("1.2.9", [One, Two]));
        Assert.Equal("1.2.9", read!.Value.TransactionUid);
        Assert.Equal([One, Two], read.Value.Instances);
    }

    [Fact]
    public void A_report_names_each_instance_in_one_of_two_sequences()
    {
        var report = new CommitmentReport("1.2.9", "SCU", "PANAL", [One], [new FailedInstance(Two.SopClassUid, Two.SopInstanceUid, 0x0112)]);
        var information = CommitmentDataSets.WriteReport(report);
        var read = CommitmentDataSets.ReadReport(information)!;
        Assert.Equal([One], read.Committed);
        Assert.Equal(report.Failed, read.Failed);
        Assert.Equal("PANAL", information.GetString(Tags.RetrieveAETitle));
    }

    [Fact]
    public void A_sequence_without_items_is_left_out()
    {
        var information = CommitmentDataSets.WriteReport(new CommitmentReport("1.2.9", "SCU", "PANAL", [One], []));
        Assert.False(information.Contains(Tags.FailedSOPSequence));
    }

    [Fact]
    public void What_is_no_request_is_not_read()
    {
        Assert.Null(CommitmentDataSets.ReadRequest(new DataSet()));
        Assert.Null(CommitmentDataSets.ReadRequest(CommitmentDataSets.WriteRequest("1.2.9", [])));
        Assert.Null(CommitmentDataSets.ReadRequest(CommitmentDataSets.WriteRequest("../etc", [One])));
        var withoutInstance = CommitmentDataSets.WriteRequest("1.2.9", [One]);
        withoutInstance.GetSequence(Tags.ReferencedSOPSequence)[0].Remove(Tags.ReferencedSOPInstanceUID);
        Assert.Null(CommitmentDataSets.ReadRequest(withoutInstance));
    }
}
