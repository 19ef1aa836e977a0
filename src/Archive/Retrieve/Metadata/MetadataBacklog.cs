using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using Panal.Archive.Jobs;
using Panal.Catalogue;

namespace Panal.Archive.Retrieve.Metadata;

/// <summary>The job that stores the metadata of what was here before: it goes once through all series of which some is missing, and on from there after a restart.</summary>
/// <remarks>Its payload is in docs/formats/catalogue.md, "Jobs".</remarks>
public sealed class MetadataBacklog : IJobHandler
{
    /// <summary>The kind of the job; stored.</summary>
    public const string JobKind = "metadata";

    private const string Key = "archive";

    /// <summary>Series in one step: each step is synced.</summary>
    private const int StepSeries = 64;

    private readonly CatalogueDatabase _catalogue;
    private readonly JobRunner _jobs;
    private readonly Func<SeriesName, CancellationToken, ValueTask<int>> _store;
    private readonly ILogger _logger;

    internal MetadataBacklog(CatalogueDatabase catalogue, JobRunner jobs, Func<SeriesName, CancellationToken, ValueTask<int>> store, ILogger logger) =>
        (_catalogue, _jobs, _store, _logger) = (catalogue, jobs, store, logger);

    /// <inheritdoc/>
    public string Kind => JobKind;

    /// <summary>How far a job of this kind is: series that it has looked at, and how many there were to look at; null for what is no payload of one.</summary>
    public static (long Done, long Total)? ProgressOf(ReadOnlyMemory<byte> payload) => Read(payload) is { } place ? (place.Done, place.Total) : null;

    /// <inheritdoc/>
    public async ValueTask<JobStep> RunAsync(ReadOnlyMemory<byte> payload, CancellationToken ct)
    {
        var place = Read(payload) ?? new MetadataBacklogPlace(0, 0, 0, 0);
        var (series, last) = _catalogue.SeriesWithoutMetadata(place.After, StepSeries, ct);
        if (series.Count == 0)
        {
            Log.MetadataBacklogDone(_logger, place.Instances, place.Done);
            return JobStep.Done;
        }

        var instances = place.Instances;
        foreach (var one in series)
        {
            instances += await _store(one, ct);
        }

        var done = place.Done + series.Count;
        return JobStep.Continue(JsonSerializer.SerializeToUtf8Bytes(
            new MetadataBacklogPlace(last, done, Math.Max(done, place.Total), instances), MetadataBacklogJson.Default.MetadataBacklogPlace));
    }

    /// <summary>Submits the job when something is missing; one that was broken off goes on by itself.</summary>
    internal async ValueTask BeginAsync(CancellationToken ct)
    {
        if (_catalogue.Jobs(Kind, DateTimeOffset.MaxValue, JobState.Waiting, 1).Count > 0 || _catalogue.CountSeriesWithoutMetadata(ct) is not (> 0 and var total))
        {
            return;
        }

        await _jobs.SubmitAsync(
            Kind, Key, JsonSerializer.SerializeToUtf8Bytes(new MetadataBacklogPlace(0, 0, total, 0), MetadataBacklogJson.Default.MetadataBacklogPlace), ct);
    }

    private static MetadataBacklogPlace? Read(ReadOnlyMemory<byte> payload)
    {
        try
        {
            return JsonSerializer.Deserialize(payload.Span, MetadataBacklogJson.Default.MetadataBacklogPlace);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>How far the job is.</summary>
/// <param name="After">Number of the series that it looked at last.</param>
/// <param name="Done">Series that it has looked at.</param>
/// <param name="Total">Series that there were to look at when it began.</param>
/// <param name="Instances">Instances whose metadata it stored.</param>
internal sealed record MetadataBacklogPlace(long After, long Done, long Total, long Instances);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(MetadataBacklogPlace))]
internal sealed partial class MetadataBacklogJson : JsonSerializerContext;
