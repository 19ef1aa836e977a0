using Panal.Swarm.Pieces;
using Panal.Volumes;

namespace Panal.Swarm.Transfers;

/// <summary>Which transfers go first. Stored and on the administration socket: numbers never change.</summary>
public enum TransferPriority : byte
{
    /// <summary>Whatever the lines have left: replication, prefetching.</summary>
    Bulk = 0,

    /// <summary>Somebody waits: bulk transfers rest while one of these can go on.</summary>
    Interactive = 1,
}

/// <summary>What a transfer brings.</summary>
/// <param name="Scope">What the objects belong to; who holds them is asked by it.</param>
/// <param name="Objects">The objects in the order of display, each content once.</param>
/// <param name="Priority">Whether somebody waits.</param>
public sealed record TransferPlan(TransferScope Scope, IReadOnlyList<TransferObject> Objects, TransferPriority Priority)
{
    /// <summary>No patient data in logs.</summary>
    public override string ToString() => $"{Objects.Count} objects";
}

/// <summary>Who holds what; asked when a transfer begins and again while it runs.</summary>
public interface IHolderDirectory
{
    /// <summary>Nodes that hold something of a scope, besides ourselves.</summary>
    IReadOnlyList<NodeId> HoldersOf(TransferScope scope);

    /// <summary>Those of them that hold as much of it as anybody does: what no receiver has is shared out among them and us.</summary>
    IReadOnlyList<NodeId> WholeHoldersOf(TransferScope scope);
}

/// <summary>What we hold and may show to others.</summary>
public interface IHeldObjects
{
    /// <summary>What we hold of a scope; null if the peer may not see it, or there is no such thing, which it cannot tell apart.</summary>
    ValueTask<IHeldScope?> FindAsync(NodeId peer, TransferScope scope, CancellationToken cancellationToken);
}

/// <summary>The objects that we hold of one scope. For several threads at once.</summary>
public interface IHeldScope
{
    /// <summary>True if an object is here whole.</summary>
    bool Holds(ContentHash hash, long lengthBytes);

    /// <summary>Opens an object that is here; null if it is not any more.</summary>
    /// <exception cref="IOException">The disk fails.</exception>
    IHeldObject? Open(ContentHash hash);

    /// <summary>Ends when it may hold something else than it did when it was found, or when this ended last. For one at a time.</summary>
    Task NextChangeAsync(CancellationToken cancellationToken);
}

/// <summary>An object that can be read at any offset, by several threads at once.</summary>
public interface IHeldObject : IDisposable
{
    /// <summary>Reads until the buffer is full or the object ends; returns the bytes read.</summary>
    /// <exception cref="IOException">The disk fails.</exception>
    int ReadAt(Span<byte> buffer, long offset);
}

/// <summary>Takes what transfers have completed.</summary>
public interface IFinishedObjects
{
    /// <summary>Keeps an object; when it returns, the object is durable. Doing so twice keeps it once. Its bytes are verified.</summary>
    /// <exception cref="IOException">It cannot be kept now; it is offered again.</exception>
    /// <exception cref="InvalidDataException">It can never be kept: the bytes are right, but nothing that belongs here.</exception>
    ValueTask KeepAsync(TransferScope scope, TransferObject finished, Stream bytes, CancellationToken cancellationToken);

    /// <summary>Keeps a whole, of which every part has come; when it returns, the whole is durable. As with an object otherwise.</summary>
    /// <exception cref="IOException">It cannot be kept now; it is offered again.</exception>
    /// <exception cref="InvalidDataException">It can never be kept.</exception>
    ValueTask KeepWholeAsync(TransferScope scope, IReadOnlyList<Stream> parts, CancellationToken cancellationToken);
}

/// <summary>What the house brings to transfers.</summary>
/// <param name="Held">What we hold.</param>
/// <param name="Finished">Takes what is complete.</param>
/// <param name="Directory">Who holds what.</param>
public sealed record TransferPorts(IHeldObjects Held, IFinishedObjects Finished, IHolderDirectory Directory);
