using System.Diagnostics;
using System.Globalization;
using Panal.Catalogue;
using Panal.CatalogueLoad;
using Panal.Dicom;

// Fills a catalogue and measures it: dotnet run -c Release --project benchmarks/Catalogue -- [instances] [directory] [instances a study] [fill|fill-for-load]
int instances = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 1_000_000;
string directory = args.Length > 1 ? args[1] : Directory.CreateTempSubdirectory("panal-catalogue-load-").FullName;
int perStudy = args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 100;
int studies = Math.Max(1, instances / perStudy);
string path = Path.Combine(directory, "catalogue.db");
var options = new CatalogueOptions();
int next = 0;
const int FillCallers = 64;

var clock = Stopwatch.StartNew();
await using (CatalogueDatabase database = await OpenAsync())
{
    long existing = database.Counts().Instances;
    if (existing < instances)
    {
        // Some of the last were under way when an earlier fill was broken off; adding again what is there changes nothing.
        next = (int)Math.Max(0, (existing / perStudy) - FillCallers);
        await Measure.CallersAsync(FillCallers, ct => FillAsync(database, Next));
        Console.WriteLine($"filled {database.Counts().Instances} instances in {clock.Elapsed.TotalSeconds:F1} s, {new FileInfo(path).Length / 1e6:F0} MB");
    }
}

if (args is [.., "fill" or "fill-for-load"])
{
    return;
}

clock.Restart();
await using (CatalogueDatabase database = await OpenAsync())
{
    Console.WriteLine($"open after a clean close: {clock.Elapsed.TotalMilliseconds:F1} ms");
    // Beyond what any earlier run has added.
    int fresh = studies + (int)database.Counts().Instances;
    await Measure.AddOneCallerAsync(database, fresh + 1000);
    await Measure.AddManyCallersAsync(database, 8, fresh + 2000);
    Measure.Queries(database, studies, "idle");
    using var stop = new CancellationTokenSource();
    Task<long> load = Measure.InsertAtRateAsync(database, 2000, fresh + 5000, stop.Token);
    Measure.Queries(database, studies, "while 2,000 inserts/s run");
    await stop.CancelAsync();
    Console.WriteLine($"  inserted beside: {await load}");
    clock.Restart();
    await database.SyncAsync(CancellationToken.None);
    Console.WriteLine($"SyncAsync: {clock.Elapsed.TotalMilliseconds:F1} ms");
    Console.WriteLine($"working set {Environment.WorkingSet / 1e6:F0} MB, managed heap {GC.GetTotalMemory(forceFullCollection: false) / 1e6:F0} MB");
    Measure.CopyAsAfterACrash(path, path + "-crashed");
}

clock.Restart();
await using (CatalogueDatabase database = await CatalogueDatabase.OpenAsync(path + "-crashed", options, TimeProvider.System, CancellationToken.None))
{
    Console.WriteLine($"open after a crash: {clock.Elapsed.TotalMilliseconds:F1} ms");
}

// Told now and then: a million take minutes.
int Next()
{
    int study = Interlocked.Increment(ref next) - 1;
    if (study % Math.Max(1, studies / 20) == 0)
    {
        Console.WriteLine($"  study {study} of {studies}, {clock.Elapsed.TotalSeconds:F0} s");
    }

    return study;
}

Task<CatalogueDatabase> OpenAsync() => CatalogueDatabase.OpenAsync(path, options, TimeProvider.System, CancellationToken.None);

async Task FillAsync(CatalogueDatabase database, Func<int> nextStudy)
{
    for (int study = nextStudy(); study < studies; study = nextStudy())
    {
        for (int number = 0; number < perStudy; number++)
        {
            InstanceRecord record = args is [.., "fill-for-load"] ? MadeUpInstances.LikeLoad(study, number) : MadeUpInstances.Make(study, number);
            await database.AddAsync(record, CancellationToken.None);
        }
    }
}
