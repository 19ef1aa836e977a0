using Microsoft.Extensions.DependencyInjection;
using Panal.Archive.Commitment;
using Panal.Archive.Retrieve;
using Panal.Dimse;
using Panal.ServiceClasses.Associations;
using Panal.ServiceClasses.InstanceAvailability;
using Panal.ServiceClasses.Peers;
using Panal.ServiceClasses.QueryRetrieve;
using Panal.ServiceClasses.Storage;
using Panal.ServiceClasses.StorageCommitment;
using Panal.ServiceClasses.Verification;

namespace Panal.ServiceClasses;

/// <summary>Adds this room to a host.</summary>
public static class Registration
{
    /// <summary>Adds the SCPs, their policy and the SCUs; the host adds the archive, Security, AssociationOptions and TimeProvider.</summary>
    public static IServiceCollection AddServiceClasses(this IServiceCollection services, ServiceClassOptions options, PeerConnectionOptions connection) =>
        services
            .AddServiceUsers(options, connection)
            .AddSingleton<Callers>()
            .AddSingleton<OriginalAssociations>()
            .AddSingleton<VerificationScp>()
            .AddSingleton<StorageAudit>()
            .AddSingleton<StorageScp>()
            .AddSingleton<RetrievedStorage>()
            .AddSingleton<IForeignArchives, ForeignArchives>()
            .AddSingleton<QueryScp>()
            .AddSingleton<RetrieveRequests>()
            .AddSingleton<MoveScp>()
            .AddSingleton<GetScp>()
            .AddSingleton<StorageCommitmentScp>()
            .AddSingleton<InstanceAvailabilityScp>()
            .AddSingleton<IReportCommitment, CommitmentReporter>()
            .AddSingleton<IAssociationPolicy, ServicePolicy>()
            .AddSingleton<IDimseService, Dispatcher>();

    /// <summary>Adds the SCUs alone, for clients without an archive.</summary>
    public static IServiceCollection AddServiceUsers(this IServiceCollection services, ServiceClassOptions options, PeerConnectionOptions connection) =>
        services
            .AddSingleton(options)
            .AddSingleton(connection)
            .AddSingleton<PeerDialer>()
            .AddSingleton<VerificationScu>()
            .AddSingleton<StorageScu>()
            .AddSingleton<QueryScu>()
            .AddSingleton<RetrieveScu>()
            .AddSingleton<StorageCommitmentScu>();
}
