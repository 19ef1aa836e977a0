using Panal.Catalogue;
using Panal.Swarm;

namespace Panal.Federation.Feed;

/// <summary>How feeds are published and followed; the defaults suit lines of some Mbit/s.</summary>
public sealed record FeedOptions
{
    /// <summary>Changes are gathered for so long before they are sent: 500 slices that arrive in 25 s cost some 50 steps, not 500.</summary>
    public TimeSpan Gathering { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// While this node brings objects from others, copies of what others hold are gathered for so long: those who bring the same are told by the transfers
    /// themselves, and a step for each object to each member would take up to a hundredth of a slow line from them.
    /// </summary>
    public TimeSpan CopyGathering { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A publisher with nothing new says where it stands so often.</summary>
    public TimeSpan HeadInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A publisher that says nothing for so long is called again: three times the interval in which it should.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Wait after the first failure; doubled with each further one.</summary>
    public TimeSpan FirstRetry { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest wait after a failure.</summary>
    public TimeSpan LongestRetry { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Changes in one step at most: what is applied in one transaction, in some tenths of a second.</summary>
    public int StepChanges { get; init; } = CatalogueDatabase.StepChanges;

    /// <summary>Instances in one part of a snapshot, about: whole studies are added until there are so many.</summary>
    public int StepInstances { get; init; } = CatalogueDatabase.StepInstances;

    /// <summary>Changes younger than this are kept for subscribers that are away; older ones cost them a snapshot.</summary>
    public TimeSpan KeptChangesAge { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Changes kept whatever their age; about 100 bytes each.</summary>
    public int KeptChanges { get; init; } = 1_000_000;

    /// <summary>Old changes are dropped so often.</summary>
    public TimeSpan CompactionInterval { get; init; } = TimeSpan.FromHours(1);
}

/// <summary>A node whose feed this one follows.</summary>
/// <param name="Publisher">Its identity.</param>
/// <param name="Authority">Of patients, studies and series the word of the highest authority is shown; this node has one too.</param>
public sealed record FeedSubscription(NodeId Publisher, int Authority);

/// <summary>What each subscriber may be told; the host, or the membership of the network, decides.</summary>
public interface IFeedRights
{
    /// <summary>What a node may see at this moment; null for nothing at all.</summary>
    FeedFilter? FilterFor(NodeId subscriber);
}
