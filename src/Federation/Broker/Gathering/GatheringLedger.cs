namespace Panal.Federation.Broker.Gathering;

/// <summary>An instance of a study that is gathered.</summary>
/// <param name="SopInstanceUid">Which one.</param>
/// <param name="SeriesInstanceUid">Its series.</param>
/// <param name="IsHere">It is here already.</param>
/// <param name="OfferedBy">Who can get it: bit n for source n.</param>
internal readonly record struct GatheredInstance(string SopInstanceUid, string SeriesInstanceUid, bool IsHere, uint OfferedBy)
{
    public override string ToString() => "[redacted]";
}

/// <summary>
/// Who is to get which part of a study: instances in parts of a series, dealt out to the sources in turn, so that each gets a share and whoever else
/// gathers the same study asks the same source for the same part. What a source does not get, the others take over. No clock, no network.
/// </summary>
/// <remarks>docs/decisions/2026-11-26-a-study-gathered-from-several-brokers.md.</remarks>
internal sealed class GatheringLedger
{
    /// <summary>Sources of one study at most; each is a bit.</summary>
    public const int SourceLimit = 32;

    /// <summary>Instances of a part at most: the first images of each line shall be seen early, and a part costs an association.</summary>
    public const int PartLimit = 8;

    /// <summary>Parts for each source at least, where there are instances enough: the last ones end at about the same time.</summary>
    private const int PartsEach = 8;

    private readonly Lock _gate = new();
    private readonly List<Part> _parts = [];
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly List<Part> _wanted = [];
    private readonly List<Round> _rounds = [];
    private uint _linked;
    private uint _resting;

    /// <param name="instances">The study in display order, what is here too: the parts must not depend on that.</param>
    /// <param name="sources">How many there are, in an order that everybody finds by himself.</param>
    /// <param name="reachable">Bit n: source n can be reached now; parts are dealt out to these.</param>
    public GatheringLedger(IEnumerable<GatheredInstance> instances, int sources, uint reachable)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sources, SourceLimit);
        _linked = reachable;
        var dealt = reachable == 0 ? uint.MaxValue : reachable;
        int[] owners = [.. Enumerable.Range(0, sources).Where(source => (dealt >> source & 1) != 0)];
        var all = instances.ToList();
        var length = Math.Clamp(all.Count / Math.Max(1, PartsEach * owners.Length), 1, PartLimit);
        foreach (var series in all.GroupBy(static one => one.SeriesInstanceUid, StringComparer.Ordinal))
        {
            foreach (var some in series.Chunk(length))
            {
                var part = new Part(owners.Length > 0 ? owners[_parts.Count % owners.Length] : 0);
                _parts.Add(part);
                part.Entries.AddRange(some.Select(one => _entries[one.SopInstanceUid] = new Entry(one, part)));
            }
        }

        for (var (first, count) = (0, Math.Max(1, owners.Length)); first < _parts.Count; first += count, count *= 2)
        {
            _rounds.Add(new Round([.. _parts.Skip(first).Take(count).SelectMany(static part => part.Entries)]));
        }

        Settle();
    }

    /// <summary>Everything is here, or given up.</summary>
    public bool IsComplete => Count(static entry => entry.State is not (EntryState.Here or EntryState.GivenUp)) == 0;

    /// <summary>Instances that nobody gave.</summary>
    public int GivenUp => Count(static entry => entry.State == EntryState.GivenUp);

    /// <summary>Instances that were not here when it began.</summary>
    public int Lacked => Count(static entry => !entry.Instance.IsHere);

    /// <summary>Of those, the ones that are here now.</summary>
    public int Brought => Count(static entry => !entry.Instance.IsHere && entry.State == EntryState.Here);

    /// <summary>Instances that somebody holds, and that come from there.</summary>
    public int Held => Count(static entry => entry.State == EntryState.Held);

    /// <summary>Whether nobody can be asked for an instance now, and nobody has been.</summary>
    public bool IsOutOfReach(string sopInstanceUid)
    {
        lock (_gate)
        {
            return _entries.TryGetValue(sopInstanceUid, out var entry) && entry.State == EntryState.Waiting && (entry.Instance.OfferedBy & ~entry.Tried & Active) == 0;
        }
    }

    /// <summary>Whether an instance was given up, or is no part of this.</summary>
    public bool IsGivenUp(string sopInstanceUid)
    {
        lock (_gate)
        {
            return !_entries.TryGetValue(sopInstanceUid, out var entry) || entry.State == EntryState.GivenUp;
        }
    }

    /// <summary>Instances that are not here, given up or not.</summary>
    public HashSet<string> Missing()
    {
        lock (_gate)
        {
            return _entries.Values.Where(static entry => entry.State != EntryState.Here).Select(static entry => entry.Instance.SopInstanceUid).ToHashSet(StringComparer.Ordinal);
        }
    }

    /// <summary>Somebody waits for an instance: its part goes before all others.</summary>
    public void Want(string sopInstanceUid)
    {
        lock (_gate)
        {
            if (!_entries.TryGetValue(sopInstanceUid, out var entry))
            {
                return;
            }

            _wanted.Remove(entry.Part);
            _wanted.Insert(0, entry.Part);
        }
    }

    /// <summary>What a source shall get next; empty when there is nothing for it now.</summary>
    /// <param name="source">Which source.</param>
    /// <param name="isHelping">It may take what is another's: it has had nothing to do for a while.</param>
    public IReadOnlyList<string> Take(int source, bool isHelping)
    {
        lock (_gate)
        {
            var bit = 1u << source;
            if ((Active & bit) == 0)
            {
                return [];
            }

            var part = _wanted.Find(part => part.HasFor(bit))
                ?? _parts.Find(part => part.Owner == source && part.HasFor(bit))
                ?? _parts.Find(part => part.HasFor(bit) && (isHelping || (Active >> part.Owner & 1) == 0 || !part.HasFor(1u << part.Owner)));
            if (part is null)
            {
                return [];
            }

            var taken = part.Entries.Where(entry => entry.IsFor(bit)).ToList();
            taken.ForEach(entry => (entry.State, entry.Source) = (EntryState.Asked, source));
            return [.. taken.Select(static entry => entry.Instance.SopInstanceUid)];
        }
    }

    /// <summary>
    /// What is to be fetched together next: a part of each source, then two of each, then four, each round when all of it has been got. All who gather the study
    /// fetch the same together, so that they give each other what they have; and there are few transfers, however many images there are.
    /// </summary>
    /// <param name="isIdle">Nothing of the study is under way: what was to be fetched and still is not here could not begin, and is given again.</param>
    /// <returns>Instances that others hold, each round once; empty when there is none now.</returns>
    public IReadOnlyList<string> TakeRound(bool isIdle)
    {
        lock (_gate)
        {
            foreach (var round in _rounds.Where(round => isIdle && round.Entries.Exists(static entry => entry.State == EntryState.Held)))
            {
                round.IsTaken = false;
            }

            while (_rounds.Find(static round => !round.IsTaken && round.Entries.TrueForAll(static entry => entry.State is not (EntryState.Waiting or EntryState.Asked))) is { } next)
            {
                next.IsTaken = true;
                if (next.Entries.Where(static entry => entry.State == EntryState.Held).Select(static entry => entry.Instance.SopInstanceUid).ToList() is { Count: > 0 } held)
                {
                    return held;
                }
            }

            return [];
        }
    }

    /// <summary>What is fetched together with an instance.</summary>
    public IReadOnlySet<string> RoundOf(string sopInstanceUid)
    {
        lock (_gate)
        {
            return _entries.TryGetValue(sopInstanceUid, out var entry)
                ? _rounds.Find(round => round.Entries.Contains(entry))!.Entries.Select(static one => one.Instance.SopInstanceUid).ToHashSet(StringComparer.Ordinal)
                : new HashSet<string>(StringComparer.Ordinal) { sopInstanceUid };
        }
    }

    /// <summary>A source has got an instance that it was asked for.</summary>
    public void Came(int source, string sopInstanceUid)
    {
        lock (_gate)
        {
            if (_entries.TryGetValue(sopInstanceUid, out var entry) && entry.State == EntryState.Asked && entry.Source == source)
            {
                entry.State = EntryState.Held;
            }
        }
    }

    /// <summary>A source has done what it can of what it took, or fails: then it rests until <see cref="Revive"/>, and others take over.</summary>
    /// <param name="source">Which source.</param>
    /// <param name="sopInstanceUids">What it took.</param>
    /// <param name="hasFailed">It could not be asked, or has fallen silent.</param>
    /// <param name="isLinked">It can be reached all the same: then it is not asked for the same again.</param>
    public void Ended(int source, IReadOnlyList<string> sopInstanceUids, bool hasFailed, bool isLinked)
    {
        lock (_gate)
        {
            foreach (var entry in sopInstanceUids.Select(uid => _entries[uid]).Where(entry => entry.State == EntryState.Asked && entry.Source == source))
            {
                entry.State = EntryState.Waiting;
                entry.Tried |= hasFailed && !isLinked ? 0 : 1u << source;
            }

            _resting |= hasFailed ? 1u << source : 0;
            Settle();
        }
    }

    /// <summary>A source that has failed may be asked again.</summary>
    public void Revive(int source)
    {
        lock (_gate)
        {
            _resting &= ~(1u << source);
        }
    }

    /// <summary>How an instance stands by the catalogue.</summary>
    /// <param name="sopInstanceUid">Which one.</param>
    /// <param name="isHere">It is here.</param>
    /// <param name="isReachable">Somebody holds it who can be reached.</param>
    /// <param name="linked">Bit n: source n can be reached.</param>
    /// <returns>True when it was lost with its holders, and another is to get it again.</returns>
    public bool Look(string sopInstanceUid, bool isHere, bool isReachable, uint linked)
    {
        lock (_gate)
        {
            var entry = _entries[sopInstanceUid];
            _linked = linked;
            if (isHere)
            {
                entry.State = EntryState.Here;
            }
            else if (isReachable && entry.State is EntryState.Waiting or EntryState.GivenUp)
            {
                entry.State = EntryState.Held;
            }
            else if (entry.State == EntryState.Held && !isReachable && (entry.Source is not { } got || (linked >> got & 1) == 0))
            {
                // Whoever got it is gone with it: another gets it again.
                entry.State = EntryState.Waiting;
                Settle();
                return true;
            }

            return false;
        }
    }

    private int Count(Func<Entry, bool> isCounted)
    {
        lock (_gate)
        {
            return _entries.Values.Count(isCounted);
        }
    }

    /// <summary>Sources that can be asked now.</summary>
    private uint Active => _linked & ~_resting;

    /// <summary>Gives up what all who offer it were asked for. Who cannot be reached may come back.</summary>
    private void Settle()
    {
        foreach (var entry in _entries.Values.Where(static entry => entry.State == EntryState.Waiting && (entry.Instance.OfferedBy & ~entry.Tried) == 0))
        {
            entry.State = EntryState.GivenUp;
        }
    }

    private enum EntryState
    {
        Waiting,
        Asked,
        Held,
        Here,
        GivenUp,
    }

    private sealed class Part(int owner)
    {
        public int Owner => owner;

        public List<Entry> Entries { get; } = [];

        public bool HasFor(uint source) => Entries.Exists(entry => entry.IsFor(source));
    }

    private sealed class Round(List<Entry> entries)
    {
        public List<Entry> Entries => entries;

        public bool IsTaken { get; set; }
    }

    private sealed class Entry(GatheredInstance instance, Part part)
    {
        public GatheredInstance Instance => instance;

        public Part Part => part;

        public EntryState State { get; set; } = instance.IsHere ? EntryState.Here : EntryState.Waiting;

        public uint Tried { get; set; }

        public int? Source { get; set; }

        public bool IsFor(uint source) => State == EntryState.Waiting && (instance.OfferedBy & ~Tried & source) != 0;
    }
}
