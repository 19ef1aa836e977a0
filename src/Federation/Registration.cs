using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Panal.Federation.Administration;
using Panal.Federation.Feed;
using Panal.Federation.Fetching;
using Panal.Federation.Membership;
using Panal.Swarm.Links;

namespace Panal.Federation;

/// <summary>Puts the room together.</summary>
public static class Registration
{
    /// <summary>
    /// Adds membership and the feed. Needed besides: the swarm, the catalogue, <see cref="ILinkSteering"/>, <see cref="IAdministrationWitness"/>, the clock and logging. The host
    /// gives every <see cref="ILinkService"/> to the links, calls <see cref="NetworkMembership.Load"/>, and runs <see cref="NetworkFollower"/>.
    /// </summary>
    /// <param name="services">Where it is added.</param>
    /// <param name="networkFolder">The folder of docs/formats/network.md.</param>
    /// <param name="options">How feeds are published and followed.</param>
    public static IServiceCollection AddFederation(this IServiceCollection services, string networkFolder, FeedOptions options)
    {
        services.AddSingleton(new NetworkFolder(networkFolder));
        services.AddSingleton<NetworkMembership>();
        services.AddSingleton<ILinkCredentials>(static provider => provider.GetRequiredService<NetworkMembership>());
        services.AddSingleton<IFeedRights>(static provider => provider.GetRequiredService<NetworkMembership>());
        services.AddSingleton<IFetchRights>(static provider => provider.GetRequiredService<NetworkMembership>());
        services.AddSingleton<NetworkOffice>();
        services.AddSingleton<JoinDesk>();
        services.AddSingleton<NetworkAdministration>();
        services.AddSingleton<AdministrationService>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ILinkService, AdministrationService>(static provider => provider.GetRequiredService<AdministrationService>()));
        services.AddSingleton<MembershipExchange>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ILinkService, MembershipExchange>(static provider => provider.GetRequiredService<MembershipExchange>()));
        services.AddSingleton<NetworkFollower>();
        return services.AddFeed(options);
    }
}
