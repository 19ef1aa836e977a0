using Panal.Federation.Recycling;
using Panal.Node.Options;

namespace Panal.Node.Network.Placement;

/// <summary>Turns the configuration into what drops, keeps and places studies.</summary>
internal static class PlacementComposition
{
    /// <summary>The folder of docs/formats/recycling.md.</summary>
    public static string FolderIn(string dataFolder) => Path.Combine(dataFolder, "recycling");

    /// <summary>Adds recycling and placement; to be called after transfers are added.</summary>
    public static void AddPlacement(this IServiceCollection services, NodeConfiguration configuration)
    {
        services.AddRecycling(
            configuration.Bind<RecyclingSettings>(RecyclingSettings.Section).ToOptions(FolderIn(configuration.DataFolder)),
            configuration.Bind<PlacementSettings>(PlacementSettings.Section).ToOptions());
        services.AddSingleton<RecyclingWork>();
        services.AddHostedService<PlacementWork>();
        services.AddHostedService(static provider => provider.GetRequiredService<RecyclingWork>());
    }
}
