namespace Panal.ServiceClasses;

/// <summary>How this door behaves where the standard leaves a choice.</summary>
public sealed record ServiceClassOptions
{
    /// <summary>Our AE title, under which we call others.</summary>
    public string AETitle { get; init; } = "PANAL";

    /// <summary>Name of this node in the audit trail.</summary>
    public string DeviceName { get; init; } = Environment.MachineName;

    /// <summary>Transfer syntax UIDs in our order of preference for storage; empty takes the sender's first: it knows best what it has.</summary>
    public IReadOnlyList<string> StorageTransferSyntaxes { get; init; } = [];

    /// <summary>Refuse relational queries that were not negotiated (PS3.4 §C.5); off, because many workstations ask so without negotiating.</summary>
    public bool StrictQueries { get; init; }

    /// <summary>Longest silence during C-MOVE and C-GET; workstations give up after some ten seconds.</summary>
    public TimeSpan PendingInterval { get; init; } = TimeSpan.FromSeconds(2.5);

    /// <summary>How often progress is told; more often costs packets and nobody reads it.</summary>
    public TimeSpan ProgressInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>C-STORE requests under way on one association when the peer grants an asynchronous operations window.</summary>
    public int MaximumRequestsUnderWay { get; init; } = 8;
}
