using System.Buffers;
using System.Text;
using Microsoft.Extensions.Logging;
using Panal.Volumes.Online;

namespace Panal.Volumes.Staging;

/// <summary>Reads the segments at start-up: which objects are in the log, in order of their commit.</summary>
internal sealed class SegmentRecovery(
    IVolumeFiles files, string directory, VolumeStoreOptions options, VolumeSet volumes, Action<Segment> onHandedOut, ILogger logger)
{
    private const int ReadBytes = 256 * 1024;
    private const string NamePrefix = "segment-";

    /// <summary>Segments read at once: most of the time goes to waiting for the disk.</summary>
    private const int ReadersAtOnce = 8;

    private readonly Lock _lock = new();

    /// <summary>A record of the log with its note.</summary>
    public readonly record struct Found(StagedObject Object, ulong Sequence, byte[] Note)
    {
        public RecoveredObject ForReplay => new(Object.Volume.Id, Object.Path, Object.LengthBytes, Object.Hash, Note);
    }

    /// <summary>Live records, ascending by sequence.</summary>
    public List<Found> Records { get; } = [];

    /// <summary>All segments that can be used again or have to be settled.</summary>
    public List<Segment> Segments { get; } = [];

    /// <summary>Highest sequence and part number in any record.</summary>
    public (ulong Sequence, ulong Part) Highest { get; private set; }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var names = files.List(directory).Where(name => name.StartsWith(NamePrefix, StringComparison.Ordinal));
        var reading = new ParallelOptions { MaxDegreeOfParallelism = ReadersAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(names, reading, (name, _) =>
        {
            Open(name);
            return ValueTask.CompletedTask;
        });
        Segments.Sort(static (left, right) => left.Number.CompareTo(right.Number));
        Records.Sort(static (left, right) => left.Sequence.CompareTo(right.Sequence));
    }

    private void Open(string name)
    {
        if (!int.TryParse(name.AsSpan(NamePrefix.Length), out var number))
        {
            return;
        }

        var path = Path.Combine(directory, name);
        var file = files.Open(path, writable: true);
        if (file.LengthBytes < SegmentFormat.PageBytes * 2)
        {
            file.Dispose();         // its creation did not come to an end
            files.Delete(path);
            return;
        }

        var segment = new Segment(number, file, file.LengthBytes, onHandedOut);
        Scan(segment);
        if (segment.Objects.Count == 0 && segment.CapacityBytes != options.SegmentBytes)
        {
            file.Dispose();         // made under other options
            files.Delete(path);
            return;
        }

        lock (_lock)
        {
            Segments.Add(segment);
        }
    }

    private void Scan(Segment segment)
    {
        var page = segment.Page;
        if (segment.File.Read(page, 0) < page.Length || !SegmentFormat.TryReadHeader(page, out var header)
            || header.State != SegmentState.Open)
        {
            return;
        }

        var found = new List<(Frame Frame, long Offset, bool IsVoid, string Path, byte[] Note)>();
        long position = SegmentFormat.PageBytes;
        while (TryReadRecord(segment, header.Generation, position, out var record))
        {
            found.Add(record);
            position = EndOf(record.Frame, position);
        }

        // A record was synced before the next one began, so only the last can be incomplete.
        if (found.Count > 0 && !found[^1].IsVoid && !IsWhole(segment, found[^1].Frame, found[^1].Offset))
        {
            Log.TornObject(logger, segment.Number);
            position = found[^1].Offset;
            found.RemoveAt(found.Count - 1);
        }

        segment.Reopen(header.Generation, position);
        lock (_lock)
        {
            foreach (var (frame, offset, isVoid, path, note) in found)
            {
                Highest = (Math.Max(Highest.Sequence, frame.Sequence), Math.Max(Highest.Part, frame.Part));
                if (!isVoid)
                {
                    Take(segment, frame, offset, path, note);
                }
            }
        }
    }

    private void Take(Segment segment, in Frame frame, long offset, string path, byte[] note)
    {
        var volume = volumes.TryGet(new VolumeId(frame.VolumeId)) ?? volumes.All[0];
        var staged = new StagedObject(path) { Volume = volume, Kind = frame.Kind, Part = frame.Part };
        staged.Commit(segment, offset, frame.LengthBytes, frame.Hash);
        segment.Objects.Add(staged);
        Records.Add(new Found(staged, frame.Sequence, note));
    }

    private static bool TryReadRecord(
        Segment segment, ulong generation, long offset, out (Frame Frame, long Offset, bool IsVoid, string Path, byte[] Note) record)
    {
        record = default;
        if (segment.File.Read(segment.Page, offset) < SegmentFormat.PageBytes
            || !SegmentFormat.TryReadFrame(segment.Page, out var frame, out var isVoid)
            || frame.Generation != generation
            || frame.StagedBytes > segment.CapacityBytes
            || EndOf(frame, offset) > segment.CapacityBytes)
        {
            return false;
        }

        var tail = new byte[frame.PathBytes + frame.NoteBytes];
        if (segment.File.Read(tail, offset + SegmentFormat.PageBytes + frame.StagedBytes) < tail.Length
            || SegmentFormat.Checksum(0, tail) != frame.TailChecksum)
        {
            return false;
        }

        var path = Encoding.UTF8.GetString(tail, 0, frame.PathBytes);
        record = (frame, offset, isVoid, path, tail[frame.PathBytes..]);
        return SafePath.IsValid(path);
    }

    private static long EndOf(in Frame frame, long offset) =>
        SegmentFormat.RoundUp(offset + SegmentFormat.PageBytes + frame.StagedBytes + frame.PathBytes + frame.NoteBytes);

    private static bool IsWhole(Segment segment, in Frame frame, long offset)
    {
        if (frame.Kind == FrameKind.LargeObject)
        {
            return true;        // its file was synced before the record was written
        }

        using var hasher = new ContentHasher();
        var buffer = ArrayPool<byte>.Shared.Rent(ReadBytes);
        try
        {
            var position = offset + SegmentFormat.PageBytes;
            for (var rest = frame.StagedBytes; rest > 0;)
            {
                var read = segment.File.Read(buffer.AsSpan(0, (int)Math.Min(rest, buffer.Length)), position);
                if (read == 0)
                {
                    return false;
                }

                hasher.Append(buffer.AsSpan(0, read));
                (position, rest) = (position + read, rest - read);
            }

            return hasher.Complete() == frame.Hash;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
