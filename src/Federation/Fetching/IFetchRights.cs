using Panal.Catalogue;
using Panal.Swarm;

namespace Panal.Federation.Fetching;

/// <summary>What each node may have the bytes of; the membership of the network decides.</summary>
public interface IFetchRights
{
    /// <summary>What a node may fetch at this moment; null for nothing at all.</summary>
    FeedFilter? FetchableBy(NodeId asker);
}
