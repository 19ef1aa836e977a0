using Panal.Archive.Retrieve.Metadata;
using Panal.Node.Options;

namespace Panal.Node.Hosting;

/// <summary>Lets the archive store metadata, in the background.</summary>
internal static class MetadataComposition
{
    public static void AddMetadata(this IServiceCollection services) => services.AddHostedService<MetadataWork>();

    /// <summary>Turns the settings into what the archive goes by.</summary>
    public static MetadataOptions Options(NodeConfiguration configuration)
    {
        var settings = configuration.Metadata;
        return new MetadataOptions { IsOn = settings.Stored, QuietTime = TimeSpan.FromSeconds(settings.QuietSeconds), CoreShare = settings.CorePercent / 100.0 };
    }

    /// <summary>Works until the node stops.</summary>
    private sealed class MetadataWork(MetadataKeeper keeper) : BackgroundService
    {
        protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.Run(() => keeper.RunAsync(stoppingToken), stoppingToken);
    }
}
