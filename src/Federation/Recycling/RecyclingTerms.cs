using Panal.Catalogue;
using Panal.Federation.Membership;
using Panal.Federation.Placement;
using Panal.Security.Identities;
using Panal.Swarm;
using Panal.Volumes;

namespace Panal.Federation.Recycling;

/// <summary>Whether a node recycles.</summary>
public enum RecyclingMode
{
    /// <summary>As its role in the network says: replicas do, all others keep everything.</summary>
    Auto,

    /// <summary>It does.</summary>
    On,

    /// <summary>It keeps everything.</summary>
    Off,
}

/// <summary>What the host decides about recycling.</summary>
public sealed record RecyclingOptions
{
    /// <summary>The folder of docs/formats/recycling.md.</summary>
    public required string Folder { get; init; }

    /// <summary>Whether this node recycles.</summary>
    public RecyclingMode Mode { get; init; } = RecyclingMode.Auto;

    /// <summary>Bytes that the studies may take; 0 for what they take now and what is free beyond the reserve of the volumes.</summary>
    public long CapacityBytes { get; init; }

    /// <summary>Share of the capacity above which studies go, 0 to 1. The rest is room for what arrives until the next run.</summary>
    public double HighMark { get; init; } = 0.9;

    /// <summary>Share of the capacity at which a run ends, 0 to 1.</summary>
    public double LowMark { get; init; } = 0.8;

    /// <summary>All else that is kept or goes; its marks are those above.</summary>
    public RecyclingRules Rules { get; init; } = new();

    /// <summary>How often the marks are looked at.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How often the statistics of use are written.</summary>
    public TimeSpan SaveInterval { get; init; } = TimeSpan.FromMinutes(1);
}

/// <summary>The rules that hold at this moment, from what the host decided and what the network says of us.</summary>
public sealed class RecyclingTerms(RecyclingOptions options, NetworkMembership membership, CatalogueDatabase catalogue, VolumeStore volumes) : IPlacementRights
{
    /// <summary>The folder of docs/formats/recycling.md.</summary>
    public string Folder => options.Folder;

    /// <inheritdoc/>
    public bool Keeps => options.Mode switch
    {
        RecyclingMode.On => false,
        RecyclingMode.Off => true,
        _ => membership.Standing?.Own?.Role != NodeRole.Replica,
    };

    /// <inheritdoc/>
    public NodeId? Self => membership.Standing?.Self;

    /// <inheritdoc/>
    public IReadOnlyList<NodeId> Others => [.. membership.Standing?.Others.Select(static member => new NodeId(member.Node)) ?? []];

    /// <inheritdoc/>
    public FeedFilter? PlaceableBy(NodeId node) => membership.FilterFor(node, NetworkVerb.Store);

    /// <inheritdoc/>
    public FeedFilter? ReplicableBy(NodeId node) => membership.FilterFor(node, NetworkVerb.Replicate);

    /// <summary>What may go; null while everything is kept.</summary>
    public RecyclingRules? Rules
    {
        get
        {
            if (Keeps)
            {
                return null;
            }

            var capacity = options.CapacityBytes > 0
                ? options.CapacityBytes
                : catalogue.Counts().Bytes + volumes.Volumes.Sum(static volume => Math.Max(0, volume.FreeBytes - volume.ReserveBytes));
            return options.Rules with { HighMarkBytes = (long)(capacity * options.HighMark), LowMarkBytes = (long)(capacity * options.LowMark) };
        }
    }
}
