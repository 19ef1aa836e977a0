namespace Panal.Swarm.Serving;

/// <summary>One rule that says which of two requests is served first. The rules form a chain: the next is asked when one is indifferent.</summary>
internal interface IServeRule
{
    /// <summary>Negative if the first goes first, positive if the second does, zero if it does not matter to this rule.</summary>
    int Compare(in ServeCandidate first, in ServeCandidate second);
}
