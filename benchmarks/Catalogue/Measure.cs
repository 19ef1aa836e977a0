using System.Diagnostics;
using Panal.Catalogue;
using Panal.Dicom;

namespace Panal.CatalogueLoad;

/// <summary>The measurements; each prints its line.</summary>
internal static class Measure
{
    private const int QueryRounds = 1000;

    internal static Task CallersAsync(int callers, Func<CancellationToken, Task> work) =>
        Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(() => work(CancellationToken.None))));

    internal static async Task AddOneCallerAsync(CatalogueDatabase database, int study)
    {
        const int Count = 20_000;
        TimeSpan making = MakingTime();
        TimeSpan processor = ProcessorTime();
        var samples = new double[Count];
        for (int i = 0; i < Count; i++)
        {
            InstanceRecord record = MadeUpInstances.Make(study + (i / 100), i % 100);
            long start = Stopwatch.GetTimestamp();
            await database.AddAsync(record, CancellationToken.None);
            samples[i] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        }

        Print("AddAsync, one caller", samples, "µs", ProcessorTime() - processor - (making * Count));
    }

    internal static async Task AddManyCallersAsync(CatalogueDatabase database, int callers, int study)
    {
        const int PerCaller = 10_000;
        int caller = -1;
        TimeSpan making = MakingTime();
        TimeSpan processor = ProcessorTime();
        var clock = Stopwatch.StartNew();
        await CallersAsync(callers, async ct =>
        {
            int first = study + (Interlocked.Increment(ref caller) * (PerCaller / 100));
            for (int i = 0; i < PerCaller; i++)
            {
                await database.AddAsync(MadeUpInstances.Make(first + (i / 100), i % 100), ct);
            }
        });
        double seconds = clock.Elapsed.TotalSeconds;
        int count = callers * PerCaller;
        double each = (ProcessorTime() - processor - (making * count)).TotalMicroseconds / count;
        Console.WriteLine(
            $"AddAsync, {callers} callers: {count / seconds:F0} instances/s, {each:F1} µs processor per instance, without making it ({making.TotalMicroseconds:F1} µs)");
    }

    internal static async Task<long> InsertAtRateAsync(CatalogueDatabase database, int perSecond, int study, CancellationToken stop)
    {
        long count = 0;
        var clock = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!stop.IsCancellationRequested)
        {
            for (; count < clock.Elapsed.TotalSeconds * perSecond; count++)
            {
                await database.AddAsync(MadeUpInstances.Make(study + (int)(count / 100), (int)(count % 100)), CancellationToken.None);
            }

            await timer.WaitForNextTickAsync(CancellationToken.None);
        }

        return count;
    }

    internal static void Queries(CatalogueDatabase database, int studies, string when)
    {
        Console.WriteLine($"study-level queries, {when}:");
        Query(database, "PatientID", i => [(Tags.PatientID, MadeUpInstances.PatientId(i % studies))]);
        Query(database, "name prefix", i => [(Tags.PatientName, MadeUpInstances.NamePrefix(i % studies) + "*")]);
        Query(database, "date range of 3 days", i =>
            [(Tags.StudyDate, $"{MadeUpInstances.StudyDate(i % 3000)}-{MadeUpInstances.StudyDate((i % 3000) + 2)}")]);
        Query(database, "accession number", i => [(Tags.AccessionNumber, MadeUpInstances.Accession(i % studies))]);
        Query(database, "modality and date", i => [(Tags.ModalitiesInStudy, "CT"), (Tags.StudyDate, MadeUpInstances.StudyDate(i % 3000))]);
    }

    /// <summary>What a crash leaves: the file and the log as they are.</summary>
    internal static void CopyAsAfterACrash(string from, string to)
    {
        File.Copy(from, to, overwrite: true);
        File.Copy(from + "-wal", to + "-wal", overwrite: true);
        Console.WriteLine($"log at the crash: {new FileInfo(to + "-wal").Length / 1e6:F1} MB");
    }

    private static void Query(CatalogueDatabase database, string name, Func<int, (Tag Tag, string Value)[]> keys)
    {
        var samples = new double[QueryRounds];
        long rows = 0;
        TimeSpan processor = ProcessorTime();
        for (int i = 0; i < QueryRounds; i++)
        {
            DataSet identifier = new();
            foreach (Tag tag in (Tag[])[Tags.StudyInstanceUID, Tags.PatientName, Tags.StudyDescription, Tags.ModalitiesInStudy, Tags.NumberOfStudyRelatedInstances])
            {
                identifier.SetEmpty(tag);
            }

            foreach ((Tag tag, string value) in keys(i * 7919))
            {
                identifier.Set(tag, value);
            }

            long start = Stopwatch.GetTimestamp();
            foreach (DataSet row in database.Query(CatalogueQuery.FromIdentifier(QueryLevel.Study, identifier, new MatchingOptions()), CancellationToken.None))
            {
                rows += row.Count > 0 ? 1 : 0;
            }

            samples[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        Print($"  {name} ({(double)rows / QueryRounds:F1} rows)", samples, "ms", ProcessorTime() - processor);
    }

    /// <summary>What it costs to make a record up, which is not the catalogue's.</summary>
    private static TimeSpan MakingTime()
    {
        const int Count = 20_000;
        TimeSpan processor = ProcessorTime();
        for (int i = 0; i < Count; i++)
        {
            GC.KeepAlive(MadeUpInstances.Make(i, i % 100));
        }

        return (ProcessorTime() - processor) / Count;
    }

    private static TimeSpan ProcessorTime()
    {
        using Process process = Process.GetCurrentProcess();
        return process.TotalProcessorTime;
    }

    private static void Print(string name, double[] samples, string unit, TimeSpan processor)
    {
        Array.Sort(samples);
        Console.WriteLine(
            $"{name}: median {samples[samples.Length / 2]:F2}, p95 {samples[(int)(samples.Length * 0.95)]:F2}, p99 {samples[(int)(samples.Length * 0.99)]:F2}, max {samples[^1]:F2} {unit}; {processor.TotalMicroseconds / samples.Length:F0} µs processor each");
    }
}
