using System.Globalization;
using Panal.Archive.Retrieve;
using Panal.Dicom;

namespace Panal.Federation.Recycling;

/// <summary>How the archive was used since the node started.</summary>
/// <param name="Hits">Instances that were here when they were asked for.</param>
/// <param name="HitBytes">Their bytes.</param>
/// <param name="Misses">Instances that other nodes had to be asked for.</param>
/// <param name="MissBytes">Bytes of those that came.</param>
public readonly record struct UseCounts(long Hits, long HitBytes, long Misses, long MissBytes);

/// <summary>
/// Which studies are used, how often and when: counted in memory on the way of a retrieval, written to use.log of docs/formats/recycling.md from
/// time to time. A crash loses the last minutes, which changes nothing that matters.
/// </summary>
public sealed class UseStatistics : IUseWitness
{
    /// <summary>Records that are kept at most; those that are worth least go first.</summary>
    public const int RecordLimit = 1_000_000;

    private const string FileName = "use.log";
    private const int LinesBeforeRewrite = 1000;

    private readonly Dictionary<string, UseRecord> _records = new(StringComparer.Ordinal);
    private readonly HashSet<string> _changed = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private readonly Lock _writing = new();
    private readonly LineJournal _journal;
    private readonly TimeSpan _halfLife;
    private readonly TimeProvider _time;
    private int _lines;
    private UseCounts _counts;

    /// <param name="folder">The folder of docs/formats/recycling.md; what it says is read.</param>
    /// <param name="halfLife">After which a use is worth half.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    public UseStatistics(string folder, TimeSpan halfLife, TimeProvider time)
    {
        (_journal, _halfLife, _time) = (new LineJournal(Path.Combine(folder, FileName)), halfLife, time);
        foreach (var line in _journal.Read())
        {
            _lines++;
            if (TryRead(line, out var study, out var record))
            {
                _records[study] = record;
            }
        }
    }

    /// <summary>What was counted since the node started.</summary>
    public UseCounts Counts
    {
        get
        {
            lock (_gate)
            {
                return _counts;
            }
        }
    }

    /// <summary>A study is opened here, or fetched from here; on the thread of whoever opens it, which must not wait.</summary>
    public Action<string>? Opened { get; set; }

    /// <inheritdoc/>
    public void Used(string studyInstanceUid, long lengthBytes, bool wasHere)
    {
        bool isNew;
        lock (_gate)
        {
            _counts = wasHere
                ? _counts with { Hits = _counts.Hits + 1, HitBytes = _counts.HitBytes + lengthBytes }
                : _counts with { Misses = _counts.Misses + 1, MissBytes = _counts.MissBytes + lengthBytes };
            isNew = Touch(studyInstanceUid);
        }

        if (isNew)
        {
            Opened?.Invoke(studyInstanceUid);
        }
    }

    /// <summary>Other nodes fetch a study from here, or it has come here: that is a use, but nobody opened it.</summary>
    public void Touched(string studyInstanceUid)
    {
        lock (_gate)
        {
            Touch(studyInstanceUid);
        }
    }

    /// <summary>Keeps how a study was used, when it goes without ever having been asked for: it is no new one when it is seen again.</summary>
    public void Remember(string studyInstanceUid, UseRecord record)
    {
        lock (_gate)
        {
            if (_records.TryAdd(studyInstanceUid, record))
            {
                _changed.Add(studyInstanceUid);
            }
        }
    }

    /// <summary>True for a study that was never used, received or fetched here, as far as is remembered.</summary>
    public bool IsNew(string studyInstanceUid)
    {
        lock (_gate)
        {
            return !_records.ContainsKey(studyInstanceUid);
        }
    }

    /// <summary>How a study is used; as if received at a time when it was not seen before.</summary>
    public UseRecord Of(string studyInstanceUid, DateTimeOffset receivedAt)
    {
        lock (_gate)
        {
            return !_records.TryGetValue(studyInstanceUid, out var record)
                ? UseRecord.First(receivedAt)
                : record.LastUse >= receivedAt ? record : record with { LastUse = receivedAt };
        }
    }

    /// <summary>Writes what has changed.</summary>
    /// <exception cref="IOException">It cannot be written; it is tried again with the next.</exception>
    public void Save()
    {
        lock (_writing)
        {
            KeyValuePair<string, UseRecord>[] changed;
            List<KeyValuePair<string, UseRecord>>? all = null;
            lock (_gate)
            {
                changed = [.. _changed.Select(study => KeyValuePair.Create(study, _records[study]))];
                if (_lines + changed.Length > LinesBeforeRewrite + (2 * _records.Count))
                {
                    all = [.. _records];
                }
            }

            if (all is not null)
            {
                _journal.Replace(all.Select(Line));
                _lines = all.Count;
            }
            else if (changed.Length > 0)
            {
                _journal.Append(changed.Select(Line), isDurable: false);
                _lines += changed.Length;
            }

            lock (_gate)
            {
                foreach (var (study, record) in changed)
                {
                    // What was used again meanwhile is written with the next.
                    if (_records.TryGetValue(study, out var current) && current == record)
                    {
                        _changed.Remove(study);
                    }
                }

                Trim();
            }
        }
    }

    // The first use of a sitting is news.
    private bool Touch(string study)
    {
        var now = _time.GetUtcNow();
        var isKnown = _records.TryGetValue(study, out var before);
        var after = isKnown ? before.After(now, _halfLife) : UseRecord.First(now);
        if (after == before && isKnown)
        {
            return false;
        }

        _records[study] = after;
        _changed.Add(study);
        return !isKnown || now - before.LastUse >= UseRecord.Sitting;
    }

    private void Trim()
    {
        if (_records.Count <= RecordLimit)
        {
            return;
        }

        foreach (var (study, _) in _records.OrderBy(pair => pair.Value.Rank(_halfLife)).Take(_records.Count - (RecordLimit * 9 / 10)).ToList())
        {
            _records.Remove(study);
            _changed.Remove(study);
        }
    }

    private static string Line(KeyValuePair<string, UseRecord> record) => string.Create(
        CultureInfo.InvariantCulture, $"{record.Key} {record.Value.Weight:R} {record.Value.LastUse.ToUnixTimeMilliseconds()}");

    /// <summary>Reads one line; false when it is none.</summary>
    internal static bool TryRead(string line, out string study, out UseRecord record)
    {
        record = default;
        var parts = line.Split(' ');
        study = parts[0];
        if (parts.Length != 3 || !Uid.IsWellFormed(study)
            || !double.TryParse(parts[1], NumberStyles.Float, CultureInfo.InvariantCulture, out var weight) || !(weight is > 0 and < 1e9)
            || !long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var at) || at > LatestMilliseconds)
        {
            return false;
        }

        record = new UseRecord(weight, DateTimeOffset.FromUnixTimeMilliseconds(at));
        return true;
    }

    /// <summary>The end of the year 9999, which is the last that can be told.</summary>
    internal const long LatestMilliseconds = 253_402_300_799_999;
}
