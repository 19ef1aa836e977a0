using System.Globalization;
using Panal.Dicom;
using Panal.Swarm;

namespace Panal.Federation.Recycling;

/// <summary>A study that was dropped.</summary>
/// <param name="At">When.</param>
/// <param name="StudyInstanceUid">Study Instance UID.</param>
/// <param name="Instances">Instances that were dropped.</param>
/// <param name="LengthBytes">Their bytes.</param>
/// <param name="Reason">Why.</param>
/// <param name="Keepers">The nodes that read their copies back before, and keep them.</param>
public sealed record DroppedStudy(
    DateTimeOffset At, string StudyInstanceUid, int Instances, long LengthBytes, RecyclingReason Reason, IReadOnlyList<NodeId> Keepers)
{
    /// <summary>No patient data in logs.</summary>
    public override string ToString() => $"{Instances} instances, {LengthBytes} bytes, {Reason}";
}

/// <summary>What was dropped, when and why: history.log of docs/formats/recycling.md, with the one before it when it has grown long.</summary>
public sealed class RecyclingHistory(string folder)
{
    /// <summary>A file that is longer, in bytes, becomes the one before; some 100,000 studies.</summary>
    public const long FileLimitBytes = 16 << 20;

    private readonly LineJournal _journal = new(Path.Combine(folder, "history.log"));
    private readonly LineJournal _before = new(Path.Combine(folder, "history.1.log"));
    private readonly Lock _gate = new();

    /// <summary>The newest entries, the oldest of them first.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public IReadOnlyList<DroppedStudy> Newest(int limit)
    {
        var newest = new Queue<DroppedStudy>();
        lock (_gate)
        {
            foreach (var line in _before.Read().Concat(_journal.Read()))
            {
                if (TryRead(line) is { } dropped)
                {
                    newest.Enqueue(dropped);
                    if (newest.Count > limit)
                    {
                        newest.Dequeue();
                    }
                }
            }
        }

        return [.. newest];
    }

    /// <summary>Adds an entry.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Add(DroppedStudy dropped)
    {
        lock (_gate)
        {
            if (_journal.LengthBytes > FileLimitBytes)
            {
                _before.Replace(_journal.Read().ToList());
                _journal.Replace([]);
            }

            _journal.Append([Line(dropped)], isDurable: true);
        }
    }

    private static string Line(DroppedStudy dropped) => string.Create(
        CultureInfo.InvariantCulture,
        $"{dropped.At.ToUnixTimeMilliseconds()} {dropped.StudyInstanceUid} {dropped.Instances} {dropped.LengthBytes} {(int)dropped.Reason} {string.Join(',', dropped.Keepers)}");

    /// <summary>Reads one line; null when it is none.</summary>
    internal static DroppedStudy? TryRead(string line)
    {
        var parts = line.Split(' ');
        if (parts.Length != 6 || !Uid.IsWellFormed(parts[1])
            || !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var at) || at > UseStatistics.LatestMilliseconds
            || !int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var instances)
            || !long.TryParse(parts[3], NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            || !byte.TryParse(parts[4], NumberStyles.None, CultureInfo.InvariantCulture, out var reason) || !Enum.IsDefined((RecyclingReason)reason))
        {
            return null;
        }

        var keepers = new List<NodeId>();
        foreach (var keeper in parts[5].Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!NodeId.TryParse(keeper, out var node))
            {
                return null;
            }

            keepers.Add(node);
        }

        return new DroppedStudy(DateTimeOffset.FromUnixTimeMilliseconds(at), parts[1], instances, length, (RecyclingReason)reason, keepers);
    }
}
