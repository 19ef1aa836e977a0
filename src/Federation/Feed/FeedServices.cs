using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Panal.Swarm.Links;
using Panal.Swarm.Transfers.Running;

namespace Panal.Federation.Feed;

/// <summary>Puts the feed together, for the room's registration.</summary>
public static class FeedServices
{
    /// <summary>
    /// Adds publisher (as a service of links), subscriber, service and meter. Needed besides: the catalogue, <see cref="ILinks"/>,
    /// <see cref="IFeedRights"/>, the clock and logging.
    /// </summary>
    public static IServiceCollection AddFeed(this IServiceCollection services, FeedOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton<FeedMeter>();
        services.AddSingleton(static provider => ActivatorUtilities.CreateInstance<FeedPublisher>(
            provider, () => provider.GetService<TransferService>()?.IsBringing == true));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ILinkService, FeedPublisher>(static provider => provider.GetRequiredService<FeedPublisher>()));
        services.AddSingleton<FeedSubscriber>();
        services.AddSingleton<FeedService>();
        return services;
    }
}
