using Panal.Swarm.Transfers;

namespace Panal.Node.Admin;

/// <summary>A transfer, for the command line.</summary>
/// <param name="Id">Its identity; empty when there is nothing to tell of but the reason.</param>
/// <param name="Study">Study Instance UID.</param>
/// <param name="State">How it stands.</param>
/// <param name="Priority">Whether somebody waits.</param>
/// <param name="Images">Images in all.</param>
/// <param name="KeptImages">Images that are in the archive.</param>
/// <param name="ViewableImages">Images that can be looked at, coarsely or whole.</param>
/// <param name="Bytes">Bytes in all.</param>
/// <param name="VerifiedBytes">Bytes that are here.</param>
/// <param name="BytesPerSecond">Rates of all holders together.</param>
/// <param name="SecondsLeft">What the rest takes; null if nothing comes.</param>
/// <param name="Holders">Who brings it.</param>
/// <param name="Problem">What hinders it; null if nothing does.</param>
internal sealed record TransferView(
    Guid Id,
    string Study,
    TransferState State,
    TransferPriority Priority,
    int Images,
    int KeptImages,
    int ViewableImages,
    long Bytes,
    long VerifiedBytes,
    double BytesPerSecond,
    double? SecondsLeft,
    IReadOnlyList<HolderView> Holders,
    string? Problem)
{
    public static TransferView Of(TransferProgress progress) => new(
        progress.Id,
        progress.Scope.Name,
        progress.State,
        progress.Priority,
        progress.Objects,
        progress.KeptObjects,
        progress.ViewableObjects,
        progress.LengthBytes,
        progress.VerifiedBytes,
        progress.BytesPerSecond,
        progress.TimeLeft?.TotalSeconds,
        [.. progress.Holders.Select(static holder => new HolderView(holder.Node.ToString(), holder.BytesPerSecond, holder.DeliveredBytes, holder.IsNear))],
        progress.Problem);

    public static TransferView Nothing(string study, string reason) =>
        new(Guid.Empty, study, TransferState.Complete, TransferPriority.Bulk, 0, 0, 0, 0, 0, 0, null, [], reason);

    /// <summary>No patient data in logs.</summary>
    public override string ToString() => $"{State}, {KeptImages} of {Images} images";
}

/// <summary>A holder of a transfer, for the command line.</summary>
/// <param name="Node">Its identity.</param>
/// <param name="BytesPerSecond">Its rate of late.</param>
/// <param name="DeliveredBytes">What came from it.</param>
/// <param name="IsNear">Whether it is on our own network.</param>
internal sealed record HolderView(string Node, double BytesPerSecond, long DeliveredBytes, bool IsNear);
