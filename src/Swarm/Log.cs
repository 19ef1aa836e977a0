using System.Net;
using Microsoft.Extensions.Logging;
using Panal.Swarm.Links;

namespace Panal.Swarm;

/// <summary>Log messages of this room.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "Serving a stream of {Protocol} failed")]
    public static partial void ServiceFailed(ILogger logger, string protocol, Exception failure);

    [LoggerMessage(2, LogLevel.Information, "Link to {Peer} at {Remote} stands, {Way}")]
    public static partial void LinkUp(ILogger logger, NodeId peer, EndPoint? remote, string way);

    [LoggerMessage(3, LogLevel.Information, "Link to {Peer} has ended: {Reason}, {Message}")]
    public static partial void LinkDown(ILogger logger, NodeId peer, LinkCloseReason reason, string message);

    [LoggerMessage(4, LogLevel.Warning, "Handshake with {Remote} refused: {Reason}, {Message}")]
    public static partial void HandshakeRefused(ILogger logger, EndPoint? remote, LinkCloseReason reason, string message);

    [LoggerMessage(5, LogLevel.Warning, "{Peer} broke the format of the link: {Reason}, {Message}")]
    public static partial void Violation(ILogger logger, NodeId peer, LinkCloseReason reason, string message);

    [LoggerMessage(6, LogLevel.Debug, "{Peer} cannot be reached at {Address}: {Message}")]
    public static partial void DialFailed(ILogger logger, NodeId peer, string address, string message);

    [LoggerMessage(7, LogLevel.Error, "The witness of links failed")]
    public static partial void WitnessFailed(ILogger logger, Exception failure);

    [LoggerMessage(8, LogLevel.Warning, "{Peer} is not asked again in this transfer: too much that it sent was false")]
    public static partial void HolderBanned(ILogger logger, NodeId peer);

    [LoggerMessage(9, LogLevel.Debug, "The stream of a transfer to {Peer} has ended: {Message}")]
    public static partial void HolderLost(ILogger logger, NodeId peer, string message);

    [LoggerMessage(10, LogLevel.Warning, "Transfer {Transfer} is hindered: {Message}")]
    public static partial void TransferHindered(ILogger logger, Guid transfer, string message);

    [LoggerMessage(11, LogLevel.Error, "An object of transfer {Transfer} was refused by the archive: {Message}")]
    public static partial void ObjectRefused(ILogger logger, Guid transfer, string message);
}
