using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Panal.Archive.Ingest;
using Panal.Archive.Retrieve;
using Panal.Catalogue;
using Panal.Swarm.Links;
using Panal.Swarm.Transfers;
using Panal.Swarm.Transfers.Running;
using Panal.Volumes;

namespace Panal.Federation.Fetching;

/// <summary>Puts fetching together, for the room's registration.</summary>
public static class FetchServices
{
    /// <summary>
    /// Adds transfers (as a service of links) and the port that the archive fetches through. Needed besides: the archive, <see cref="ILinks"/>,
    /// <see cref="ILinkCredentials"/>, <see cref="IFetchRights"/>, the clock and logging. The host calls <see cref="TransferService.Start"/> when
    /// the node is a member.
    /// </summary>
    public static IServiceCollection AddFetching(this IServiceCollection services, TransferOptions transfers, FetchOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton<StudyHoldings>();
        services.AddSingleton<IHolderDirectory, StudyHolders>();
        services.AddSingleton<FormsDesk>();
        services.AddSingleton(provider => new TransferService(
            provider.GetRequiredService<ILinks>(),
            () => provider.GetRequiredService<ILinkCredentials>().Self,
            new TransferPorts(
                provider.GetRequiredService<StudyHoldings>(),
                new CopyKeeper(provider.GetRequiredService<Ingester>()),
                provider.GetRequiredService<IHolderDirectory>()),
            transfers,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<TransferService>>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ILinkService, TransferService>(static provider => provider.GetRequiredService<TransferService>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ILinkService, FormsService>());
        services.AddSingleton<RemoteCopies>();
        services.AddSingleton<IRemoteCopies>(static provider => provider.GetRequiredService<RemoteCopies>());
        return services;
    }
}
