using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Win32.SafeHandles;
using Panal.Volumes;

namespace Panal.VolumesLoad;

/// <summary>
/// Durable ingest through the staging log beside its measure: append to one file with one fdatasync per object, same
/// disk, same run. Usage: VolumesLoad [directory] [objects] [bytes per object] [bytes per chunk].
/// </summary>
internal static partial class Program
{
    private static async Task Main(string[] arguments)
    {
        var directory = Path.GetFullPath(arguments.Length > 0 ? arguments[0] : "volumes-load");
        var objects = Number(arguments, 1, 4_000);
        var objectBytes = Number(arguments, 2, 544_768);
        var chunkBytes = Number(arguments, 3, 65_536);
        var content = new byte[objectBytes];
        new Random(1).NextBytes(content);
        directory = Path.Combine(directory, $"run-{Environment.ProcessId}");
        Directory.CreateDirectory(directory);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{objects} objects of {objectBytes} bytes in chunks of {chunkBytes}, {Environment.ProcessorCount} processors"));
        Console.WriteLine($"{string.Empty,-36} {"writers",8} {"MB/s",8} {"objects/s",10} {"settled",8} {"CPU s/GB",9} {"peak MB",8}");
        foreach (var writers in (int[])[1, 4, 1, 4])
        {
            await MeasureAppendAsync(directory, content, chunkBytes, objects / 4, writers);
            await MeasureStoreAsync(directory, content, chunkBytes, objects, writers);
        }

        // Not between the rows: discarded blocks and reused inodes would burden the next one.
        Directory.Delete(directory, recursive: true);
    }

    private static int Number(string[] arguments, int index, int otherwise) =>
        arguments.Length > index ? int.Parse(arguments[index], CultureInfo.InvariantCulture) : otherwise;

    private static async Task MeasureStoreAsync(string directory, byte[] content, int chunkBytes, int objects, int writers)
    {
        var run = $"r{Environment.ProcessId}-{Stopwatch.GetTimestamp()}";
        var options = new VolumeStoreOptions
        {
            DataDirectory = Path.Combine(directory, "data"),
            Groups = [new() { Volumes = [new() { Id = 1, RootPath = Path.Combine(directory, "volume") }] }],
        };
        await using var store = await VolumeStore.OpenAsync(
            options, static _ => { }, TimeProvider.System, NullLogger.Instance, CancellationToken.None);
        store.Barrier = static _ => ValueTask.CompletedTask;
        while (store.Staging.Segments < options.MinSegments)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        }

        await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System);
        var pieces = Pieces(content, chunkBytes);
        var note = new byte[1_500];
        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
        {
            for (var index = 0; index < objects / writers; index++)
            {
                await using var write = store.Begin();
                foreach (var piece in pieces)
                {
                    await write.WriteAsync(piece, CancellationToken.None);
                }

                await write.CommitAsync($"{run}/P{writer}/S{index / 100}/{index}.dcm", note, CancellationToken.None);
            }
        })));
        var ingest = clock.Elapsed;
        while (store.Staging.StagedObjects > 0)
        {
            await store.SettleAsync(CancellationToken.None);
        }

        var total = clock.Elapsed;
        var cpuSeconds = (Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalSeconds;
        Report("staging log, hashed, settled", writers, (long)content.Length * (objects / writers) * writers, objects, ingest, total, cpuSeconds);
        await VerifySomeAsync(store, run, content, objects / writers);
    }

    private static async Task VerifySomeAsync(VolumeStore store, string run, byte[] content, int objects)
    {
        var expected = ContentHash.Of(content);
        for (var index = 0; index < objects; index += Math.Max(1, objects / 50))
        {
            var outcome = await store.VerifyAsync(new(1), $"{run}/P0/S{index / 100}/{index}.dcm", expected, content.Length, CancellationToken.None);
            if (outcome != VerifyOutcome.Verified)
            {
                throw new InvalidOperationException($"object {index}: {outcome}");
            }
        }
    }

    private static List<ReadOnlySequence<byte>> Pieces(byte[] content, int chunkBytes)
    {
        var pieces = new List<ReadOnlySequence<byte>>();
        for (var offset = 0; offset < content.Length; offset += chunkBytes)
        {
            pieces.Add(new ReadOnlySequence<byte>(content, offset, Math.Min(chunkBytes, content.Length - offset)));
        }

        return pieces;
    }

    private static async Task MeasureAppendAsync(string directory, byte[] content, int chunkBytes, int objects, int writers)
    {
        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Factory.StartNew(
            () => Append(Path.Combine(directory, $"append-{Guid.NewGuid():N}"), content, chunkBytes, objects / writers),
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        var elapsed = clock.Elapsed;
        var cpuSeconds = (Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalSeconds;
        Report("append + fdatasync, a file a writer", writers, (long)content.Length * (objects / writers) * writers, objects, elapsed, elapsed, cpuSeconds);
    }

    private static void Append(string path, byte[] content, int chunkBytes, int objects)
    {
        using var file = File.OpenHandle(path, FileMode.Create, FileAccess.Write);
        for (var index = 0; index < objects; index++)
        {
            for (var offset = 0; offset < content.Length; offset += chunkBytes)
            {
                var length = Math.Min(chunkBytes, content.Length - offset);
                RandomAccess.Write(file, content.AsSpan(offset, length), (long)index * content.Length + offset);
            }

            _ = FDataSync(file);
        }
    }

    private static void Report(string name, int writers, long bytes, int objects, TimeSpan ingest, TimeSpan settled, double cpuSeconds)
    {
        var peak = Process.GetCurrentProcess().PeakWorkingSet64 / 1e6;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name,-36} {writers,8} {bytes / 1e6 / ingest.TotalSeconds,8:F0} {objects / ingest.TotalSeconds,10:F0} "
            + $"{bytes / 1e6 / settled.TotalSeconds,8:F0} {cpuSeconds / (bytes / 1e9),9:F2} {peak,8:F0}"));
    }

    [LibraryImport("libc", EntryPoint = "fdatasync")]
    private static partial int FDataSync(SafeFileHandle file);
}
