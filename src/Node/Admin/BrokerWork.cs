using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Panal.Archive.Retrieve;
using Panal.Federation.Broker;
using Panal.Federation.Broker.Forwarding;
using Panal.Node.Network;

namespace Panal.Node.Admin;

/// <summary>What the administration socket tells of brokers.</summary>
/// <param name="Broker">How one is doing; null when there is none.</param>
/// <param name="Problem">Why what was asked was not done, or not yet.</param>
/// <param name="Queued">Instances that were queued for an archive.</param>
internal sealed record BrokerView(BrokerStatus? Broker, string? Problem, int? Queued)
{
    public static BrokerView Failed(string problem) => new(null, problem, null);
}

[JsonSourceGenerationOptions(UseStringEnumConverter = true)]
[JsonSerializable(typeof(BrokerView))]
[JsonSerializable(typeof(BrokerDefinition))]
internal sealed partial class BrokerViewJson : JsonSerializerContext;

/// <summary>What the administration socket does with brokers.</summary>
internal static class BrokerWork
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>Does what a path and its query ask for.</summary>
    public static async Task<BrokerView> RunAsync(HttpContext context, Action<BrokerView> report, CancellationToken cancellationToken)
    {
        var services = context.RequestServices;
        var query = context.Request.Query;
        var name = query["name"].ToString();
        try
        {
            return Told(report, (context.GetRouteValue("do") as string) switch
            {
                "add" => await AddAsync(services, query["definition"].ToString(), cancellationToken).ConfigureAwait(false),
                "remove" => await RemoveAsync(services, name, cancellationToken).ConfigureAwait(false),
                "status" => Status(services, name, report),
                "sweep" => await SweepAsync(services, name, query.ContainsKey("all"), report, cancellationToken).ConfigureAwait(false),
                "forward" => await ForwardAsync(services, name, query["study"].ToString(), cancellationToken).ConfigureAwait(false),
                _ => BrokerView.Failed("A broker can be told: add, remove, status, sweep, forward."),
            });
        }
        catch (Exception e) when (e is BrokerException or ForeignArchiveException or IOException or UnauthorizedAccessException)
        {
            return Told(report, BrokerView.Failed(e.Message));
        }
    }

    private static BrokerService Brokers(IServiceProvider services) => services.GetRequiredService<BrokerService>();

    private static async Task<BrokerView> AddAsync(IServiceProvider services, string definition, CancellationToken cancellationToken)
    {
        BrokerDefinition? wanted;
        try
        {
            wanted = JsonSerializer.Deserialize(definition, BrokerViewJson.Default.BrokerDefinition);
        }
        catch (JsonException)
        {
            wanted = null;
        }

        if (wanted is null)
        {
            return BrokerView.Failed("The definition cannot be read.");
        }

        // What it is known by is given by the node, never by the caller.
        var added = await Brokers(services).AddAsync(wanted with { Source = Guid.Empty }, cancellationToken).ConfigureAwait(false);
        await AuditAsync(services, $"mirror {added.Definition.AeTitle} at {added.Definition.Host}:{added.Definition.Port} as broker {added.Definition.Name}").ConfigureAwait(false);
        return new BrokerView(added, null, null);
    }

    private static async Task<BrokerView> RemoveAsync(IServiceProvider services, string name, CancellationToken cancellationToken)
    {
        var removed = await Brokers(services).RemoveAsync(name, cancellationToken).ConfigureAwait(false);
        await AuditAsync(services, $"remove broker {removed.Definition.Name}").ConfigureAwait(false);
        return new BrokerView(removed, null, null);
    }

    /// <summary>Tells of all but the last, which the caller tells.</summary>
    private static BrokerView Status(IServiceProvider services, string name, Action<BrokerView> report)
    {
        var all = name.Length > 0 ? [Brokers(services).Status(name)] : Brokers(services).Status();
        foreach (var status in all.SkipLast(1))
        {
            report(new BrokerView(status, null, null));
        }

        return new BrokerView(all.Count > 0 ? all[^1] : null, null, null);
    }

    /// <summary>Sweeps and tells how far it is; whoever stops listening does not stop it.</summary>
    private static async Task<BrokerView> SweepAsync(
        IServiceProvider services, string name, bool isWhole, Action<BrokerView> report, CancellationToken cancellationToken)
    {
        var brokers = Brokers(services);
        var sweeping = brokers.SweepAsync(name, isWhole, cancellationToken);
        using var timer = new PeriodicTimer(Interval, services.GetRequiredService<TimeProvider>());
        while (!sweeping.IsCompleted)
        {
            report(new BrokerView(brokers.Status(name), null, null));
            await Task.WhenAny(sweeping, timer.WaitForNextTickAsync(cancellationToken).AsTask()).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }

        await sweeping.ConfigureAwait(false);
        return new BrokerView(brokers.Status(name), null, null);
    }

    private static async Task<BrokerView> ForwardAsync(IServiceProvider services, string name, string study, CancellationToken cancellationToken)
    {
        if (!Dicom.Uid.IsWellFormed(study))
        {
            return BrokerView.Failed("The study is no UID.");
        }

        var queued = await services.GetRequiredService<Forwarder>().ForwardStudyAsync(name, study, cancellationToken).ConfigureAwait(false);
        return new BrokerView(Brokers(services).Status(name), null, queued);
    }

    private static ValueTask AuditAsync(IServiceProvider services, string what) =>
        services.GetRequiredService<NetworkAudit>().ConfiguredAsync(IPAddress.Loopback, what, isDone: true, CancellationToken.None);

    private static BrokerView Told(Action<BrokerView> report, BrokerView view)
    {
        report(view);
        return view;
    }
}
