namespace Panal.Swarm.Transfers;

/// <summary>What a receiver's scheduler wants done.</summary>
internal enum TransferActionKind
{
    /// <summary>Ask a holder for a block; urgent ones overtake at the holder, and asking again makes an asked one urgent.</summary>
    Request,

    /// <summary>Take a request back. The block may be on its way all the same.</summary>
    Cancel,

    /// <summary>Tell every peer of the transfer that we hold a verified block.</summary>
    AnnounceHave,

    /// <summary>Tell the other receivers that a source was asked for a block, so that they ask for another.</summary>
    AnnounceClaim,

    /// <summary>Tell the other receivers that a claim is void.</summary>
    AnnounceRelease,

    /// <summary>End the stream to a holder: what it sends is false.</summary>
    Ban,
}

/// <summary>One action of a receiver's scheduler.</summary>
/// <param name="Kind">What to do.</param>
/// <param name="Holder">Number of the holder; -1 for announcements.</param>
/// <param name="Block">Number of the block; -1 for bans.</param>
/// <param name="IsUrgent">For requests: a viewer waits for it.</param>
internal readonly record struct TransferAction(TransferActionKind Kind, int Holder, int Block, bool IsUrgent);
