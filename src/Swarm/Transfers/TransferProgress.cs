namespace Panal.Swarm.Transfers;

/// <summary>How a transfer stands.</summary>
public enum TransferState
{
    /// <summary>Blocks are asked for.</summary>
    Running,

    /// <summary>Nobody is linked who has what is lacking.</summary>
    Waiting,

    /// <summary>Somebody told it to rest.</summary>
    Paused,

    /// <summary>It rests while transfers that somebody waits for go on.</summary>
    Yielding,

    /// <summary>Every object is in the archive.</summary>
    Complete,

    /// <summary>Somebody ended it.</summary>
    Cancelled,
}

/// <summary>What one holder brings to a transfer.</summary>
/// <param name="Node">Who.</param>
/// <param name="BytesPerSecond">Its rate of late.</param>
/// <param name="DeliveredBytes">What came from it since its stream stands.</param>
/// <param name="HeldBlocks">How many blocks it says it holds.</param>
/// <param name="IsNear">Whether it is on our own network.</param>
public sealed record HolderProgress(NodeId Node, double BytesPerSecond, long DeliveredBytes, int HeldBlocks, bool IsNear);

/// <summary>A transfer at one moment.</summary>
/// <param name="Id">Its identity.</param>
/// <param name="Scope">What its objects belong to.</param>
/// <param name="State">How it stands.</param>
/// <param name="Priority">Whether somebody waits.</param>
/// <param name="Objects">Objects in all; the parts of a whole count as one.</param>
/// <param name="KeptObjects">Objects that are in the archive.</param>
/// <param name="ViewableObjects">Objects of which enough is here to be looked at, coarsely or whole.</param>
/// <param name="LengthBytes">Bytes in all.</param>
/// <param name="VerifiedBytes">Bytes that are here and verified.</param>
/// <param name="BytesPerSecond">Rates of all holders together.</param>
/// <param name="TimeLeft">What the rest takes at this rate; null if nothing comes.</param>
/// <param name="Holders">Who brings it.</param>
/// <param name="Problem">What hinders it on our side; null if nothing does.</param>
public sealed record TransferProgress(
    Guid Id,
    TransferScope Scope,
    TransferState State,
    TransferPriority Priority,
    int Objects,
    int KeptObjects,
    int ViewableObjects,
    long LengthBytes,
    long VerifiedBytes,
    double BytesPerSecond,
    TimeSpan? TimeLeft,
    IReadOnlyList<HolderProgress> Holders,
    string? Problem)
{
    /// <summary>No patient data in logs.</summary>
    public override string ToString() => $"{State}, {KeptObjects} of {Objects} objects";
}
