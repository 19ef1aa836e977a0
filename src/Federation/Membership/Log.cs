using Microsoft.Extensions.Logging;
using Panal.Security.Identities;
using Panal.Swarm;

namespace Panal.Federation.Membership;

internal static partial class Log
{
    [LoggerMessage(201, LogLevel.Information, "Took over a newer {Kind} of {Peer}: {Versions}")]
    public static partial void TookOver(ILogger logger, DocumentKind kind, DocumentVersions versions, NodeId peer);

    [LoggerMessage(202, LogLevel.Information, "Renewed the certificate of {Node}")]
    public static partial void Renewed(ILogger logger, NodeId node);

    [LoggerMessage(203, LogLevel.Information, "Membership with {Peer} is interrupted: {Reason}")]
    public static partial void Interrupted(ILogger logger, NodeId peer, string reason);

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
}
