using Panal.Federation.Broker.Gathering;
using Panal.Swarm.Transfers;

namespace Panal.Node.Admin;

/// <summary>What the administration socket does with transfers.</summary>
internal static class TransferWork
{
    /// <summary>The priority of what nobody waits for.</summary>
    internal const string Bulk = "bulk";

    internal const string NothingToFetch = "Nothing to fetch: all of it is here, or nobody holds or offers it, or there is no room.";
    internal const string NoSuchChange = "A transfer can be told: pause, resume, cancel, interactive, bulk.";

    /// <summary>What a transfer can be told.</summary>
    internal static IReadOnlyList<string> Changes { get; } = ["pause", "resume", "cancel", "interactive", Bulk];

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>Fetches a study and tells how far it is until it is here; whoever stops listening does not stop that.</summary>
    public static async Task<TransferView> FetchAsync(
        IServiceProvider services, string study, string priority, Action<TransferView> report, CancellationToken cancellationToken)
    {
        if (!Dicom.Uid.IsWellFormed(study)
            || await services.GetRequiredService<StudyFetches>().FetchAsync(study, PriorityOf(priority), cancellationToken).ConfigureAwait(false) is not { } transfer)
        {
            return Told(report, TransferView.Nothing(study, NothingToFetch));
        }

        using var timer = new PeriodicTimer(Interval, services.GetRequiredService<TimeProvider>());
        while (!transfer.Ended.IsCompleted)
        {
            report(TransferView.Of(transfer.Progress));
            await Task.WhenAny(transfer.Ended, timer.WaitForNextTickAsync(cancellationToken).AsTask()).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }

        return Told(report, TransferView.Of(transfer.Progress));
    }

    /// <summary>Changes one transfer if it is named, and tells of it; else tells of all.</summary>
    public static async Task<TransferView> ChangeAsync(IServiceProvider services, string id, string change, Action<TransferView> report)
    {
        var underWay = services.GetRequiredService<StudyFetches>().UnderWay;
        if (id.Length == 0)
        {
            foreach (var one in underWay)
            {
                report(TransferView.Of(one.Progress));
            }

            return TransferView.Nothing("", "");
        }

        // As typed: the beginning is enough where it names one.
        if (underWay.Where(one => one.Id.ToString("D").StartsWith(id, StringComparison.OrdinalIgnoreCase)).Take(2).ToList() is not [var transfer])
        {
            return Told(report, TransferView.Nothing("", "There is no such transfer, or more than one."));
        }

        switch (change)
        {
            case "pause":
                transfer.Pause();
                break;
            case "resume":
                transfer.Resume();
                break;
            case "cancel":
                await transfer.CancelAsync().ConfigureAwait(false);
                break;
            case "interactive" or Bulk:
                transfer.SetPriority(PriorityOf(change));
                break;
            default:
                return Told(report, TransferView.Nothing("", NoSuchChange));
        }

        return Told(report, TransferView.Of(transfer.Progress));
    }

    internal static TransferPriority PriorityOf(string priority) => priority == Bulk ? TransferPriority.Bulk : TransferPriority.Interactive;

    private static TransferView Told(Action<TransferView> report, TransferView view)
    {
        report(view);
        return view;
    }
}
