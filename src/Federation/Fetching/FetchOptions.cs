namespace Panal.Federation.Fetching;

/// <summary>What the host decides about fetching.</summary>
public sealed record FetchOptions
{
    /// <summary>
    /// Whoever waits for an instance gives up when nothing at all has come for so long. Workstations wait about a minute for the next response.
    /// </summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(45);
}
