using Microsoft.Extensions.Logging;
using Panal.Federation.Administration;
using Panal.Federation.Membership;
using Panal.Security.Identities;
using Panal.Swarm;

namespace Panal.Federation;

/// <summary>Feed from 101, fetching from 121, recycling and placement from 161, membership from 201, brokers from 301.</summary>
internal static partial class Log
{
    [LoggerMessage(101, LogLevel.Information, "Takes over a snapshot of {Publisher}")]
    public static partial void SnapshotBegins(ILogger logger, NodeId publisher);

    [LoggerMessage(102, LogLevel.Information, "The snapshot of {Publisher} is taken over: {Instances} instances")]
    public static partial void SnapshotEnded(ILogger logger, NodeId publisher, long instances);

    [LoggerMessage(103, LogLevel.Information, "The feed of {Publisher} is interrupted: {Reason}; next attempt in {Wait}")]
    public static partial void FeedInterrupted(ILogger logger, NodeId publisher, string reason, TimeSpan wait);

    [LoggerMessage(104, LogLevel.Warning, "{Subscriber} may not follow the feed")]
    public static partial void FeedRefused(ILogger logger, NodeId subscriber);

    [LoggerMessage(105, LogLevel.Information, "Dropped {Count} old changes")]
    public static partial void Compacted(ILogger logger, int count);

    [LoggerMessage(106, LogLevel.Error, "The feed of {Publisher} cannot be followed")]
    public static partial void FeedFailed(ILogger logger, Exception fault, NodeId publisher);

    [LoggerMessage(107, LogLevel.Warning, "{Publisher} shows us nothing any more; what it said is forgotten")]
    public static partial void FeedWithdrawn(ILogger logger, NodeId publisher);

    [LoggerMessage(121, LogLevel.Information, "Fetches {Objects} instances of a study")]
    public static partial void FetchBegins(ILogger logger, int objects);

    [LoggerMessage(122, LogLevel.Warning, "A study cannot be fetched: {Reason}")]
    public static partial void NotFetched(ILogger logger, string reason);

    [LoggerMessage(123, LogLevel.Warning, "Nothing comes of transfer {Transfer}; who waited for it gives up")]
    public static partial void NothingComes(ILogger logger, Guid transfer);

    [LoggerMessage(161, LogLevel.Information, "Dropped {Instances} instances ({Bytes} bytes) of a study: {Reason}; {Keepers} nodes keep it")]
    public static partial void Dropped(ILogger logger, int instances, long bytes, Recycling.RecyclingReason reason, int keepers);

    [LoggerMessage(162, LogLevel.Warning, "{Bytes} bytes are held, above the high mark of {HighMark}; {NotSafe} studies are not safe elsewhere and stay")]
    public static partial void StillFull(ILogger logger, long bytes, long highMark, int notSafe);

    [LoggerMessage(163, LogLevel.Error, "{SopInstance} could not be confirmed to another node: {Outcome}")]
    public static partial void CopyNotConfirmed(ILogger logger, string sopInstance, Volumes.VerifyOutcome outcome);

    [LoggerMessage(164, LogLevel.Information, "{Peer} wants a study of {Instances} instances to be here")]
    public static partial void PlacedHere(ILogger logger, NodeId peer, long instances);

    [LoggerMessage(165, LogLevel.Information, "{Studies} studies have too few holders: {Asked} copies are being made, {Lacking} more nobody can be asked for")]
    public static partial void Repaired(ILogger logger, int studies, int asked, int lacking);

    [LoggerMessage(166, LogLevel.Information, "Everything that is known is here: rebuilding has ended")]
    public static partial void Rebuilt(ILogger logger);

    [LoggerMessage(167, LogLevel.Information, "Fetches {Studies} new studies ahead of demand")]
    public static partial void Warmed(ILogger logger, int studies);

    [LoggerMessage(168, LogLevel.Information, "Fetches {Studies} earlier studies of a patient")]
    public static partial void PriorsFetched(ILogger logger, int studies);

    [LoggerMessage(169, LogLevel.Warning, "Nothing could be fetched ahead of demand: {Reason}")]
    public static partial void NotWarmed(ILogger logger, string reason);

    [LoggerMessage(201, LogLevel.Information, "Took over a newer {Kind} of {Peer}: {Versions}")]
    public static partial void TookOver(ILogger logger, DocumentKind kind, DocumentVersions versions, NodeId peer);

    [LoggerMessage(202, LogLevel.Information, "Renewed the certificate of {Node}")]
    public static partial void Renewed(ILogger logger, NodeId node);

    [LoggerMessage(203, LogLevel.Information, "Membership with {Peer} is interrupted: {Reason}")]
    public static partial void MembershipInterrupted(ILogger logger, NodeId peer, string reason);

    [LoggerMessage(204, LogLevel.Information, "Member of the network: node {Self}, virtual address {Address}")]
    public static partial void Member(ILogger logger, NodeId self, string address);

    [LoggerMessage(205, LogLevel.Warning, "{Node} is revoked; its links are cut")]
    public static partial void Revoked(ILogger logger, NodeId node);

    [LoggerMessage(206, LogLevel.Warning, "The certificate could not be renewed: {Reason}; it ends {End}")]
    public static partial void NotRenewed(ILogger logger, string reason, DateTimeOffset end);

    [LoggerMessage(207, LogLevel.Information, "The certificate of this node is renewed; it ends {End}")]
    public static partial void OwnRenewed(ILogger logger, DateTimeOffset end);

    [LoggerMessage(208, LogLevel.Warning, "What the roster says could not be applied: {Reason}")]
    public static partial void NotApplied(ILogger logger, string reason);

    [LoggerMessage(209, LogLevel.Error, "Requests to join cannot be kept on disk: {Reason}")]
    public static partial void RequestsNotKept(ILogger logger, string reason);

    [LoggerMessage(210, LogLevel.Error, "Requests to join of before cannot be read, and who made them has to ask again: {Reason}")]
    public static partial void RequestsNotRead(ILogger logger, string reason);

    [LoggerMessage(211, LogLevel.Warning, "{Node} asked for {Act} and may not administer")]
    public static partial void NotAdministered(ILogger logger, NodeId node, NetworkActKind act);

    [LoggerMessage(301, LogLevel.Warning, "The archive of broker {Broker} fails: {Reason}")]
    public static partial void ArchiveFails(ILogger logger, string broker, string reason);

    [LoggerMessage(302, LogLevel.Information, "The archive of broker {Broker} is swept: {Studies} studies, {Instances} instances")]
    public static partial void ArchiveSwept(ILogger logger, string broker, long studies, long instances);

    [LoggerMessage(303, LogLevel.Warning, "A retrieval from the archive of broker {Broker} fails: {Reason}")]
    public static partial void RetrievalFails(ILogger logger, string broker, string reason);

    [LoggerMessage(304, LogLevel.Warning, "The archive of broker {Broker} did not give {Missing} of {Wanted} instances that it offers")]
    public static partial void InstancesMissing(ILogger logger, string broker, int missing, int wanted);

    [LoggerMessage(305, LogLevel.Warning, "The archive of broker {Broker} did not take {Instances} instances: {Reason}")]
    public static partial void NotForwarded(ILogger logger, string broker, int instances, string reason);

    [LoggerMessage(306, LogLevel.Warning, "The archive of broker {Broker} does not commit: {Reason}")]
    public static partial void NotCommitted(ILogger logger, string broker, string reason);

    [LoggerMessage(307, LogLevel.Information, "{Node} could not be asked for what the archive behind it has: {Reason}")]
    public static partial void NotBrought(ILogger logger, NodeId node, string reason);
}
