using System.Net;
using Microsoft.Extensions.Logging;
using Panal.Archive.Search;
using Panal.Dicom;
using Panal.Dimse;
using Panal.Security.Access;
using Panal.ServiceClasses.Peers;

namespace Panal.ServiceClasses;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "Rejected an association of {CallingAeTitle} from {Address}: {Refusal}")]
    public static partial void AssociationRejected(ILogger logger, string callingAeTitle, IPAddress? address, AccessRefusal refusal);

    [LoggerMessage(2, LogLevel.Warning, "A stored instance cannot be read")]
    public static partial void InstanceUnreadable(ILogger logger, Exception exception);

    [LoggerMessage(3, LogLevel.Warning, "An instance was refused by the receiver with {Status:X4}")]
    public static partial void PeerRefusedInstance(ILogger logger, ushort status);

    [LoggerMessage(4, LogLevel.Information, "{CallingAeTitle} asked wrongly: {Reason}")]
    public static partial void QueryRefused(ILogger logger, string callingAeTitle, SearchRefusal reason);

    [LoggerMessage(5, LogLevel.Debug, "Answered a query of {CallingAeTitle} with {Matches} matches")]
    public static partial void QueryAnswered(ILogger logger, string callingAeTitle, int matches);

    [LoggerMessage(6, LogLevel.Warning, "{CallingAeTitle} wanted instances moved to {Destination}, which is not registered or not allowed")]
    public static partial void MoveDestinationUnknown(ILogger logger, string callingAeTitle, string destination);

    [LoggerMessage(7, LogLevel.Information, "{CallingAeTitle} had instances sent to {Destination}: {Completed} completed, {Failed} failed")]
    public static partial void Retrieved(ILogger logger, string callingAeTitle, string destination, int completed, int failed);

    [LoggerMessage(8, LogLevel.Warning, "{Peer} is unavailable: {Problem}")]
    public static partial void PeerUnavailable(ILogger logger, PeerAddress peer, string problem);

    [LoggerMessage(9, LogLevel.Information, "{CallingAeTitle} asks for commitment of {Instances} instances")]
    public static partial void CommitmentRequested(ILogger logger, string callingAeTitle, int instances);

    [LoggerMessage(10, LogLevel.Warning, "{RequestorAeTitle} answered a commitment result with {Status:X4}")]
    public static partial void CommitmentReportRefused(ILogger logger, string requestorAeTitle, ushort status);

    [LoggerMessage(11, LogLevel.Warning, "The association ended while {RequestorAeTitle} was told a commitment result: {End}")]
    public static partial void CommitmentReportLost(ILogger logger, string requestorAeTitle, AssociationEnd end);

    [LoggerMessage(12, LogLevel.Warning, "A data set of {CallingAeTitle} is malformed: {Reason} at byte {OffsetBytes}")]
    public static partial void DataSetMalformed(ILogger logger, string callingAeTitle, DicomFormatReason reason, long offsetBytes);

    [LoggerMessage(13, LogLevel.Error, "A {CommandField} of {CallingAeTitle} failed")]
    public static partial void RequestFailed(ILogger logger, CommandField commandField, string callingAeTitle, Exception exception);

    [LoggerMessage(14, LogLevel.Information, "{CallingAeTitle} gives notice of a study; mirrored here: {IsMirrored}")]
    public static partial void Noticed(ILogger logger, string callingAeTitle, bool isMirrored);
}
