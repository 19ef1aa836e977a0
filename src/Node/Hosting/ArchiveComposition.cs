using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Panal.Archive;
using Panal.Archive.Commitment;
using Panal.Archive.Ingest;
using Panal.Archive.Jobs;
using Panal.Catalogue;
using Panal.DicomWeb;
using Panal.Dimse;
using Panal.Node.Commands;
using Panal.Node.Options;
using Panal.Node.Transport;
using Panal.Security.Access;
using Panal.ServiceClasses;
using Panal.ServiceClasses.Peers;
using Panal.Volumes;

namespace Panal.Node.Hosting;

/// <summary>Turns the configuration into the rooms of the archive.</summary>
internal static class ArchiveComposition
{
    /// <summary>Opens catalogue and volumes; what a crash left is repaired before this returns.</summary>
    /// <exception cref="CommandException">They cannot be used.</exception>
    public static async Task<Holdings> OpenHoldingsAsync(
        NodeConfiguration configuration, TimeProvider time, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var data = configuration.DataFolder;
        var settings = configuration.Archive;
        var volumes = settings.Directories(data)
            .Select((path, index) => new VolumeOptions { Id = index + 1, RootPath = path, ReserveBytes = settings.ReserveBytes })
            .ToArray();
        var options = new HoldingsOptions
        {
            CataloguePath = Path.Combine(data, "catalogue.db"),
            Volumes = new VolumeStoreOptions
            {
                DataDirectory = data,
                Groups = [new VolumeGroupOptions { Volumes = volumes }],
                MaxSegments = (int)(settings.StagingBytes / VolumeStoreOptions.DefaultSegmentBytes),
            },
        };
        try
        {
            return await Holdings.OpenAsync(options, time, loggers, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CatalogueException or InvalidDataException)
        {
            throw new CommandException(ExitCode.Data, e.Message);
        }
    }

    /// <summary>Adds the archive, its DICOM services and what works in the background.</summary>
    /// <param name="services">Where to.</param>
    /// <param name="configuration">Of the node.</param>
    /// <param name="holdings">What was opened.</param>
    /// <param name="certificate">The node's own; null where none speaks TLS, and until it is made.</param>
    public static void AddRooms(this IServiceCollection services, NodeConfiguration configuration, Holdings holdings, Func<NodeCertificate?> certificate)
    {
        var ae = configuration.NetworkAE;
        services.AddArchive(holdings, ArchiveOptions(configuration));
        services.AddSingleton(AssociationOptions(ae, configuration.NetworkConnection));
        services.AddServiceClasses(
            new ServiceClassOptions { AETitle = ae.AETitle, DeviceName = configuration.Device.EffectiveName }, new PeerConnectionOptions());
        services.AddSingleton(provider => new PeerConnectionOptions
        {
            Tls = host => Tls(host, certificate() ?? throw new IOException("This node has no certificate for TLS"), provider.GetRequiredService<AeRegistry>()),
        });
        services.AddDicomWeb(new DicomWebOptions
        {
            AETitle = ae.AETitle,
            PublicUrl = configuration.DicomWeb.PublicUrl,
            AllowedOrigins = configuration.DicomWeb.Origins,
            MaximumStoreLengthBytes = configuration.DicomWeb.MaximumStoreBytes,
        });
        services.AddHostedService<CommitmentWork>();
        services.AddCompaction();
        services.AddMetadata();
        services.AddSingleton<HealthProbe>(() => ProblemOf(holdings));
    }

    public static ArchiveOptions ArchiveOptions(NodeConfiguration configuration) => new()
    {
        AeTitle = configuration.NetworkAE.AETitle,
        ImportFolder = Path.Combine(configuration.DataFolder, "imports"),
        Ingest = new IngestOptions { Duplicates = configuration.Archive.Duplicates, Layout = configuration.Archive.Layout },
        Compaction = CompactionComposition.Options(configuration),
        Metadata = MetadataComposition.Options(configuration),
    };

    private static AssociationOptions AssociationOptions(NetworkAEOptions ae, NetworkConnectionOptions connection) => new()
    {
        MaximumPduLengthBytes = ae.MaximumPduLengthBytes,
        ArtimTimeout = ae.ArtimTimeout,
        IdleTimeout = ae.IdleTimeout,
        StopGrace = connection.StopTimeout,
        Capacity = new AssociationCapacity(ae.MaximumAssociations),
    };

    /// <summary>A peer is the one we mean when a trusted authority says so, or when it shows the certificate that it is registered with.</summary>
    private static SslClientAuthenticationOptions Tls(string host, NodeCertificate certificate, AeRegistry registry) => new()
    {
        TargetHost = host,
        ClientCertificateContext = certificate.Context,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        CipherSuitesPolicy = OperatingSystem.IsWindows() ? null : new CipherSuitesPolicy(TlsDoor.CipherSuites),
        RemoteCertificateValidationCallback = (_, shown, _, errors) =>
            errors == SslPolicyErrors.None || (shown is X509Certificate2 leaf && IsRegistered(host, leaf, registry)),
    };

    private static bool IsRegistered(string host, X509Certificate2 shown, AeRegistry registry) => registry.Entities.Any(entity =>
        entity.NetworkConnection.Hostname.Equals(host, StringComparison.OrdinalIgnoreCase)
        && CertificateFingerprint.Matches(entity.AuthorizedNodeCertificate, shown));

    private static string? ProblemOf(Holdings holdings)
    {
        _ = holdings.Catalogue.LastSequence();
        if (holdings.Rows.IsFailing)
        {
            return "The catalogue cannot be written.";
        }

        var volumes = holdings.Volumes.Volumes;
        return volumes.Any(volume => volume.State == VolumeState.Writable)
            ? holdings.Volumes.Staging.Trouble
            : "No volume can be written: " + string.Join("; ", volumes.Select(volume => $"volume {volume.Id} {volume.State}: {volume.Reason}"));
    }

    /// <summary>Verifies and reports storage commitments.</summary>
    private sealed class CommitmentWork(JobRunner jobs, CommitmentService commitment) : BackgroundService
    {
        protected override Task ExecuteAsync(CancellationToken stoppingToken) => jobs.RunAsync(commitment, stoppingToken);
    }
}
