using Panal.Swarm.Transfers;
using Panal.Swarm.Transfers.Running;

namespace Panal.Federation.Broker.Gathering;

/// <summary>A study on its way here: from nodes that hold it, or from archives that offer it, which makes no difference to whoever waits.</summary>
public interface IStudyFetch
{
    /// <summary>Its identity.</summary>
    Guid Id { get; }

    /// <summary>How it stands at this moment.</summary>
    TransferProgress Progress { get; }

    /// <summary>Ends when all has come that can, it was cancelled, or the node stops.</summary>
    Task Ended { get; }

    /// <summary>Rests until <see cref="Resume"/>; what is on its way still comes.</summary>
    void Pause();

    /// <summary>Goes on.</summary>
    void Resume();

    /// <summary>Somebody waits for it, or nobody does any more.</summary>
    void SetPriority(TransferPriority priority);

    /// <summary>Ends it; what has come stays.</summary>
    Task CancelAsync();
}

/// <summary>One that needs nothing but a transfer.</summary>
internal sealed class TransferFetch(Transfer transfer) : IStudyFetch
{
    public Guid Id => transfer.Id;

    public TransferProgress Progress => transfer.Progress;

    public Task Ended => transfer.Ended;

    public void Pause() => transfer.Pause();

    public void Resume() => transfer.Resume();

    public void SetPriority(TransferPriority priority) => transfer.SetPriority(priority);

    public Task CancelAsync() => transfer.CancelAsync();
}
