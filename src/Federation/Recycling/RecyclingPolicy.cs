namespace Panal.Federation.Recycling;

/// <summary>
/// Decides what may go and in which order, from what is held and how it is used; no clock, no disk, no network. Whether a candidate is safe
/// elsewhere is asked by whoever drops it, who takes the next when it is not.
/// </summary>
/// <remarks>docs/decisions/2026-11-26-recycling.md; measured by benchmarks/RecyclingSimulation.</remarks>
public static class RecyclingPolicy
{
    /// <summary>
    /// Exponent of the size: with 0 every study counts alike and the most bytes come from here, with 1 every byte does and the most studies;
    /// half of it costs neither much.
    /// </summary>
    public const double SizeExponent = 0.5;

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

        var others = free.Where(study => !IsIdle(study, rules, now))
            .OrderBy(study => Worth(study, rules)).ThenBy(static study => study.StudyInstanceUid, StringComparer.Ordinal)
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

    // The logarithm of value divided by size to the exponent.
    private static double Worth(HeldStudy study, RecyclingRules rules) =>
        study.Use.Rank(rules.HalfLife) - (SizeExponent * Math.Log2(Math.Max(1, study.LengthBytes)));
}
