using Panal.Archive.Compaction;
using Panal.Node.Options;

namespace Panal.Node.Hosting;

/// <summary>Lets the archive compact what it holds, in the background.</summary>
internal static class CompactionComposition
{
    public static void AddCompaction(this IServiceCollection services) => services.AddHostedService<CompactionWork>();

    /// <summary>Turns the settings into the policy of the archive.</summary>
    public static CompactionOptions Options(NodeConfiguration configuration)
    {
        var settings = configuration.Compaction;
        return new CompactionOptions
        {
            IsOn = settings.Enabled,
            Modalities = settings.ModalityList,
            ExceptSources = settings.ExceptList,
            MinimumAge = settings.MinimumAge,
            Syntax = settings.Syntax,
            CoreShare = settings.CorePercent / 100.0,
        };
    }

    /// <summary>Works until the node stops.</summary>
    private sealed class CompactionWork(Compactor compactor, CompactionOptions options, IHostApplicationLifetime lifetime, TimeProvider time)
        : WorkAfterStart(lifetime, options.QuietTime, time)
    {
        protected override Task WorkAsync(CancellationToken stoppingToken) => compactor.RunAsync(stoppingToken);
    }
}
