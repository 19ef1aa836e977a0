using Microsoft.Extensions.Logging;

namespace Panal.Dimse;

/// <summary>Everything that this room says to the log; titles come sanitised, patient data never.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Association {Id} accepted: {Calling} calls {Called} with {Contexts} contexts from {Remote}")]
    public static partial void Accepted(ILogger logger, long id, string calling, string called, int contexts, System.Net.EndPoint? remote);

    [LoggerMessage(2, LogLevel.Warning, "Association {Id} rejected: {Calling} calls {Called} from {Remote}: {Result} {Reason}")]
    public static partial void Rejected(
        ILogger logger, long id, string calling, string called, System.Net.EndPoint? remote, RejectResult result, RejectReason reason);

    [LoggerMessage(3, LogLevel.Information, "Association {Id} ended: {End} after {Messages} messages, {Received} bytes received, {Sent} bytes sent")]
    public static partial void Ended(ILogger logger, long id, AssociationEnd end, long messages, long received, long sent);

    [LoggerMessage(4, LogLevel.Warning, "Association {Id} aborted: {Reason}: {What}")]
    public static partial void Violation(ILogger logger, long id, AbortReason reason, string what);

    [LoggerMessage(5, LogLevel.Error, "Association {Id}: {Field} failed")]
    public static partial void HandlerFailed(ILogger logger, Exception failure, long id, CommandField field);

    [LoggerMessage(6, LogLevel.Error, "Association {Id} failed")]
    public static partial void Failed(ILogger logger, Exception failure, long id);

    [LoggerMessage(7, LogLevel.Error, "Association {Id}: {Field} was left without a final response")]
    public static partial void Unanswered(ILogger logger, long id, CommandField field);

    [LoggerMessage(8, LogLevel.Information, "Association {Id} opened: {Calling} calls {Called}, {Contexts} contexts accepted")]
    public static partial void Opened(ILogger logger, long id, string calling, string called, int contexts);

    [LoggerMessage(9, LogLevel.Debug, "Association {Id}: a response to an unknown message {MessageId} was thrown away")]
    public static partial void UnknownResponse(ILogger logger, long id, ushort messageId);

    [LoggerMessage(10, LogLevel.Information, "A connection from {Remote} ended before an association: {End}: {What}")]
    public static partial void NoAssociation(ILogger logger, System.Net.EndPoint? remote, AssociationEnd end, string what);
}
