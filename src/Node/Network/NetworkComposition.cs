using Panal.Federation;
using Panal.Federation.Administration;
using Panal.Federation.Feed;
using Panal.Federation.Membership;
using Panal.Node.Options;
using Panal.Node.Transport;
using Panal.Swarm;
using Panal.Swarm.Links;

namespace Panal.Node.Network;

/// <summary>Turns the configuration into the rooms of the network: links, membership, the feed.</summary>
internal static class NetworkComposition
{
    /// <summary>The folder of docs/formats/network.md.</summary>
    public static string FolderIn(string dataFolder) => Path.Combine(dataFolder, "network");

    /// <summary>Adds the rooms and the door of links, which opens when the node is a member.</summary>
    public static void AddNetwork(this IServiceCollection services, NodeConfiguration configuration)
    {
        services.AddSwarm(new Swarm.Links.LinkOptions { Relay = configuration.Relay.Options });
        services.AddFederation(FolderIn(configuration.DataFolder), new FeedOptions());
        services.AddSingleton<NetworkAudit>(provider => ActivatorUtilities.CreateInstance<NetworkAudit>(provider, configuration.Device.EffectiveName));
        services.AddSingleton<ILinkWitness>(static provider => provider.GetRequiredService<NetworkAudit>());
        services.AddSingleton<IAdministrationWitness>(static provider => provider.GetRequiredService<NetworkAudit>());
        services.AddSingleton<ILinkSteering, LinkSteering>();
        services.AddSingleton<RawTcpListenerFactory>();
        services.AddSingleton(configuration.NetworkConnection);
        services.AddSingleton<NetworkSight>();
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<CorrectionRoutes>(provider, configuration));
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<ConflictDecisions>(provider, configuration));
        services.AddSingleton<NetworkEvents>();
        services.AddSingleton<LinkDoor>();
        services.AddHostedService(static provider => provider.GetRequiredService<LinkDoor>());
        services.AddHostedService(static provider => provider.GetRequiredService<NetworkAudit>());
    }

    private sealed class LinkSteering(Links links) : ILinkSteering
    {
        public void SetPeers(IReadOnlyList<LinkPeer> peers) => links.SetPeers(peers);

        public void Cut(NodeId node, LinkCloseReason reason) => links.Cut(node, reason);
    }
}
