using Microsoft.Extensions.Logging;
using Panal.Catalogue;
using Panal.Dicom;
using Panal.Volumes;

namespace Panal.Archive.Retrieve.Metadata;

/// <summary>Stores what is not stored yet of the metadata of a series, and removes what nobody asks for any more.</summary>
/// <param name="catalogue">Where it is stored.</param>
/// <param name="retriever">Opens the files.</param>
/// <param name="time">Measures how long each chunk takes.</param>
/// <param name="logger">Hears of instances that cannot be read.</param>
internal sealed class SeriesPacker(CatalogueDatabase catalogue, Retriever retriever, TimeProvider time, ILogger logger)
{
    /// <summary>A chunk with no more instances is packed again with those that come; so a series that comes one by one does not get a chunk for each.</summary>
    private const int SmallInstances = MetadataChunk.InstanceLimit / 2;

    /// <summary>Stores the metadata of the instances of a series that are here.</summary>
    /// <param name="series">The series; nothing is done when it is gone.</param>
    /// <param name="pace">Waits after each chunk, which took so long, and at the end.</param>
    /// <param name="ct">Nothing is stored when it fires before all is made.</param>
    /// <returns>How many instances were added; 0 also when one of them was deleted meanwhile, and the first request has the rest stored.</returns>
    internal async ValueTask<int> StoreAsync(SeriesName series, Func<TimeSpan, CancellationToken, Task> pace, CancellationToken ct)
    {
        var instances = Named(retriever.LocateSeries(series, ct));
        var stored = SeriesChunks.Read(catalogue, series, ct);
        var missing = instances.Count(one => one.Instance.IsHeldHere && !stored.Names(one.Name));
        var kept = Kept(stored, [.. instances.Select(static one => one.Name)], isAdding: missing > 0);
        var gone = stored.All.Except(kept).Select(static chunk => chunk.Id).ToArray();
        if (missing == 0 && gone.Length == 0)
        {
            return 0;
        }

        var standing = kept.SelectMany(static chunk => chunk.Names).ToHashSet();
        var packed = instances.Where(one => standing.Add(one.Name)).ToArray();
        var faults = new List<string>();
        var (chunks, made) = await PackAsync(packed, stored, pace, faults, ct);
        if (faults.Count > 0)
        {
            // Whoever asks for one of them is told so; all others are stored.
            Log.MetadataNotMade(logger, faults.Count, series.SeriesInstanceUid, faults[^1]);
        }

        return await catalogue.ReplaceMetadataAsync(series, gone, chunks, [.. packed.Select(static one => one.Instance.SopInstanceUid)], ct) ? made : 0;
    }

    private (InstanceReference Instance, MetadataName Name)[] Named(IReadOnlyList<InstanceReference> located)
    {
        var named = new List<(InstanceReference, MetadataName)>(located.Count);
        foreach (var one in located)
        {
            var instance = retriever.Described(one);
            if (MetadataName.TryOf(instance, out var name))
            {
                named.Add((instance, name));
            }
        }

        return [.. named];
    }

    /// <summary>The chunks that stay: whole ones that say nothing but what is asked for, each once.</summary>
    private static List<SeriesChunks.Chunk> Kept(SeriesChunks stored, HashSet<MetadataName> asked, bool isAdding)
    {
        var kept = new List<SeriesChunks.Chunk>();
        foreach (var chunk in stored.All)
        {
            if (chunk.Names.Count > (isAdding ? SmallInstances : 0) && chunk.Names.All(asked.Contains) && chunk.IsWhole)
            {
                kept.Add(chunk);
                asked.ExceptWith(chunk.Names);
            }
        }

        return kept;
    }

    private async ValueTask<(List<MetadataChunkRow> Chunks, int Made)> PackAsync(
        IEnumerable<(InstanceReference Instance, MetadataName Name)> instances,
        SeriesChunks stored,
        Func<TimeSpan, CancellationToken, Task> pace,
        List<string> faults,
        CancellationToken ct)
    {
        var (chunks, made) = (new List<MetadataChunkRow>(), 0);
        var gathered = new List<(MetadataName Name, ReadOnlyMemory<byte> Json)>(MetadataChunk.InstanceLimit);
        var (gatheredBytes, began) = (0, time.GetTimestamp());
        foreach (var (instance, name) in instances)
        {
            if (!stored.TryGet(name, out var one))
            {
                if (await MakeAsync(instance, faults, ct) is not { } json)
                {
                    continue;
                }

                one = json;
                made++;
            }

            if (gathered.Count == MetadataChunk.InstanceLimit || (gathered.Count > 0 && gatheredBytes + one.Length > MetadataChunk.FullBytes))
            {
                chunks.Add(MetadataChunk.Pack(gathered));
                gathered.Clear();
                await pace(time.GetElapsedTime(began), ct);
                (gatheredBytes, began) = (0, time.GetTimestamp());
            }

            gathered.Add((name, one));
            gatheredBytes += one.Length;
        }

        if (gathered.Count > 0)
        {
            chunks.Add(MetadataChunk.Pack(gathered));
        }

        // Also when nothing could be read: a volume that is gone is no reason to run.
        await pace(time.GetElapsedTime(began), ct);
        return (chunks, made);
    }

    /// <summary>The metadata of an instance; null when it is not here, cannot be read, or is too long to be stored.</summary>
    private async ValueTask<byte[]?> MakeAsync(InstanceReference instance, List<string> faults, CancellationToken ct)
    {
        try
        {
            if (InstanceBytes.Open(() => retriever.OpenUnused(instance)) is not { } bytes)
            {
                return null;
            }

            var json = await InstanceMetadata.MakeAsync(bytes, instance, ct);
            return json.Length <= MetadataChunk.JsonLimitBytes ? json : null;
        }
        catch (Exception fault) when (fault is IOException or DicomFormatException or ObjectMissingException or UnauthorizedAccessException)
        {
            faults.Add(fault.GetType().Name);
            return null;
        }
    }
}
