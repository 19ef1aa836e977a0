using System.Net;
using System.Net.Sockets;

namespace Panal.Node;

/// <summary>Everything that the host logs; never patient data, never a raw AE title.</summary>
internal static partial class Log
{
    [LoggerMessage(21, LogLevel.Error, "Transfers of the last run do not go on: {Reason}")]
    public static partial void TransfersNotResumed(ILogger logger, string reason);

    [LoggerMessage(22, LogLevel.Error, "The brokers of this node do not run: {Reason}")]
    public static partial void BrokersNotStarted(ILogger logger, string reason);

    [LoggerMessage(31, LogLevel.Error, "Recycling failed: {Reason}")]
    public static partial void RecyclingFailed(ILogger logger, string reason);

    [LoggerMessage(32, LogLevel.Error, "Copies could not be placed: {Reason}")]
    public static partial void PlacementFailed(ILogger logger, string reason);

    [LoggerMessage(1, LogLevel.Warning, "{Protocol}: accepting a connection failed: {Error}")]
    public static partial void AcceptFailed(ILogger logger, string protocol, SocketError error);

    [LoggerMessage(2, LogLevel.Warning, "{Protocol}: connection from {Address} refused, {Open} are open")]
    public static partial void ConnectionRefused(ILogger logger, string protocol, IPAddress address, int open);

    [LoggerMessage(3, LogLevel.Warning, "TLS with {Caller} refused: {Reason}")]
    public static partial void TlsFailed(ILogger logger, EndPoint? caller, string reason);

    [LoggerMessage(4, LogLevel.Error, "The node runs without its network: {Reason}")]
    public static partial void NoNetwork(ILogger logger, string reason);

    [LoggerMessage(5, LogLevel.Error, "The network is followed no more")]
    public static partial void NetworkFailed(ILogger logger, Exception fault);

    [LoggerMessage(6, LogLevel.Error, "The door of links cannot be opened on port {Port}: {Reason}")]
    public static partial void LinkDoorClosed(ILogger logger, int port, string reason);

    [LoggerMessage(7, LogLevel.Error, "A link failed")]
    public static partial void LinkFailed(ILogger logger, Exception fault);

    [LoggerMessage(8, LogLevel.Error, "HTTP {Route} failed, trace {TraceId}")]
    public static partial void RequestFailed(ILogger logger, string route, string traceId, Exception error);

    [LoggerMessage(40, LogLevel.Warning, "The sessions of those who are logged in could not be kept: they log in again")]
    public static partial void SessionsNotKept(ILogger logger);

    [LoggerMessage(33, LogLevel.Warning, "A log-in at the identity provider failed: {Reason}")]
    public static partial void ProviderFailed(ILogger logger, string reason);
}
