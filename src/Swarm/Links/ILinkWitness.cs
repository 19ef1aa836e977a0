using System.Net;

namespace Panal.Swarm.Links;

/// <summary>Is told what happens to links, for the audit trail; must return at once. What it throws is logged and otherwise ignored.</summary>
public interface ILinkWitness
{
    /// <summary>A link stands.</summary>
    /// <param name="peer">To whom.</param>
    /// <param name="remote">Where the connection goes; null through a relay.</param>
    /// <param name="relay">Through whom; null for a direct link.</param>
    void Up(NodeId peer, EndPoint? remote, NodeId? relay);

    /// <summary>A link has ended.</summary>
    void Down(NodeId peer, LinkCloseReason reason, string message);

    /// <summary>A connection did not become a link: its TLS handshake, certificate or preface was refused, or it was too slow.</summary>
    void HandshakeRefused(EndPoint? remote, LinkCloseReason reason, string message);

    /// <summary>A member broke the format of the link, which is closed for it.</summary>
    void Violation(NodeId peer, LinkCloseReason reason, string message);
}
