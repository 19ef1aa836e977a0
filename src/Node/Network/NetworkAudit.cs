using System.Net;
using System.Threading.Channels;
using Panal.Federation.Administration;
using Panal.Federation.Membership;
using Panal.Security.Audit;
using Panal.Swarm;
using Panal.Swarm.Links;

namespace Panal.Node.Network;

/// <summary>Puts into the audit trail what happens to links and membership. Links must not wait: their messages pass through a queue.</summary>
internal sealed class NetworkAudit(string device, AuditTrail trail, NetworkMembership membership) : BackgroundService, ILinkWitness, IAdministrationWitness
{
    /// <summary>Messages that may wait; a flood of refused strangers is not worth more memory, and the trail has its beginning.</summary>
    private const int QueueLength = 1024;

    private readonly Channel<AuditMessage> _queue =
        Channel.CreateBounded<AuditMessage>(new BoundedChannelOptions(QueueLength) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    /// <inheritdoc/>
    public void Up(NodeId peer, EndPoint? remote, NodeId? relay) =>
        _queue.Writer.TryWrite(AuditEvents.NetworkEntry(device, NameOf(peer), AddressOf(remote), isEntry: true));

    /// <inheritdoc/>
    public void Down(NodeId peer, LinkCloseReason reason, string message) =>
        _queue.Writer.TryWrite(AuditEvents.NetworkEntry(device, NameOf(peer), "", isEntry: false));

    /// <inheritdoc/>
    public void HandshakeRefused(EndPoint? remote, LinkCloseReason reason, string message) =>
        _queue.Writer.TryWrite(AuditEvents.SecurityAlert(device, PartyOf(remote), SecurityAlertType.NetworkAccess, $"link refused ({reason}): {message}"));

    /// <inheritdoc/>
    public void Violation(NodeId peer, LinkCloseReason reason, string message) =>
        _queue.Writer.TryWrite(AuditEvents.SecurityAlert(device, null, SecurityAlertType.NetworkAccess, $"{NameOf(peer)} broke the link ({reason}): {message}"));

    /// <summary>Somebody changed, or tried to change, who is in the network.</summary>
    public ValueTask ConfiguredAsync(IPAddress? by, string description, bool isDone, CancellationToken cancellationToken) => trail.RecordAsync(
        AuditEvents.SecurityConfigured(device, by, description, isDone ? AuditOutcome.Success : AuditOutcome.MinorFailure), cancellationToken);

    /// <inheritdoc/>
    public ValueTask AskedAsync(NodeId by, string description, bool isDone, CancellationToken cancellationToken) =>
        ConfiguredAsync(null, $"{NameOf(by)}: {description}", isDone, cancellationToken);

    /// <summary>Writes what was queued, also what came until the end.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var stopping = stoppingToken.Register(() => _queue.Writer.TryComplete()).ConfigureAwait(false);
        await foreach (var message in _queue.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
        {
            await trail.RecordAsync(message, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private static string AddressOf(EndPoint? remote) => (remote as IPEndPoint)?.Address.ToString() ?? "";

    private static AuditParty? PartyOf(EndPoint? remote) => remote is IPEndPoint { Address: var address } ? new AuditParty("", address) : null;

    private string NameOf(NodeId node) => membership.Standing?.Roster.Find(node.Value)?.Name ?? node.ToString();
}
