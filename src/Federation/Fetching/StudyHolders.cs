using Panal.Catalogue;
using Panal.Swarm;
using Panal.Swarm.Transfers;

namespace Panal.Federation.Fetching;

/// <summary>Who holds something of a study, as the feeds of the other nodes say.</summary>
public sealed class StudyHolders(CatalogueDatabase catalogue) : IHolderDirectory
{
    /// <inheritdoc/>
    public IReadOnlyList<NodeId> HoldersOf(TransferScope scope) =>
        [.. catalogue.HoldersOfStudies([scope.Name], null).Where(static holder => holder.Instances > 0).Select(static holder => new NodeId(holder.Node))];
}
