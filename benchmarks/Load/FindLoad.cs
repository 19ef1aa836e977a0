using System.Diagnostics;
using System.Globalization;
using Panal.Conformance.WireClient;

namespace Panal.Load;

/// <summary>Study-level queries about what <see cref="StoreLoad"/> stored, one after the other.</summary>
internal sealed record FindLoad
{
    public static readonly string[] Kinds = ["PatientID hit", "PatientID miss", "name prefix", "one day", "one week"];

    public long Run { get; init; } = 1;

    /// <summary>How many studies that run stored.</summary>
    public int Studies { get; init; } = 10;

    /// <summary>Queries of each kind.</summary>
    public int Count { get; init; } = 100;

    /// <summary>A new association for each query.</summary>
    public bool IsReconnecting { get; init; }

    /// <summary>Latencies by kind, and how many matches came on average.</summary>
    public Dictionary<string, (Latencies Latencies, double Matches)> Execute(WitnessTarget target)
    {
        var random = new Random(7);
        var client = QueryClient.Open(target);
        var all = new Dictionary<string, (Latencies, double)>(StringComparer.Ordinal);
        foreach (var kind in Kinds)
        {
            var latencies = new Latencies();
            var matches = 0;
            for (var i = 0; i < Count; i++)
            {
                var key = Key(kind, random.Next(Studies));
                var startedAt = Stopwatch.GetTimestamp();
                if (IsReconnecting)
                {
                    client.Dispose();
                    client = QueryClient.Open(target);
                }

                matches += Find(client, key);
                latencies.Add(startedAt);
            }

            all[kind] = (latencies, (double)matches / Count);
        }

        client.Dispose();
        return all;
    }

    private static int Find(QueryClient client, (uint Tag, string Value) key)
    {
        List<(uint, string)> keys =
        [
            (QueryClient.PatientId, ""), (QueryClient.PatientName, ""), (QueryClient.StudyDate, ""),
            (QueryClient.AccessionNumber, ""), (QueryClient.StudyInstanceUid, ""), key,
        ];
        return client.Find("STUDY", System.Runtime.InteropServices.CollectionsMarshal.AsSpan(keys)).Count;
    }

    private (uint Tag, string Value) Key(string kind, int study)
    {
        var date = SyntheticIdentity.StudyDate(study);
        return kind switch
        {
            "PatientID hit" => (QueryClient.PatientId, new SyntheticIdentity(Run, study, 0).PatientId),
            "PatientID miss" => (QueryClient.PatientId, "MISS" + study.ToString(CultureInfo.InvariantCulture)),
            "name prefix" => (QueryClient.PatientName, SyntheticIdentity.FamilyName(study) + "*"),
            "one day" => (QueryClient.StudyDate, date),
            _ => (QueryClient.StudyDate, date + "-" + DateOnly.ParseExact(date, "yyyyMMdd", CultureInfo.InvariantCulture).AddDays(6).ToString("yyyyMMdd", CultureInfo.InvariantCulture)),
        };
    }
}
