using System.Collections.Frozen;
using Panal.ServiceClasses.InstanceAvailability;
using Panal.ServiceClasses.QueryRetrieve;
using Panal.ServiceClasses.Storage;
using Panal.ServiceClasses.StorageCommitment;
using Panal.ServiceClasses.Verification;

namespace Panal.ServiceClasses.Tables;

/// <summary>Every service class of this door.</summary>
public static class ServiceClassTable
{
    /// <summary>In the order of the conformance statement.</summary>
    public static IReadOnlyList<ServiceClass> All { get; } =
    [
        VerificationTable.Service, StorageTable.Service, QueryRetrieveTable.Find, QueryRetrieveTable.Move, QueryRetrieveTable.Get,
        StorageCommitmentTable.Service, InstanceAvailabilityTable.Service,
    ];

    private static readonly FrozenDictionary<string, ServiceClass> ByAbstractSyntax =
        All.SelectMany(service => service.SopClasses, (service, sopClass) => KeyValuePair.Create(sopClass.Uid, service)).ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Returns the service class of an abstract syntax, or null when it is none of ours.</summary>
    public static ServiceClass? Find(string abstractSyntaxUid) =>
        ByAbstractSyntax.TryGetValue(abstractSyntaxUid, out ServiceClass? service) ? service
        : StorageTable.IsStorage(abstractSyntaxUid) ? StorageTable.Service
        : null;
}
