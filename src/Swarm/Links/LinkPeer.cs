namespace Panal.Swarm.Links;

/// <summary>Another node that we want to be linked to.</summary>
/// <param name="Node">Who it is.</param>
/// <param name="Addresses">Where it listens, <c>host:port</c> or <c>[v6]:port</c>, best first; none if it can only dial out.</param>
/// <param name="MayRelay">Whether it may be asked to relay to others.</param>
public sealed record LinkPeer(NodeId Node, IReadOnlyList<string> Addresses, bool MayRelay);
