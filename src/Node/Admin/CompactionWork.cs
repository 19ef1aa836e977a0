using Panal.Archive.Compaction;

namespace Panal.Node.Admin;

/// <summary>What the administration socket does with compaction.</summary>
internal static class CompactionWork
{
    /// <summary>Lets compaction rest or go on, if told so, and tells how it stands.</summary>
    public static CompactionStatus Change(IServiceProvider services, string change, CancellationToken cancellationToken)
    {
        var compactor = services.GetRequiredService<Compactor>();
        switch (change)
        {
            case "pause":
                compactor.Pause();
                break;
            case "resume":
                compactor.Resume();
                break;
            default:
                break;
        }

        return compactor.Status(cancellationToken);
    }
}
