using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Panal.Load;

/// <summary>The limit of any durable design on this disk: append to one file, one fdatasync before each answer.</summary>
internal static partial class DurableAppend
{
    /// <param name="directory">On the disk that is asked about.</param>
    /// <param name="writers">Threads appending to the same file.</param>
    /// <param name="blockBytes">Length of each append, in bytes.</param>
    /// <param name="count">Appends in all.</param>
    /// <param name="hasOwnFiles">Each writer has a file of its own.</param>
    /// <exception cref="IOException">The disk failed.</exception>
    public static StoreResult Execute(string directory, int writers, int blockBytes, int count, bool hasOwnFiles = false)
    {
        Directory.CreateDirectory(directory);
        var paths = Enumerable.Range(0, hasOwnFiles ? writers : 1).Select(i => Path.Combine(directory, $"limit-{i}.bin")).ToArray();
        var files = paths.Select(path => File.OpenHandle(path, FileMode.Create, FileAccess.Write)).ToArray();
        var result = new StoreResult();
        var next = -1L;
        var startedAt = Stopwatch.GetTimestamp();
        var threads = Enumerable.Range(0, writers).Select(lane => new Thread(() =>
        {
            var block = new byte[blockBytes];
            new Random(lane).NextBytes(block);
            var latencies = new Latencies();
            var own = 0L;
            while (Interlocked.Increment(ref next) is var index && index < count)
            {
                var sentAt = Stopwatch.GetTimestamp();
                var file = files[lane % files.Length];
                RandomAccess.Write(file, block, (hasOwnFiles ? own++ : index) * blockBytes);
                SyncData(file);
                latencies.Add(sentAt);
            }

            lock (result)
            {
                result.Latencies.Add(latencies);
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        result.Elapsed = Stopwatch.GetElapsedTime(startedAt);
        result.LengthBytes = (long)result.Instances * blockBytes;
        Array.ForEach(files, file => file.Dispose());
        Array.ForEach(paths, File.Delete);
        return result;
    }

    private static void SyncData(SafeFileHandle file)
    {
        if (FDataSync(file) != 0)
        {
            throw new IOException($"fdatasync failed: {Marshal.GetLastPInvokeError()}.");
        }
    }

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int FDataSync(SafeFileHandle file);
}
