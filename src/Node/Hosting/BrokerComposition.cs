using Panal.Federation.Broker;
using Panal.Federation.Broker.Forwarding;
using Panal.Node.Options;

namespace Panal.Node.Hosting;

/// <summary>Lets a node mirror archives that are no nodes, get from them what is asked for, and send them what is stored here.</summary>
internal static class BrokerComposition
{
    /// <summary>The folder of docs/formats/brokers.md.</summary>
    public static string FolderIn(string dataFolder) => Path.Combine(dataFolder, "brokers");

    /// <summary>Adds brokers; to be called after transfers are added.</summary>
    public static void AddBrokers(this IServiceCollection services, NodeConfiguration configuration)
    {
        services.AddBrokers(FolderIn(configuration.DataFolder));
        services.AddHostedService<Brokering>();
    }

    private sealed class Brokering(BrokerService brokers, Forwarder forwarder, ILogger<BrokerService> logger) : BackgroundService
    {
        protected override Task ExecuteAsync(CancellationToken stoppingToken)
        {
            try
            {
                brokers.Start();
            }
            catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
            {
                // The archive serves all the same.
                Log.BrokersNotStarted(logger, e.Message);
            }

            return forwarder.RunAsync(stoppingToken);
        }
    }
}
