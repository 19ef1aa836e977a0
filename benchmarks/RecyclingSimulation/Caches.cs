using System.Globalization;
using Panal.Federation.Recycling;

namespace Panal.RecyclingSimulation;

/// <summary>What a replica holds under some policy.</summary>
internal abstract class Cache(string name, long capacityBytes)
{
    /// <summary>The marks of a replica.</summary>
    protected const double High = 0.9;
    protected const double Low = 0.8;

    public string Name => name;

    public long Hits { get; private set; }

    public long HitBytes { get; private set; }

    protected long HighBytes { get; } = (long)(capacityBytes * High);

    protected long LowBytes { get; } = (long)(capacityBytes * Low);

    protected long Held { get; set; }

    /// <summary>Somebody opens a study; what is not held is fetched. Counts when it is to.</summary>
    public void Open(Opening opening, bool isCounted)
    {
        if (Touch(opening))
        {
            Hits += isCounted ? 1 : 0;
            HitBytes += isCounted ? opening.Study.LengthBytes : 0;
            return;
        }

        Add(opening);
        Held += opening.Study.LengthBytes;
        if (Held > HighBytes)
        {
            Recycle(opening.At);
        }
    }

    protected abstract bool Touch(Opening opening);

    protected abstract void Add(Opening opening);

    protected abstract void Recycle(DateTimeOffset now);
}

/// <summary>Policies that are an order: the first go until the low mark.</summary>
internal abstract class OrderedCache(string name, long capacityBytes) : Cache(name, capacityBytes)
{
    protected Dictionary<int, (Study Study, long Uses, DateTimeOffset Last)> Entries { get; } = [];

    protected override bool Touch(Opening opening)
    {
        if (!Entries.TryGetValue(opening.Study.Number, out var entry))
        {
            return false;
        }

        Entries[opening.Study.Number] = (entry.Study, entry.Uses + 1, opening.At);
        return true;
    }

    protected override void Add(Opening opening) => Entries[opening.Study.Number] = (opening.Study, 1, opening.At);

    protected override void Recycle(DateTimeOffset now)
    {
        foreach (var (number, entry) in InOrder())
        {
            if (Held <= LowBytes)
            {
                return;
            }

            Held -= entry.Study.LengthBytes;
            Entries.Remove(number);
        }
    }

    protected abstract List<KeyValuePair<int, (Study Study, long Uses, DateTimeOffset Last)>> InOrder();
}

/// <summary>Least recently used first.</summary>
internal sealed class LeastRecentlyUsed(long capacityBytes) : OrderedCache("LRU", capacityBytes)
{
    protected override List<KeyValuePair<int, (Study Study, long Uses, DateTimeOffset Last)>> InOrder() => [.. Entries.OrderBy(static e => e.Value.Last)];
}

/// <summary>Least frequently used first, the older of equals.</summary>
internal sealed class LeastFrequentlyUsed(long capacityBytes) : OrderedCache("LFU", capacityBytes)
{
    protected override List<KeyValuePair<int, (Study Study, long Uses, DateTimeOffset Last)>> InOrder() =>
        [.. Entries.OrderBy(static e => e.Value.Uses).ThenBy(static e => e.Value.Last)];
}

/// <summary>Whoever is needed last goes first: needs the future, and shows what is possible about.</summary>
internal sealed class Foresight : OrderedCache
{
    private readonly Dictionary<int, Queue<DateTimeOffset>> _future;

    public Foresight(long capacityBytes, IReadOnlyList<Opening> trace)
        : base("foresight", capacityBytes) =>
        _future = trace.GroupBy(static o => o.Study.Number).ToDictionary(static g => g.Key, static g => new Queue<DateTimeOffset>(g.Select(static o => o.At)));

    protected override bool Touch(Opening opening)
    {
        _future[opening.Study.Number].Dequeue();
        return base.Touch(opening);
    }

    protected override List<KeyValuePair<int, (Study Study, long Uses, DateTimeOffset Last)>> InOrder() =>
        [.. Entries.OrderByDescending(e => _future[e.Key].TryPeek(out var next) ? next : DateTimeOffset.MaxValue)];
}

/// <summary>S3-FIFO (Yang et al., SOSP 2023) with sizes: a tenth for newcomers, a main queue with second chances, a ghost list of names.</summary>
internal sealed class ThreeQueues(long capacityBytes) : Cache("S3-FIFO", capacityBytes)
{
    private const int MostUses = 3;
    private readonly Queue<Study> _small = [];
    private readonly Queue<Study> _main = [];
    private readonly Dictionary<int, int> _uses = [];
    private readonly Queue<(int Number, long LengthBytes)> _ghosts = [];
    private readonly HashSet<int> _isGhost = [];
    private readonly HashSet<int> _isSmall = [];
    private long _smallBytes;
    private long _ghostBytes;

    protected override bool Touch(Opening opening)
    {
        if (!_uses.TryGetValue(opening.Study.Number, out var uses))
        {
            return false;
        }

        _uses[opening.Study.Number] = Math.Min(MostUses, uses + 1);
        return true;
    }

    protected override void Add(Opening opening)
    {
        _uses[opening.Study.Number] = 0;
        if (_isGhost.Contains(opening.Study.Number))
        {
            _main.Enqueue(opening.Study);
            return;
        }

        _small.Enqueue(opening.Study);
        _isSmall.Add(opening.Study.Number);
        _smallBytes += opening.Study.LengthBytes;
    }

    protected override void Recycle(DateTimeOffset now)
    {
        while (Held > LowBytes)
        {
            if (_smallBytes > HighBytes / 10 || _main.Count == 0)
            {
                FromSmall();
            }
            else
            {
                FromMain();
            }
        }
    }

    private void FromSmall()
    {
        var study = _small.Dequeue();
        _smallBytes -= study.LengthBytes;
        _isSmall.Remove(study.Number);
        if (_uses[study.Number] > 0)
        {
            _uses[study.Number] = 0;
            _main.Enqueue(study);
            return;
        }

        Drop(study);
        _ghosts.Enqueue((study.Number, study.LengthBytes));
        _isGhost.Add(study.Number);
        _ghostBytes += study.LengthBytes;
        while (_ghostBytes > HighBytes)
        {
            var (number, length) = _ghosts.Dequeue();
            _isGhost.Remove(number);
            _ghostBytes -= length;
        }
    }

    private void FromMain()
    {
        var study = _main.Dequeue();
        if (_uses[study.Number]-- > 0)
        {
            _main.Enqueue(study);
        }
        else
        {
            Drop(study);
        }
    }

    private void Drop(Study study)
    {
        _uses.Remove(study.Number);
        Held -= study.LengthBytes;
    }
}

/// <summary>The policy of Panal itself, as a replica runs it; what was dropped keeps its record, as in the statistics of use.</summary>
internal sealed class Recycled(long capacityBytes) : Cache("Panal", capacityBytes)
{
    private readonly Dictionary<int, UseRecord> _uses = [];
    private readonly Dictionary<int, Study> _held = [];

    private RecyclingRules Rules => new() { HighMarkBytes = HighBytes, LowMarkBytes = LowBytes };

    protected override bool Touch(Opening opening)
    {
        var number = opening.Study.Number;
        _uses[number] = _uses.TryGetValue(number, out var use) ? use.After(opening.At, Rules.HalfLife) : UseRecord.First(opening.At);
        return _held.ContainsKey(number);
    }

    protected override void Add(Opening opening) => _held.Add(opening.Study.Number, opening.Study);

    protected override void Recycle(DateTimeOffset now)
    {
        var studies = _held.Values.Select(study => new HeldStudy(
            study.Number.ToString(CultureInfo.InvariantCulture), study.LengthBytes, 1, [], [], null, IsPinned: false, _uses[study.Number])).ToList();
        foreach (var candidate in RecyclingPolicy.Candidates(studies, Rules, now))
        {
            if (!RecyclingPolicy.IsDue(candidate, Held, Rules))
            {
                return;
            }

            Held -= candidate.Study.LengthBytes;
            _held.Remove(int.Parse(candidate.Study.StudyInstanceUid, CultureInfo.InvariantCulture));
        }
    }
}
