using Microsoft.Extensions.Logging;
using Panal.Archive.Ingest;
using Panal.Volumes;

namespace Panal.Archive;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "Refused an instance of {SourceAeTitle}: {Refusal}: {Explanation}")]
    public static partial void Refused(ILogger logger, string sourceAeTitle, IngestRefusal? refusal, string? explanation);

    [LoggerMessage(2, LogLevel.Warning, "{SourceAeTitle} sent other content under the known SOP Instance UID {SopInstanceUid}")]
    public static partial void OtherContent(ILogger logger, string sopInstanceUid, string sourceAeTitle);

    [LoggerMessage(3, LogLevel.Error, "A file could not be imported")]
    public static partial void ImportFailed(ILogger logger, Exception fault);

    [LoggerMessage(4, LogLevel.Warning, "Attempt {Attempt} of {Kind} job {Id} failed")]
    public static partial void JobStepFailed(ILogger logger, Exception fault, string kind, long id, int attempt);

    [LoggerMessage(5, LogLevel.Error, "{Kind} job {Id} is given up after {Attempts} attempts")]
    public static partial void JobGivenUp(ILogger logger, string kind, long id, int attempts);

    [LoggerMessage(6, LogLevel.Information, "Reported storage commitment to {RequestorAeTitle}: {Committed} committed, {Failed} failed")]
    public static partial void CommitmentReported(ILogger logger, string requestorAeTitle, int committed, int failed);

    [LoggerMessage(7, LogLevel.Error, "The copy of SOP Instance {SopInstanceUid} on volume {Volume} is {Outcome}")]
    public static partial void CopyFaulty(ILogger logger, string sopInstanceUid, int volume, VerifyOutcome outcome);

    [LoggerMessage(8, LogLevel.Error, "Rows of stored instances cannot be committed; they are kept and tried again")]
    public static partial void RowsNotCommitted(ILogger logger, Exception fault);

    [LoggerMessage(9, LogLevel.Error, "The compact form of SOP Instance {SopInstanceUid} does not give back what was received; it is thrown away")]
    public static partial void CompactFormDiffers(ILogger logger, string sopInstanceUid);

    [LoggerMessage(11, LogLevel.Information, "SOP Instance {SopInstanceUid} cannot be compacted now: {Reason}")]
    public static partial void NotCompactedNow(ILogger logger, string sopInstanceUid, string reason);

    [LoggerMessage(10, LogLevel.Warning, "Compaction broke off; it goes on later")]
    public static partial void CompactionFailed(ILogger logger, Exception fault);

    [LoggerMessage(12, LogLevel.Information, "Stored the metadata of {Instances} instances of {Series} series")]
    public static partial void MetadataStored(ILogger logger, int instances, int series);

    [LoggerMessage(13, LogLevel.Information, "Stored the metadata of {Instances} instances that were here before; {Series} series were looked at")]
    public static partial void MetadataBacklogDone(ILogger logger, long instances, long series);

    [LoggerMessage(14, LogLevel.Information, "The metadata of {Instances} instances of series {SeriesInstanceUid} cannot be stored: {Reason}")]
    public static partial void MetadataNotMade(ILogger logger, int instances, string seriesInstanceUid, string reason);

    [LoggerMessage(15, LogLevel.Warning, "Storing metadata broke off; it goes on later")]
    public static partial void MetadataFailed(ILogger logger, Exception fault);
}
