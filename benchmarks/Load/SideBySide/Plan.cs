namespace Panal.Load.SideBySide;

/// <summary>How much of everything: a quick look within six minutes, or the sizes of a figure to be quoted.</summary>
internal sealed record Plan
{
    public int Rounds { get; init; } = 2;

    /// <summary>CT slices of each store run, on 1, 4 and 8 associations.</summary>
    public int Slices { get; init; } = 800;

    /// <summary>Slices that each server has taken before it is measured: an archive runs for months, not for its first second.</summary>
    public int WarmUpSlices { get; init; } = 1_000;

    public TimeSpan CarelessTime { get; init; } = TimeSpan.FromSeconds(3);

    public long LargeBytes { get; init; } = 256L << 20;

    public TimeSpan TinyTime { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Instances in the archive when it is asked, by server: the others fill too slowly for a million.</summary>
    public int PanalFindInstances { get; init; } = 30_000;

    public int PeerFindInstances { get; init; } = 10_000;

    public int FindInstancesPerStudy { get; init; } = 20;

    /// <summary>For a filled server to stop: it may have much to settle.</summary>
    public TimeSpan FilledStopLimit { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Queries of each kind.</summary>
    public int Queries { get; init; } = 100;

    public int RetrieveStudies { get; init; } = 10;

    public static Plan Quick => new();

    public static Plan Full => new()
    {
        Rounds = 3,
        Slices = 4_000,
        CarelessTime = TimeSpan.FromSeconds(10),
        LargeBytes = 1L << 31,
        TinyTime = TimeSpan.FromSeconds(10),
        PanalFindInstances = 1_000_000,
        PeerFindInstances = 100_000,
        FindInstancesPerStudy = 100,
        Queries = 400,
    };
}
