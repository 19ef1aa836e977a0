using System.Diagnostics.Metrics;
using Panal.Catalogue;

namespace Panal.Federation.Feed;

/// <summary>The meter "Panal.Federation.Feed": bytes, steps and instances in both directions, and how far behind each publisher is.</summary>
public sealed class FeedMeter : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string Name = "Panal.Federation.Feed";

    private readonly Meter _meter = new(Name);
    private readonly Counter<long> _sentBytes;
    private readonly Counter<long> _receivedBytes;
    private readonly Counter<long> _steps;
    private readonly Counter<long> _instances;
    private readonly Counter<long> _failures;

    /// <param name="catalogue">Whose publishers are looked at whenever somebody reads the meter.</param>
    public FeedMeter(CatalogueDatabase catalogue)
    {
        _sentBytes = _meter.CreateCounter<long>("sent", "By", "Bytes of frames sent to subscribers");
        _receivedBytes = _meter.CreateCounter<long>("received", "By", "Bytes of frames received from publishers");
        _steps = _meter.CreateCounter<long>("steps", description: "Steps applied, one transaction each");
        _instances = _meter.CreateCounter<long>("instances", description: "Instances told by the steps applied");
        _failures = _meter.CreateCounter<long>("failures", description: "Streams that ended by a failure");
        _meter.CreateObservableGauge(
            "lag", () => catalogue.Publishers().Select(publisher => new Measurement<long>(publisher.LagChanges, Of(publisher.Node))),
            description: "Changes of a publisher that are not known here");
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    internal void Sent(Guid subscriber, long bytes) => _sentBytes.Add(bytes, Of(subscriber));

    internal void Received(Guid publisher, long bytes) => _receivedBytes.Add(bytes, Of(publisher));

    internal void Applied(Guid publisher, long instances)
    {
        _steps.Add(1, Of(publisher));
        _instances.Add(instances, Of(publisher));
    }

    internal void Failed(Guid node) => _failures.Add(1, Of(node));

    private static KeyValuePair<string, object?> Of(Guid node) => new("node", node.ToString("D"));
}
