using System.Text.Json.Serialization;

namespace Panal.Archive.Commitment;

/// <summary>One instance that a requestor wants committed.</summary>
public sealed record ReferencedInstance(string SopClassUid, string SopInstanceUid);

/// <summary>An instance that is not committed.</summary>
/// <param name="FailureReason">Failure Reason (0008,1197), PS3.3 §C.14.1.1.</param>
public sealed record FailedInstance(string SopClassUid, string SopInstanceUid, ushort FailureReason);

/// <summary>A request for storage commitment (PS3.4 §J.3.2).</summary>
/// <param name="TransactionUid">Transaction UID (0008,1195), chosen by the requestor.</param>
/// <param name="RequestorAeTitle">Who asked, and gets the report.</param>
/// <param name="OwnAeTitle">Under which title we were asked, and report.</param>
/// <param name="Instances">What is to be committed.</param>
public sealed record CommitmentRequest(
    string TransactionUid, string RequestorAeTitle, string OwnAeTitle, IReadOnlyList<ReferencedInstance> Instances);

/// <summary>The answer: each requested instance stands in exactly one of the two lists (PS3.4 §J.3.3).</summary>
public sealed record CommitmentReport(
    string TransactionUid,
    string RequestorAeTitle,
    string OwnAeTitle,
    IReadOnlyList<ReferencedInstance> Committed,
    IReadOnlyList<FailedInstance> Failed);

/// <summary>Delivers a report to its requestor.</summary>
public interface IReportCommitment
{
    /// <summary>Tries once.</summary>
    /// <returns>True when the requestor confirmed it; false, or an exception, when it must be tried again.</returns>
    ValueTask<bool> ReportAsync(CommitmentReport report, CancellationToken ct);
}

/// <summary>Failure Reason (0008,1197), PS3.3 §C.14.1.1.</summary>
internal static class FailureReasons
{
    public const ushort ProcessingFailure = 0x0110;
    public const ushort NoSuchObjectInstance = 0x0112;
    public const ushort ClassInstanceConflict = 0x0119;
}

/// <summary>What a commitment job remembers between attempts and restarts.</summary>
/// <param name="Request">What was asked.</param>
/// <param name="Report">The result, once everything was read back; then only the delivery is left.</param>
internal sealed record CommitmentJob(CommitmentRequest Request, CommitmentReport? Report);

[JsonSerializable(typeof(CommitmentJob))]
internal sealed partial class CommitmentJson : JsonSerializerContext;
