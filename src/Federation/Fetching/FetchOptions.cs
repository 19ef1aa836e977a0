namespace Panal.Federation.Fetching;

/// <summary>What the host decides about fetching.</summary>
public sealed record FetchOptions
{
    /// <summary>
    /// Whoever waits for an instance gives up when nothing at all has come for so long. Workstations wait about a minute for the next response.
    /// </summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(45);

    /// <summary>Whether contents are fetched in fewer bytes where holders have them so.</summary>
    public bool PrefersCompact { get; init; } = true;

    /// <summary>How long a holder may take to tell which; a round trip and a look into its catalogue.</summary>
    public TimeSpan FormsPatience { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long its answer holds: each instance of a study is asked for by itself.</summary>
    public TimeSpan FormsLife { get; init; } = TimeSpan.FromMinutes(1);
}
