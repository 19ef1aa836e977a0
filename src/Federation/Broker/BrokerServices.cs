using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Panal.Archive.Retrieve;
using Panal.Federation.Broker.Forwarding;
using Panal.Federation.Broker.Gathering;
using Panal.Federation.Broker.Retrieving;
using Panal.Swarm.Links;

namespace Panal.Federation.Broker;

/// <summary>Puts brokers together, for the room's registration.</summary>
public static class BrokerServices
{
    /// <summary>
    /// Adds brokers; to be called after fetching is added, whose place as the archive's port they take. Needed besides: the archive,
    /// <see cref="IForeignArchives"/>, links, the clock and logging. The host calls <see cref="BrokerService.Start"/> and runs
    /// <see cref="Forwarder.RunAsync(CancellationToken)"/>.
    /// </summary>
    /// <param name="services">Where they are added.</param>
    /// <param name="folder">The folder of docs/formats/brokers.md.</param>
    public static IServiceCollection AddBrokers(this IServiceCollection services, string folder)
    {
        services.AddSingleton(new BrokerFolder(folder));
        services.AddSingleton<BrokerService>();
        services.AddSingleton<IInstanceNotices>(static provider => provider.GetRequiredService<BrokerService>());
        services.AddSingleton<ForeignRetrievals>();
        services.AddSingleton<Forwarder>();
        services.AddSingleton<BringExchange>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ILinkService, BringExchange>(static provider => provider.GetRequiredService<BringExchange>()));
        services.AddSingleton<GatheringPorts>();
        services.AddSingleton<StudyFetches>();
        services.AddSingleton<BrokeredCopies>();
        services.AddSingleton<IRemoteCopies>(static provider => provider.GetRequiredService<BrokeredCopies>());
        return services;
    }
}
