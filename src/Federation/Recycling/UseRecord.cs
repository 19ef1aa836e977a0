namespace Panal.Federation.Recycling;

/// <summary>
/// How much a study is used: its uses, each worth half as much after every half-life (the combined recency and frequency of LRFU). Two
/// numbers a study say as much about frequency and recency as the whole history.
/// </summary>
/// <param name="Weight">What the uses were worth at the last of them; at least 1 for a study that was used or received.</param>
/// <param name="LastUse">When it was last used, or received.</param>
public readonly record struct UseRecord(double Weight, DateTimeOffset LastUse)
{
    /// <summary>Uses so close to each other are one: a study is opened image by image, and looked at again during one report.</summary>
    public static readonly TimeSpan Sitting = TimeSpan.FromHours(1);

    /// <summary>A study that comes now.</summary>
    public static UseRecord First(DateTimeOffset now) => new(1, now);

    /// <summary>The record after a use. A clock that was set back changes nothing.</summary>
    /// <param name="now">When it is used.</param>
    /// <param name="halfLife">After which a use is worth half.</param>
    public UseRecord After(DateTimeOffset now, TimeSpan halfLife) => now <= LastUse
        ? this
        : now - LastUse < Sitting ? this with { LastUse = now } : new UseRecord(ValueAt(now, halfLife) + 1, now);

    /// <summary>What the uses are worth at a moment.</summary>
    public double ValueAt(DateTimeOffset now, TimeSpan halfLife) => Weight * Math.Pow(2, -Math.Max(0, (now - LastUse) / halfLife));

    /// <summary>Its place among others: the order of values is the same at every moment, so it needs no clock. Higher is used more.</summary>
    /// <param name="halfLife">After which the weight at the last use is worth half beside those of others.</param>
    public double Rank(TimeSpan halfLife) => Math.Log2(Math.Max(Weight, double.Epsilon)) + ((LastUse - DateTimeOffset.UnixEpoch) / halfLife);
}
