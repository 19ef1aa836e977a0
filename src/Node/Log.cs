using System.Net;
using System.Net.Sockets;

namespace Panal.Node;

/// <summary>Everything that the host logs; never patient data, never a raw AE title.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "{Protocol}: accepting a connection failed: {Error}")]
    public static partial void AcceptFailed(ILogger logger, string protocol, SocketError error);

    [LoggerMessage(2, LogLevel.Warning, "{Protocol}: connection from {Address} refused, {Open} are open")]
    public static partial void ConnectionRefused(ILogger logger, string protocol, IPAddress address, int open);

    [LoggerMessage(3, LogLevel.Warning, "TLS with {Caller} refused: {Reason}")]
    public static partial void TlsFailed(ILogger logger, EndPoint? caller, string reason);

    [LoggerMessage(4, LogLevel.Error, "HTTP {Route} failed, trace {TraceId}")]
    public static partial void RequestFailed(ILogger logger, string route, string traceId, Exception error);
}
