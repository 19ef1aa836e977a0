using Panal.Catalogue;
using Panal.Swarm;
using Panal.Swarm.Transfers;

namespace Panal.Federation.Fetching;

/// <summary>Who holds something of a study, as the feeds of the other nodes say; who only offers something too, as it may come to hold it while a transfer runs.</summary>
public sealed class StudyHolders(CatalogueDatabase catalogue) : IHolderDirectory
{
    /// <inheritdoc/>
    public IReadOnlyList<NodeId> HoldersOf(TransferScope scope) =>
        [.. catalogue.HoldersOfStudies([scope.Name], null).Select(static holder => new NodeId(holder.Node))];

    /// <inheritdoc/>
    public IReadOnlyList<NodeId> WholeHoldersOf(TransferScope scope)
    {
        var holders = catalogue.HoldersOfStudies([scope.Name], null);
        return holders.Count == 0 || holders.Max(static holder => holder.Instances) is var most && most == 0
            ? []
            : [.. holders.Where(holder => holder.Instances == most).Select(static holder => new NodeId(holder.Node))];
    }
}
