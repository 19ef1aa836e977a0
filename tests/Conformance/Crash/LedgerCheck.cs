using Panal.Conformance.WireClient;

namespace Panal.Conformance.Crash;

/// <summary>
/// Compares an archive with what was sent to it: all that was answered with success is found and comes back unchanged, and
/// nothing is visible that was not sent whole.
/// </summary>
internal static class LedgerCheck
{
    private const int FaultsShown = 20;

    /// <param name="ledger">All that was ever sent to this archive.</param>
    /// <param name="target">The archive.</param>
    /// <param name="studies">The studies to be looked at image by image.</param>
    /// <returns>A sentence for each fault; empty when all is well.</returns>
    public static IReadOnlyList<string> Run(Ledger ledger, WitnessTarget target, IEnumerable<string> studies)
    {
        var faults = new List<string>();
        using var client = QueryClient.Open(target, canGet: true);
        var visible = Uids(client.Find("STUDY", (QueryClient.StudyInstanceUid, "")), QueryClient.StudyInstanceUid, faults);
        faults.AddRange(visible.Except(ledger.Studies, StringComparer.Ordinal).Select(uid => $"study {uid} was never sent"));
        foreach (var study in studies)
        {
            Check(study, ledger.Study(study), client, visible.Contains(study), faults);
        }

        return faults.Count <= FaultsShown ? faults : [.. faults.Take(FaultsShown), $"… and {faults.Count - FaultsShown} more"];
    }

    private static void Check(string study, IReadOnlyDictionary<string, SentInstance> sent, QueryClient client, bool isVisible, List<string> faults)
    {
        var owed = sent.Values.Where(instance => instance.Answer == Answer.Success).Select(instance => instance.Identity.SopInstanceUid).ToHashSet(StringComparer.Ordinal);
        var found = isVisible ? FindImages(study, client, faults) : [];
        faults.AddRange(owed.Except(found, StringComparer.Ordinal).Select(uid => $"{uid} was answered with success and is not found"));
        foreach (var uid in found)
        {
            if (!sent.TryGetValue(uid, out var instance))
            {
                faults.Add($"{uid} was never sent and is found");
            }
            else if (instance.Answer == Answer.Refused)
            {
                faults.Add($"{uid} was refused and is found");
            }
        }

        if (isVisible)
        {
            CheckBytes(study, sent, found, client, faults);
        }
    }

    private static HashSet<string> FindImages(string study, QueryClient client, List<string> faults)
    {
        HashSet<string> found = new(StringComparer.Ordinal);
        foreach (var series in Uids(client.Find("SERIES", (QueryClient.StudyInstanceUid, study), (QueryClient.SeriesInstanceUid, "")), QueryClient.SeriesInstanceUid, faults))
        {
            found.UnionWith(Uids(
                client.Find("IMAGE", (QueryClient.StudyInstanceUid, study), (QueryClient.SeriesInstanceUid, series), (QueryClient.SopInstanceUid, "")),
                QueryClient.SopInstanceUid,
                faults));
        }

        return found;
    }

    private static void CheckBytes(string study, IReadOnlyDictionary<string, SentInstance> sent, HashSet<string> found, QueryClient client, List<string> faults)
    {
        using var sink = new HashingSink();
        var outcome = client.Get("STUDY", sink, (QueryClient.StudyInstanceUid, study));
        if (outcome.Status != 0 || outcome.Completed != found.Count)
        {
            faults.Add($"C-GET of {study} with {found.Count} images ended with {outcome}");
        }

        faults.AddRange(sink.Repeated.Select(uid => $"{uid} came twice"));
        faults.AddRange(found.Except(sink.Hashes.Keys, StringComparer.Ordinal).Select(uid => $"{uid} is found and did not come"));
        foreach (var (uid, hash) in sink.Hashes)
        {
            if (sent.TryGetValue(uid, out var instance) && instance.Hash != hash)
            {
                faults.Add($"{uid} ({instance.Answer}, {instance.Shape.LengthBytes} bytes) came back with other bytes");
            }
        }
    }

    private static HashSet<string> Uids(List<Identifier> answers, uint tag, List<string> faults)
    {
        var uids = answers.Select(answer => answer[tag]).ToHashSet(StringComparer.Ordinal);
        if (uids.Count != answers.Count)
        {
            faults.Add($"{answers.Count} answers name only {uids.Count} different {tag:X8}");
        }

        return uids;
    }
}
