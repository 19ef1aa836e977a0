using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using Panal.Catalogue;
using Panal.CatalogueLoad;
using Panal.Federation.Feed;

// One node with many instances, another that takes them over: dotnet run -c Release --project benchmarks/Feed -- [instances] [directory]
int instances = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 1_000_000;
string directory = args.Length > 1 ? args[1] : Directory.CreateTempSubdirectory("panal-feed-load-").FullName;
const int PerStudy = 100;
Guid publisher = Guid.NewGuid();
await using CatalogueDatabase there = await OpenAsync("there.db");
await using CatalogueDatabase here = await OpenAsync("here.db");
await here.SubscribeAsync(publisher, 0, CancellationToken.None);
var clock = Stopwatch.StartNew();
long known = there.Counts().Instances;
for (int first = (int)(known / PerStudy); first * PerStudy < instances; first += 64)
{
    await Task.WhenAll(Enumerable.Range(first, 64).Select(study => Task.Run(() => FillAsync(study, PerStudy))));
}

Console.WriteLine($"filled {there.Counts().Instances - known} instances in {clock.Elapsed.TotalSeconds:F1} s, {new FileInfo(Path.Combine(directory, "there.db")).Length / 1e6:F0} MB");
await MeasureAsync("snapshot", FeedMode.Snapshot);
Console.WriteLine($"subscriber's catalogue: {new FileInfo(Path.Combine(directory, "here.db")).Length / 1e6:F0} MB");
for (int study = 500_000; study < 500_000 + (50_000 / PerStudy); study++)
{
    await FillAsync(study, PerStudy);
}

await MeasureAsync("feed, 50,000 instances behind", FeedMode.Feed);
long steady = 0;
for (int slice = 0; slice < 500; slice++)
{
    await there.AddAsync(MadeUpInstances.Make(900_000, slice), CancellationToken.None);
    // As they come from a scanner: some 20 in the time for which changes are gathered.
    steady += slice % 20 == 19 ? await MeasureAsync(null, FeedMode.Feed) : 0;
}

Console.WriteLine($"a study of 500 slices as it comes, 25 steps of 20: {steady} bytes");

Task<CatalogueDatabase> OpenAsync(string name) =>
    CatalogueDatabase.OpenAsync(Path.Combine(directory, name), new CatalogueOptions(), TimeProvider.System, CancellationToken.None);

async Task FillAsync(int study, int count)
{
    for (int number = 0; number < count; number++)
    {
        await there.AddAsync(MadeUpInstances.Make(study, number), CancellationToken.None);
    }
}

// Publisher, wire and subscriber, one after the other on one thread; the line between them takes no time.
async Task<long> MeasureAsync(string? name, FeedMode mode)
{
    var source = new FeedSource(there, FeedFilter.All);
    var sink = new FeedSink(here, publisher, mode);
    var bytes = new ArrayBufferWriter<byte>();
    sink.Open(bytes);
    byte[] hello = bytes.WrittenSpan[FeedFrame.HeaderBytes..].ToArray();
    bytes.ResetWrittenCount();
    source.Answer(hello, bytes);
    await sink.ReceiveAsync(FeedFrameKind.Begin, bytes.WrittenMemory[FeedFrame.HeaderBytes..], CancellationToken.None);
    long total = 0, steps = 0;
    TimeSpan reading = TimeSpan.Zero, applying = TimeSpan.Zero, longest = TimeSpan.Zero;
    while (true)
    {
        bytes = new ArrayBufferWriter<byte>();
        long started = Stopwatch.GetTimestamp();
        if (!source.TryNext(bytes))
        {
            break;
        }

        reading += Stopwatch.GetElapsedTime(started);
        total += bytes.WrittenCount;
        steps++;
        started = Stopwatch.GetTimestamp();
        await sink.ReceiveAsync((FeedFrameKind)bytes.WrittenSpan[4], bytes.WrittenMemory[FeedFrame.HeaderBytes..], CancellationToken.None);
        TimeSpan one = Stopwatch.GetElapsedTime(started);
        applying += one;
        longest = one > longest ? one : longest;
    }

    if (name is not null)
    {
        Console.WriteLine(
            $"{name}: {sink.Instances} instances, {total / 1e6:F2} MB ({(double)total / sink.Instances:F1} bytes each, 32 of them hash) in {steps} steps; "
            + $"read and encoded {sink.Instances / reading.TotalSeconds:F0}/s, decoded and applied {sink.Instances / applying.TotalSeconds:F0}/s, longest step {longest.TotalMilliseconds:F0} ms");
    }

    return total;
}
