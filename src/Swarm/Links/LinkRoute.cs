using System.Net;

namespace Panal.Swarm.Links;

/// <summary>The way that a direct link goes.</summary>
/// <param name="Local">Our address on it.</param>
/// <param name="Remote">The peer's address on it.</param>
/// <param name="LeastRoundTrip">The shortest time from a ping to its answer; null before the first.</param>
public sealed record LinkRoute(IPAddress Local, IPAddress Remote, TimeSpan? LeastRoundTrip);
