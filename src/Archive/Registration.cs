using Microsoft.Extensions.DependencyInjection;
using Panal.Archive.Commitment;
using Panal.Archive.Compaction;
using Panal.Archive.Conflicts;
using Panal.Archive.Fixity;
using Panal.Archive.Import;
using Panal.Archive.Ingest;
using Panal.Archive.Jobs;
using Panal.Archive.Retrieve;
using Panal.Archive.Retrieve.Metadata;
using Panal.Archive.Search;

namespace Panal.Archive;

/// <summary>What the host decides about an archive.</summary>
public sealed record ArchiveOptions
{
    /// <summary>Our AE title: matches are retrieved from it.</summary>
    public required string AeTitle { get; init; }

    /// <summary>Where the state of imports is kept.</summary>
    public required string ImportFolder { get; init; }

    /// <summary>How instances are taken in.</summary>
    public IngestOptions Ingest { get; init; } = new();

    /// <summary>What is made compact.</summary>
    public CompactionOptions Compaction { get; init; } = new();

    /// <summary>When metadata is stored.</summary>
    public MetadataOptions Metadata { get; init; } = new();
}

/// <summary>Puts the room together.</summary>
public static class Registration
{
    /// <summary>Adds the archive on holdings that are open; the host keeps and closes them.</summary>
    public static IServiceCollection AddArchive(this IServiceCollection services, Holdings holdings, ArchiveOptions options)
    {
        services.AddSingleton(holdings.Catalogue);
        services.AddSingleton(holdings.Volumes);
        services.AddSingleton(holdings.Rows);
        services.AddSingleton(options.Ingest);
        services.AddSingleton(options.Compaction);
        services.AddSingleton(options.Metadata);
        services.AddSingleton<IngestMeter>();
        services.AddSingleton<CompactionMeter>();
        services.AddSingleton<Compactor>();
        services.AddSingleton<Ingester>();
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<Importer>(provider, options.ImportFolder));
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<Searcher>(provider, options.AeTitle));
        services.AddSingleton<Retriever>();
        services.AddSingleton<MetadataKeeper>();
        services.AddSingleton<StoredMetadata>();
        services.AddSingleton<ReceivedExport>();
        services.AddSingleton<StudyMedia>();
        services.AddSingleton<Verifier>();
        services.AddSingleton<ContentChooser>();
        services.AddSingleton<JobRunner>();
        services.AddSingleton<CommitmentService>();
        return services;
    }
}
