using Panal.Catalogue;

namespace Panal.Archive.Retrieve.Metadata;

/// <summary>Gives the metadata of instances: from the catalogue where it is stored, else from their files, and has it stored then.</summary>
public sealed class StoredMetadata(CatalogueDatabase catalogue, Retriever retriever, MetadataKeeper keeper)
{
    /// <summary>Instances whose metadata is given in parts, each of which can be read beside the others. What is stored is in pieces of the same size.</summary>
    public IReadOnlyList<MetadataPart> PartsOf(IReadOnlyList<InstanceReference> instances)
    {
        var parts = new List<MetadataPart>();
        for (var first = 0; first < instances.Count;)
        {
            var name = SeriesOf(instances[first]);
            var behind = first;
            while (behind < instances.Count && SeriesOf(instances[behind]) == name)
            {
                behind++;
            }

            var stored = new Lazy<SeriesChunks>(() => SeriesChunks.Read(catalogue, name, CancellationToken.None));
            for (; first < behind; first += MetadataChunk.InstanceLimit)
            {
                parts.Add(new MetadataPart(this, stored, [.. instances.Skip(first).Take(Math.Min(MetadataChunk.InstanceLimit, behind - first))]));
            }

            first = behind;
        }

        return parts;
    }

    /// <summary>
    /// The same instances, those that are not here with the content that their metadata is stored of, so that it can be given without waiting for them; null when
    /// that of one is not stored.
    /// </summary>
    public IReadOnlyList<InstanceReference>? Describe(IReadOnlyList<InstanceReference> instances)
    {
        var described = new InstanceReference[instances.Count];
        var series = new Dictionary<SeriesName, SeriesChunks>();
        for (var index = 0; index < described.Length; index++)
        {
            var one = described[index] = retriever.Described(instances[index]);
            if (one.IsHeldHere)
            {
                continue;
            }

            var name = SeriesOf(one);
            if (!series.TryGetValue(name, out var stored))
            {
                series[name] = stored = SeriesChunks.Read(catalogue, name, CancellationToken.None);
            }

            if (!MetadataName.TryOf(one, out var content) || !stored.TryGet(content, out _))
            {
                return null;
            }
        }

        return described;
    }

    internal async ValueTask<ReadOnlyMemory<byte>[]> ReadAsync(SeriesChunks stored, IReadOnlyList<InstanceReference> instances, CancellationToken ct)
    {
        var json = new ReadOnlyMemory<byte>[instances.Count];
        for (var index = 0; index < json.Length; index++)
        {
            var instance = instances[index];
            var isNamed = MetadataName.TryOf(instance, out var name);
            if (isNamed && stored.TryGet(name, out json[index]))
            {
                continue;
            }

            json[index] = await InstanceMetadata.MakeAsync(InstanceBytes.Open(retriever, instance), instance, ct);
            if (isNamed)
            {
                keeper.Want(SeriesOf(instance));
            }
        }

        return json;
    }

    private static SeriesName SeriesOf(InstanceReference instance) => new(instance.StudyInstanceUid, instance.SeriesInstanceUid);
}

/// <summary>Some instances of one series, whose metadata is read together.</summary>
public sealed class MetadataPart
{
    private readonly StoredMetadata _metadata;
    private readonly Lazy<SeriesChunks> _stored;

    internal MetadataPart(StoredMetadata metadata, Lazy<SeriesChunks> stored, IReadOnlyList<InstanceReference> instances) =>
        (_metadata, _stored, Instances) = (metadata, stored, instances);

    /// <summary>The instances, in their order.</summary>
    public IReadOnlyList<InstanceReference> Instances { get; }

    /// <summary>The JSON of each, in that order, with references that are relative to its resource (<see cref="InstanceMetadata.Complete"/>).</summary>
    /// <exception cref="IOException">An instance has gone meanwhile.</exception>
    /// <exception cref="Dicom.DicomFormatException">The stored bytes of one are no data set, or beyond a limit.</exception>
    public ValueTask<ReadOnlyMemory<byte>[]> ReadAsync(CancellationToken ct) => _metadata.ReadAsync(_stored.Value, Instances, ct);
}
