using System.Globalization;
using Panal.RecyclingSimulation;

// A year of use against capacities of some shares of what is opened in it; the first quarter fills the caches and does not count.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
const int Seeds = 3;
double[] shares = [0.02, 0.05, 0.10, 0.20];
Console.WriteLine("| capacity | policy | studies hit | bytes hit |");
Console.WriteLine("|---|---|---|---|");
foreach (var share in shares)
{
    var sums = new Dictionary<string, (double Studies, double Bytes)>(StringComparer.Ordinal);
    for (var seed = 1; seed <= Seeds; seed++)
    {
        var trace = Trace.Make(new Habits(), seed);
        var capacity = (long)(trace.Select(static o => o.Study).Distinct().Sum(static s => s.LengthBytes) * share);
        var counted = trace.Where(static o => o.At >= Trace.Start.AddDays(90)).ToList();
        foreach (var cache in (Cache[])[new LeastRecentlyUsed(capacity), new LeastFrequentlyUsed(capacity), new ThreeQueues(capacity), new Recycled(capacity), new Foresight(capacity, trace)])
        {
            foreach (var opening in trace)
            {
                cache.Open(opening, opening.At >= Trace.Start.AddDays(90));
            }

            var (studies, bytes) = sums.GetValueOrDefault(cache.Name);
            sums[cache.Name] = (
                studies + ((double)cache.Hits / counted.Count / Seeds),
                bytes + ((double)cache.HitBytes / counted.Sum(static o => o.Study.LengthBytes) / Seeds));
        }
    }

    foreach (var (name, sum) in sums)
    {
        Console.WriteLine($"| {share:P0} | {name} | {sum.Studies:P1} | {sum.Bytes:P1} |");
    }
}
