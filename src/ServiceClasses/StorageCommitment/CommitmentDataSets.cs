using Panal.Archive.Commitment;
using Panal.Dicom;

namespace Panal.ServiceClasses.StorageCommitment;

/// <summary>The data sets of Storage Commitment. PS3.4 Tables J.3-1 and J.3-2.</summary>
internal static class CommitmentDataSets
{
    /// <summary>Writes the Action Information of a request.</summary>
    public static DataSet WriteRequest(string transactionUid, IReadOnlyList<ReferencedInstance> instances)
    {
        var information = new DataSet();
        information.Set(Tags.TransactionUID, transactionUid);
        information.SetSequence(Tags.ReferencedSOPSequence, [.. instances.Select(Reference)]);
        return information;
    }

    /// <summary>Reads the Action Information of a request; null when it is not one.</summary>
    public static (string TransactionUid, IReadOnlyList<ReferencedInstance> Instances)? ReadRequest(DataSet information)
    {
        var transactionUid = information.GetString(Tags.TransactionUID);
        var instances = ReadReferences(information.GetSequence(Tags.ReferencedSOPSequence));
        return transactionUid is null || !Uid.IsWellFormed(transactionUid) || instances is null or [] ? null : (transactionUid, instances);
    }

    /// <summary>Writes the Event Information of a result: each instance in exactly one of two sequences.</summary>
    public static DataSet WriteReport(CommitmentReport report)
    {
        var information = new DataSet();
        information.Set(Tags.TransactionUID, report.TransactionUid);
        if (report.Committed.Count > 0)
        {
            information.Set(Tags.RetrieveAETitle, report.OwnAeTitle);
            information.SetSequence(Tags.ReferencedSOPSequence, [.. report.Committed.Select(Reference)]);
        }

        if (report.Failed.Count > 0)
        {
            information.SetSequence(Tags.FailedSOPSequence, [.. report.Failed.Select(Failure)]);
        }

        return information;
    }

    /// <summary>Reads the Event Information of a result; null when it is not one.</summary>
    public static CommitmentResult? ReadReport(DataSet information)
    {
        var transactionUid = information.GetString(Tags.TransactionUID);
        var committed = ReadReferences(information.GetSequence(Tags.ReferencedSOPSequence));
        var failures = information.GetSequence(Tags.FailedSOPSequence);
        var failed = ReadReferences(failures);
        if (transactionUid is null || committed is null || failed is null)
        {
            return null;
        }

        return new CommitmentResult(
            transactionUid,
            committed,
            [.. failed.Select((one, index) => new FailedInstance(one.SopClassUid, one.SopInstanceUid, failures[index].GetUInt16(Tags.FailureReason) ?? 0))]);
    }

    private static List<ReferencedInstance>? ReadReferences(IReadOnlyList<DataSet> items)
    {
        var references = new List<ReferencedInstance>(items.Count);
        foreach (var item in items)
        {
            if (item.GetString(Tags.ReferencedSOPClassUID) is not { } sopClassUid || item.GetString(Tags.ReferencedSOPInstanceUID) is not { } sopInstanceUid)
            {
                return null;
            }

            references.Add(new ReferencedInstance(sopClassUid, sopInstanceUid));
        }

        return references;
    }

    private static DataSet Reference(ReferencedInstance instance)
    {
        var item = new DataSet();
        item.Set(Tags.ReferencedSOPClassUID, instance.SopClassUid);
        item.Set(Tags.ReferencedSOPInstanceUID, instance.SopInstanceUid);
        return item;
    }

    private static DataSet Failure(FailedInstance instance)
    {
        var item = Reference(new ReferencedInstance(instance.SopClassUid, instance.SopInstanceUid));
        item.SetUInt16(Tags.FailureReason, instance.FailureReason);
        return item;
    }
}
