namespace Panal.Swarm.Transfers;

/// <summary>How a receiver asks. The defaults won in benchmarks/SwarmSimulation.</summary>
internal sealed record DownloadOptions
{
    /// <summary>Fewest blocks asked of a holder at a time: one on its way and one that waits, so that it never waits for us.</summary>
    public int MinRequests { get; init; } = 2;

    /// <summary>Most blocks asked of a holder at a time: 8 MiB, which is 20 ms at 400 MB/s.</summary>
    public int MaxRequests { get; init; } = 128;

    /// <summary>
    /// How much of a holder's time is asked for ahead, on top of its shortest round trip. It must exceed what a request takes while the line it goes
    /// over is full of blocks, or fewer and fewer are asked for; more delays choices, and the first image.
    /// </summary>
    public TimeSpan Ahead { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>A claim older than this may be taken over; the claimer is slow or gone.</summary>
    public TimeSpan ClaimLife { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Fewest false blocks for a ban: one can be a broken memory, some cannot.</summary>
    public int BanAfter { get; init; } = 3;

    /// <summary>A holder is banned only when more than one of so many of its blocks is false: below that it brings more than it costs.</summary>
    public int BanRatio { get; init; } = 8;

    /// <summary>
    /// So many more refusals than deliveries, and a holder's word that it holds a block again counts no more: a holder of ours refuses once what it was asked for
    /// while its archive let it go, which is at most what may wait there.
    /// </summary>
    public int MaxRefusals { get; init; } = Serving.ServeQueue.MaxAsked;

    /// <summary>Most peers of one transfer; 15 already find every rare block in a swarm of 10,000.</summary>
    public int MaxHolders { get; init; } = 64;

    /// <summary>Candidates looked at for one choice; bounds its time for transfers of 100,000 blocks and more.</summary>
    public int MaxCandidates { get; init; } = 4096;

    /// <summary>So many times quicker a holder on our own network must be than one behind a line for what both hold to be asked of it alone.</summary>
    public double NearGain { get; init; } = 4;

    /// <summary>How much sooner a holder must deliver than another to take over a request from it.</summary>
    public double TakeoverGain { get; init; } = 2;
}
