using Panal.Federation.Broker.Gathering;
using Panal.Federation.Fetching;
using Panal.Node.Options;
using Panal.Swarm;
using Panal.Swarm.Links;
using Panal.Swarm.Transfers;
using Panal.Swarm.Transfers.Running;

namespace Panal.Node.Hosting;

/// <summary>Lets a node with links fetch from other nodes what they hold, and serve them what it holds.</summary>
internal static class TransferComposition
{
    /// <summary>The folder of docs/formats/partial-transfer.md.</summary>
    public static string FolderIn(string dataFolder) => Path.Combine(dataFolder, "transfers");

    /// <summary>Adds transfers; to be called after the links are added, and nothing without them.</summary>
    public static void AddTransfers(this IServiceCollection services, NodeConfiguration configuration)
    {
        if (!services.Any(static service => service.ServiceType == typeof(ILinks)))
        {
            return;
        }

        var settings = configuration.Transfers;
        var transfers = new TransferOptions
        {
            Folder = FolderIn(configuration.DataFolder),
            ReserveBytes = settings.ReserveBytes,
            MaxTransfers = settings.MaximumTransfers,
            LineBytesPerSecond = settings.UplinkBytesPerSecond,
            UplinkLimits = settings.UplinkLimits,
            LimitsNear = settings.LimitsNear,
            Lines = settings.Lines,
            NearNetworks = settings.Near,
        };
        services.AddFetching(transfers, new FetchOptions());
        services.AddHostedService<TransferResumption>();
    }

    /// <summary>Goes on with the transfers of the last run as soon as the first link stands: before, it is not known who we are.</summary>
    private sealed class TransferResumption(ILinks links, TransferService transfers, StudyFetches fetches, ILogger<TransferService> logger) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            IReadOnlyCollection<NodeId> linked = links.Linked;
            while (linked.Count == 0)
            {
                linked = await links.NextChangeAsync(linked, stoppingToken).ConfigureAwait(false);
            }

            try
            {
                transfers.Start();
                fetches.Resume(stoppingToken);
            }
            catch (IOException e)
            {
                // The archive serves all the same, and what is asked for is fetched anew.
                Log.TransfersNotResumed(logger, e.Message);
            }
        }
    }
}
