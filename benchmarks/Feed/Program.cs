using System.Diagnostics;
using System.Globalization;
using Panal.Catalogue;
using Panal.Dicom;
using Panal.Federation.Feed;
using Panal.FeedLoad;

// One node with many instances, another that takes them over: dotnet run -c Release --project benchmarks/Feed -- [instances] [directory] [Mbit/s of the line]
int instances = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 1_000_000;
string directory = args.Length > 1 ? args[1] : Directory.CreateTempSubdirectory("panal-feed-load-").FullName;
double line = args.Length > 2 ? double.Parse(args[2], CultureInfo.InvariantCulture) : 0;
const int Filled = 100_000_000;                         // studies of the measurements have higher numbers than those that fill
Guid publisher = Guid.NewGuid();
await using CatalogueDatabase there = await OpenAsync("there.db");
var clock = Stopwatch.StartNew();
long known = there.Counts().Instances;
int next = (int)(known / ScannerInstances.PerStudy), studies = instances / ScannerInstances.PerStudy;
await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => Task.Run(FillAsync)));
Console.WriteLine(
    $"filled {there.Counts().Instances - known} instances in {clock.Elapsed.TotalSeconds:F1} s, {new FileInfo(Path.Combine(directory, "there.db")).Length / 1e6:F0} MB");

Remove("here.db");
await using CatalogueDatabase here = await OpenAsync("here.db");
await here.SubscribeAsync(publisher, 0, CancellationToken.None);
var transfer = new Transfer(there, here, publisher, line);
double applied = await transfer.RunAsync("snapshot", FeedMode.Snapshot);
clock.Restart();
int found = Enumerable.Range(0, studies).Where(study => study % 100 == 0).Count(study => here.Query(ByStudy(study), CancellationToken.None).Any());
Console.WriteLine(
    $"searched {(studies + 99) / 100} studies by UID at the subscriber: {found} found, {clock.Elapsed.TotalMilliseconds / Math.Max(1, found):F2} ms each");
Remove("plain.db");
double plain = PlainCopy.Measure(Path.Combine(directory, "here.db"), Path.Combine(directory, "plain.db"), CatalogueDatabase.StepInstances);
Console.WriteLine(
    $"SQLite alone copies the rows of {plain:F0} instances/s with their indexes: the feed applies {applied / plain:P0} of that; subscriber's catalogue {new FileInfo(Path.Combine(directory, "here.db")).Length / 1e6:F0} MB");
Remove("plain.db");

int fresh = Filled + (int)(there.LastSequence() / ScannerInstances.PerStudy);
foreach (InstanceRecord record in Enumerable.Range(fresh, 100).SelectMany(ScannerInstances.Study))
{
    await there.AddAsync(record, CancellationToken.None);
}

await transfer.RunAsync("feed, 50,000 instances behind", FeedMode.Feed);
long steady = 0;
var unlined = new Transfer(there, here, publisher, megabits: 0);
foreach (InstanceRecord[] gathered in ScannerInstances.Study(fresh + 100).Chunk(20))
{
    // As they come from a scanner: some 20 in the time for which changes are gathered.
    foreach (InstanceRecord record in gathered)
    {
        await there.AddAsync(record, CancellationToken.None);
    }

    await unlined.RunAsync(null, FeedMode.Feed);
    steady += unlined.Bytes;
}

Console.WriteLine($"a study of {ScannerInstances.PerStudy} slices as it comes, in steps of 20: {steady} bytes");

// With its log: a run that was broken off leaves one, which would come to life again.
void Remove(string name) => Array.ForEach(Directory.GetFiles(directory, name + "*"), File.Delete);

Task<CatalogueDatabase> OpenAsync(string name) =>
    CatalogueDatabase.OpenAsync(Path.Combine(directory, name), new CatalogueOptions(), TimeProvider.System, CancellationToken.None);

async Task FillAsync()
{
    for (int study = Interlocked.Increment(ref next) - 1; study < studies; study = Interlocked.Increment(ref next) - 1)
    {
        foreach (InstanceRecord record in ScannerInstances.Study(study))
        {
            await there.AddAsync(record, CancellationToken.None);
        }
    }
}

static CatalogueQuery ByStudy(int study)
{
    var identifier = new DataSet();
    identifier.Set(Tags.StudyInstanceUID, ScannerInstances.StudyUid(study));
    identifier.SetEmpty(Tags.PatientName);
    identifier.SetEmpty(Tags.NumberOfStudyRelatedInstances);
    return CatalogueQuery.FromIdentifier(QueryLevel.Study, identifier, new MatchingOptions());
}
