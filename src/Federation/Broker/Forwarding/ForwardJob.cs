using System.Text.Json;
using System.Text.Json.Serialization;
using Panal.Catalogue;

namespace Panal.Federation.Broker.Forwarding;

/// <summary>Instances of one study that are to be sent to an archive; see docs/formats/brokers.md, "Forwarding".</summary>
/// <param name="Broker">Name of the broker.</param>
/// <param name="Instances">SOP Instance UIDs that are not done.</param>
/// <param name="Sent">Those of them that the archive has taken and is to commit to.</param>
/// <param name="Asked">How often it was asked to commit.</param>
internal sealed record ForwardJob(string Broker, IReadOnlyList<string> Instances, IReadOnlyList<string> Sent, int Asked)
{
    /// <summary>The kind of the jobs, as stored; never changes.</summary>
    public const string Kind = "broker-forward";

    /// <summary>Instances in one job at most, so that a step sends for minutes and not for hours.</summary>
    public const int InstanceLimit = 2000;

    private const int CountLimit = 10_000;

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, ForwardJson.Default.ForwardJob);

    /// <exception cref="InvalidDataException">The payload was not written here.</exception>
    public static ForwardJob Read(ReadOnlyMemory<byte> payload)
    {
        try
        {
            return JsonSerializer.Deserialize(payload.Span, ForwardJson.Default.ForwardJob) is { Broker: not null, Instances: not null, Sent: not null } job
                ? job
                : throw new InvalidDataException("A job of forwarding is empty.");
        }
        catch (JsonException fault)
        {
            throw new InvalidDataException("A job of forwarding cannot be read.", fault);
        }
    }

    /// <summary>Jobs that wait for an archive.</summary>
    public static int Waiting(CatalogueDatabase catalogue, string broker) =>
        catalogue.Jobs(Kind, DateTimeOffset.MaxValue, JobState.Waiting, CountLimit).Count(job => job.Key.StartsWith(broker + "/", StringComparison.Ordinal));
}

[JsonSerializable(typeof(ForwardJob))]
internal sealed partial class ForwardJson : JsonSerializerContext;
