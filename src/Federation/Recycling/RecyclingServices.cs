using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Panal.Archive.Retrieve;
using Panal.Federation.Placement;
using Panal.Swarm.Links;

namespace Panal.Federation.Recycling;

/// <summary>Puts recycling and placement together, for the room's registration.</summary>
public static class RecyclingServices
{
    /// <summary>
    /// Adds statistics of use, pins, the recycler, and placement (as a service of links). Needed besides: the archive, fetching, membership,
    /// <see cref="ILinks"/>, the clock and logging. The host calls <see cref="Recycler.RunAsync"/>, <see cref="UseStatistics.Save"/> and
    /// <see cref="CoverageSurvey.RepairAsync"/> from time to time, and runs <see cref="Warmer"/> and <see cref="Rebuilder"/>.
    /// </summary>
    public static IServiceCollection AddRecycling(this IServiceCollection services, RecyclingOptions options, PlacementOptions placement)
    {
        services.AddSingleton(options);
        services.AddSingleton(placement);
        services.AddSingleton(provider => new UseStatistics(options.Folder, options.Rules.HalfLife, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IUseWitness>(static provider => provider.GetRequiredService<UseStatistics>());
        services.AddSingleton(provider => new PinnedStudies(options.Folder, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(new RecyclingHistory(options.Folder));
        services.AddSingleton<RecyclingMeter>();
        services.AddSingleton<RecyclingTerms>();
        services.AddSingleton<IPlacementRights>(static provider => provider.GetRequiredService<RecyclingTerms>());
        services.AddSingleton<PlacementDesk>();
        services.AddSingleton<PlacementService>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ILinkService, PlacementService>(static provider => provider.GetRequiredService<PlacementService>()));
        services.AddSingleton<Recycler>();
        services.AddSingleton<CoverageSurvey>();
        services.AddSingleton<Warmer>();
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<Rebuilder>(provider, options.Folder));
        return services;
    }
}
