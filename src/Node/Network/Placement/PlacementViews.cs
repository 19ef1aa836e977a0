using Panal.Federation.Placement;

namespace Panal.Node.Network.Placement;

/// <summary>How many nodes hold a study.</summary>
/// <param name="Study">Study Instance UID.</param>
/// <param name="Images">Instances that are known.</param>
/// <param name="HeldHere">Of them here.</param>
/// <param name="Holders">Nodes that hold the instance with the fewest, this one too, as the feeds say.</param>
/// <param name="Whole">Names of the other nodes that hold all of it, as the feeds say.</param>
/// <param name="Verified">Names of the nodes that have just read all of it back; null when they were not asked.</param>
internal sealed record StudyCoverageView(
    string Study, long Images, long HeldHere, int Holders, IReadOnlyList<string> Whole, IReadOnlyList<string>? Verified)
{
    /// <summary>No patient data in logs.</summary>
    public override string ToString() => $"{Images} images, {Holders} holders";
}

/// <summary>How many studies have so many holders.</summary>
internal sealed record HolderCount(int Holders, int Studies);

/// <summary>Who holds what.</summary>
/// <param name="Count">Studies that were asked for.</param>
/// <param name="All">All studies by the number of their holders.</param>
/// <param name="Studies">Those that were asked for, the first 10,000 of them.</param>
internal sealed record CoverageView(int Count, IReadOnlyList<HolderCount> All, IReadOnlyList<StudyCoverageView> Studies);

/// <summary>Which nodes shall have a study, by name.</summary>
internal sealed record PlaceAsk(IReadOnlyList<string> Nodes);

/// <summary>What a node answered; null when it cannot be reached.</summary>
internal sealed record PlacedView(string Node, PlacementAnswer? Answer);

/// <summary>How many nodes shall hold each study.</summary>
internal sealed record RepairAsk(int MinimumHolders);

/// <summary>Whether rebuilding shall go on.</summary>
internal sealed record RebuildAsk(bool IsRunning);
