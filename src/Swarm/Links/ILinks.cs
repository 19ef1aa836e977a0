using System.IO.Pipelines;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Panal.Swarm.Links;

/// <summary>Which streams of a link go first. The numbers are on the wire (docs/formats/link.md) and never change.</summary>
public enum LinkPriority : byte
{
    /// <summary>Small and awaited: membership, searches, feeds, the control of transfers.</summary>
    Interactive = 0,

    /// <summary>Pixels and snapshots: whatever the line has left.</summary>
    Bulk = 1,
}

/// <summary>
/// One of the many streams of a link, in both directions, with flow control of its own. Completing the output ends our
/// direction in order; disposing without it aborts the stream and leaves the link as it is.
/// </summary>
/// <remarks>
/// As with every pipe, nobody may read or write while it is disposed, which a service's return does. A message that is to be looked at
/// whole must fit the window (<see cref="LinkOptions.LongestWindowBytes"/> at best); longer ones are consumed as they come.
/// </remarks>
public interface ILinkStream : IDuplexPipe, IAsyncDisposable
{
    /// <summary>Who is at the other end, by its certificate.</summary>
    NodeId Peer { get; }

    /// <summary>What is spoken on it, such as <c>feed/1</c>.</summary>
    string Protocol { get; }

    /// <summary>What goes first on the link.</summary>
    LinkPriority Priority { get; }

    /// <summary>Cancelled when a better link of the pair stands: the stream goes on for a while, but what can be opened anew does better there.</summary>
    CancellationToken Draining { get; }

    /// <summary>
    /// What its link sends goes over this line from now on, which other links share. What leaves at once beyond what the line takes stands in the queue of a modem until
    /// that is full, and what is lost there makes the peer acknowledge each segment by itself.
    /// </summary>
    void Share(Uplink uplink);

    /// <summary>Whether the peer sends more than messages over the link just now: what is sent to it meanwhile acknowledges that in passing.</summary>
    bool IsBringing { get; }
}

/// <summary>Serves the streams that peers open for one protocol.</summary>
public interface ILinkService
{
    /// <summary>Name and version of the protocol, at most 32 characters of ASCII.</summary>
    string Protocol { get; }

    /// <summary>Serves one stream to its end. What it throws ends the stream, never the link.</summary>
    ValueTask ServeAsync(ILinkStream stream, CancellationToken cancellationToken);
}

/// <summary>Our links to the other nodes: one a pair, whoever dialled, directly or through a relay.</summary>
public interface ILinks
{
    /// <summary>Nodes that a link stands to at this moment.</summary>
    IReadOnlyCollection<NodeId> Linked { get; }

    /// <summary>
    /// Opens a stream to a node; waits for its link while one is being made, until cancelled. That the peer does not serve the protocol is
    /// seen when the stream is read (<see cref="LinkCloseReason.NotServed"/>): asking first would cost a round trip.
    /// </summary>
    /// <exception cref="LinkException">No link stands and none can be made, or the link carries too many streams.</exception>
    ValueTask<ILinkStream> OpenAsync(NodeId peer, string protocol, LinkPriority priority, CancellationToken cancellationToken);

    /// <summary>The way of the link to a node; null if none stands, or it goes through a relay.</summary>
    LinkRoute? RouteTo(NodeId peer) => null;

    /// <summary>Waits until the set of linked nodes differs from the one given; for those who follow it in a loop.</summary>
    ValueTask<IReadOnlyCollection<NodeId>> NextChangeAsync(IReadOnlyCollection<NodeId> known, CancellationToken cancellationToken);
}

/// <summary>Who we are and whom we trust, as the membership of the network says at this moment.</summary>
public interface ILinkCredentials
{
    /// <summary>Our own identity.</summary>
    NodeId Self { get; }

    /// <summary>Our certificate with its chain; asked anew for every handshake, because it is renewed.</summary>
    SslStreamCertificateContext Certificate { get; }

    /// <summary>The member whom a certificate names, or why it is refused: foreign, expired, revoked, clock out of bounds.</summary>
    LinkVerdict Judge(X509Certificate2 shown, X509Certificate2Collection chain);
}

/// <summary>Whether a certificate is a member's.</summary>
/// <param name="Member">The node, or null if it is refused.</param>
/// <param name="Refusal">Why, for the log, the audit trail and the peer; null for a member.</param>
public readonly record struct LinkVerdict(NodeId? Member, string? Refusal);
