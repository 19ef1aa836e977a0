using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Panal.Dicom;
using Panal.Imaging;
using Panal.Imaging.Compact;

namespace Panal.CodecsLoad;

/// <summary>How many slices a second one core makes compact: encoded, written to memory, decoded again and compared by their hash, as an archive does it.</summary>
internal static class CompactionRate
{
    /// <summary>Measures each transfer syntax of the compact form, or the one that is named; each slice counts with the best of all rounds.</summary>
    public static async Task MeasureAsync(string directory, int count, TimeSpan limit, string? onlyUid)
    {
        var files = Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToArray();
        var slices = new List<byte[]>();
        foreach (var path in files.Where((_, index) => index % Math.Max(1, files.Length / count) == 0).Take(count))
        {
            await using var file = File.OpenRead(path);
            var bytes = new byte[file.Length];
            await file.ReadExactlyAsync(bytes);
            slices.Add(bytes);
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{slices.Count} files, {slices.Sum(slice => (long)slice.Length) / 1e6:F1} MB; one thread"));
        Console.WriteLine($"{"",-34} {"ratio",7} {"slices/s",9} {"MB/s",8}");
        foreach (var syntax in CompactForm.Targets.Where(target => onlyUid is null || target.Uid == onlyUid))
        {
            var (received, compact, taken, made) = (0L, 0L, TimeSpan.Zero, 0);
            foreach (var slice in slices)
            {
                var best = TimeSpan.MaxValue;
                var length = 0;
                for (var start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < limit / slices.Count || length == 0;)
                {
                    var from = Stopwatch.GetTimestamp();
                    length = await CompactAsync(slice, syntax);
                    best = Program.Least(best, Stopwatch.GetElapsedTime(from));
                }

                (received, compact, taken, made) = (received + slice.Length, compact + length, taken + best, made + 1);
            }

            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{syntax.Name,-34} {(double)received / compact,7:F2} {made / taken.TotalSeconds,9:F1} {received / taken.TotalSeconds / 1e6,8:F1}"));
        }
    }

    private static async Task<int> CompactAsync(byte[] slice, TransferSyntax syntax)
    {
        var hash = SHA256.HashData(slice);
        using var form = await CompactForm.BeginAsync(new MemoryStream(slice), hash, syntax, ImageLimits.Default, CancellationToken.None);
        var compact = new MemoryStream(slice.Length);
        compact.Write(form.Head.Span);
        await form.DataSet.CopyToAsync(compact);
        using var received = ReceivedStream.Open(compact, ImageLimits.Default, leavesOpen: true);
        return (await SHA256.HashDataAsync(received)).AsSpan().SequenceEqual(hash)
            ? (int)compact.Length
            : throw new InvalidOperationException("A file came back changed.");
    }
}
