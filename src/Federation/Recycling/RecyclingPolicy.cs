namespace Panal.Federation.Recycling;

/// <summary>
/// Decides what may go and in which order, from what is held and how it is used; no clock, no disk, no network. Whether a candidate is safe
/// elsewhere is asked by whoever drops it, who takes the next when it is not.
/// </summary>
/// <remarks>docs/decisions/2026-11-26-recycling.md; measured by benchmarks/RecyclingSimulation.</remarks>
public static class RecyclingPolicy
{
    /// <summary>Exponent of the size that the value is divided by: a little, so that of two alike the larger goes; large CT must not leave at once.</summary>
    public const double SizeExponent = 0.2;

    /// <summary>
    /// Recency counts by the age of what is held: half a value for so many medians of the time since the last use. A small room turns over in days, and
    /// a month's memory would fill it with what was read twice; a large one can wait for the follow-up.
    /// </summary>
    public const double MediansOfAge = 1.25;

    private static readonly TimeSpan ShortestHorizon = TimeSpan.FromDays(1);

    /// <summary>The studies that may go, in the order in which they should.</summary>
    /// <param name="held">All studies that are held.</param>
    /// <param name="rules">The rules.</param>
    /// <param name="now">The present.</param>
    /// <returns>Idle ones first, the longest idle first; then, if the high mark is passed, all others that no rule keeps, the least valuable first.</returns>
    public static IReadOnlyList<RecyclingCandidate> Candidates(IReadOnlyList<HeldStudy> held, RecyclingRules rules, DateTimeOffset now)
    {
        var free = held.Where(study => !IsKept(study, rules, now)).ToList();
        var idle = free.Where(study => IsIdle(study, rules, now))
            .OrderBy(static study => study.Use.LastUse).ThenBy(static study => study.StudyInstanceUid, StringComparer.Ordinal)
            .Select(static study => new RecyclingCandidate(study, RecyclingReason.Idle));
        if (held.Sum(static study => study.LengthBytes) <= rules.HighMarkBytes)
        {
            return [.. idle];
        }

        var horizon = Horizon(held, rules, now);
        var others = free.Where(study => !IsIdle(study, rules, now))
            .OrderBy(study => Worth(study, horizon)).ThenBy(static study => study.StudyInstanceUid, StringComparer.Ordinal)
            .Select(static study => new RecyclingCandidate(study, RecyclingReason.Capacity));
        return [.. idle, .. others];
    }

    /// <summary>Whether a candidate is still to go when so many bytes are left: for room until the low mark, for idleness always.</summary>
    public static bool IsDue(RecyclingCandidate candidate, long leftBytes, RecyclingRules rules) =>
        candidate.Reason == RecyclingReason.Idle || leftBytes > rules.LowMarkBytes;

    /// <summary>Whether a rule keeps a study, however full it is.</summary>
    public static bool IsKept(HeldStudy study, RecyclingRules rules, DateTimeOffset now) =>
        study.IsPinned
        || now - study.Use.LastUse < rules.Rest
        || (rules.KeptDays > 0 && study.Date is { } date && DateOnly.FromDateTime(now.UtcDateTime).DayNumber - date.DayNumber < rules.KeptDays)
        || study.Modalities.Any(rules.KeptModalities.Contains)
        || study.Institutions.Any(rules.KeptInstitutions.Contains);

    private static bool IsIdle(HeldStudy study, RecyclingRules rules, DateTimeOffset now) => rules.Idle is { } idle && now - study.Use.LastUse >= idle;

    /// <summary>After what time a use counts half beside another: between a day and two half-lives, as old as what is held.</summary>
    private static TimeSpan Horizon(IReadOnlyList<HeldStudy> held, RecyclingRules rules, DateTimeOffset now)
    {
        var ages = held.Select(study => now - study.Use.LastUse).Order().ToList();
        var horizon = ages[(ages.Count - 1) / 2] * MediansOfAge;
        var longest = rules.HalfLife * 2;
        return horizon < ShortestHorizon || longest < ShortestHorizon ? ShortestHorizon : horizon > longest ? longest : horizon;
    }

    // The logarithm of value divided by size to the exponent.
    private static double Worth(HeldStudy study, TimeSpan horizon) =>
        study.Use.Rank(horizon) - (SizeExponent * Math.Log2(Math.Max(1, study.LengthBytes)));
}
