using Panal.Swarm.Links;
using Panal.Swarm.Multiplexing;
using Panal.Swarm.Pieces;
using Panal.Swarm.Serving;
using Panal.Swarm.Transfers;

namespace Panal.SwarmSimulation;

/// <summary>
/// A node with the schedulers of production behind a line: one queue for control, which goes first, and one block at a time in parts of
/// 16 KiB, as the records of TLS are.
/// </summary>
internal sealed class SimulatedNode
{
    /// <summary>A message that goes by itself: frame, TLS record and a TCP/IP packet of its own.</summary>
    public const int MessageBytes = 8 + 22 + 52;

    /// <summary>An announcement, or a request of one block.</summary>
    public const int EntryBytes = 4;

    /// <summary>What a block has around it: frame, proof of three hashes, TLS records.</summary>
    public const int BlockOverheadBytes = 16 + 3 * 32 + 5 * 22;

    /// <summary>An acknowledgement without data, in payload of full frames, as all bytes here.</summary>
    private const double AcknowledgementBytes = Uplink.SegmentHeaderBytes * (double)Uplink.SegmentBytes / (Uplink.SegmentBytes + Uplink.SegmentHeaderBytes);

    /// <summary>An acknowledgement leaves at the latest then, and for two segments at the soonest.</summary>
    private const double LatestAcknowledgementSeconds = 0.036;

    private readonly Swarming _swarm;
    private readonly ServedSet _served;
    private readonly Queue<Parcel> _control = [];
    private readonly List<int> _journal = [];
    private readonly TransferAction[] _actions = new TransferAction[64];
    private Parcel? _sending;
    private double _announceAt = double.PositiveInfinity;
    private double _downlinkFreeAt;
    private double _owedBytes;
    private SimulatedNode? _givenTo;

    /// <summary>A node that holds everything or nothing.</summary>
    public SimulatedNode(Swarming swarm, int number, Line line, bool isSource)
    {
        (_swarm, Number, Line, IsSource) = (swarm, number, line, isSource);
        Key = KeyOf(swarm, number);
        Serve = new ServeQueue(line.UpBytesPerSecond);
        // The catalogue tells each who holds the study, linked or not.
        _served = new ServedSet(swarm.Map.Blocks, Key, isSource ? [.. Enumerable.Range(0, swarm.Sources).Where(other => other != number).Select(other => KeyOf(swarm, other))] : null);
        Download = new Download(swarm.Map, Key, swarm.Options) { UplinkBytesPerSecond = line.UpBytesPerSecond };
        for (var block = 0; isSource && block < swarm.Map.Blocks; block++)
        {
            Download.Resume(block);
        }
    }

    public int Number { get; }

    public ulong Key { get; }

    public Line Line { get; }

    public bool IsSource { get; }

    public Download Download { get; }

    public ServeQueue Serve { get; }

    public List<Link> Links { get; } = [];

    public bool IsUp { get; private set; }

    /// <summary>Something leaves.</summary>
    public bool IsUplinkBusy { get; private set; }

    public double StartedAt { get; private set; }

    /// <summary>When it left, or infinity.</summary>
    public double StoppedAt { get; private set; } = double.PositiveInfinity;

    /// <summary>When everything was there, or infinity.</summary>
    public double CompleteAt { get; private set; } = double.PositiveInfinity;

    public double FirstImageAt { get; private set; } = double.PositiveInfinity;

    /// <summary>Share of the blocks that it sends which are false.</summary>
    public double Falsifies { get; init; }

    public double SentBytes { get; private set; }

    public int SentBlocks { get; private set; }

    public double ControlBytes { get; private set; }

    public int Duplicates { get; private set; }

    /// <summary>Called for each block kept.</summary>
    public Action<int>? Kept { get; set; }

    public IReadOnlyList<int> Journal => _journal;

    /// <summary>Joins.</summary>
    public void Start()
    {
        (IsUp, StartedAt) = (true, _swarm.Clock.Now);
        if (!IsSource)
        {
            _swarm.Clock.At(_swarm.Clock.Now + Swarming.TickSeconds, new Event(EventKind.Tick, this, null, 0, null));
        }
    }

    /// <summary>Leaves without a word; the others notice after a while.</summary>
    public void Stop(double noticedAfter)
    {
        (IsUp, StoppedAt) = (false, _swarm.Clock.Now);
        _swarm.Lacking -= IsSource || Download.IsComplete ? 0 : 1;
        foreach (var link in Links)
        {
            link.IsUp = link.Back.IsUp = false;
            _swarm.Clock.At(_swarm.Clock.Now + noticedAfter, new Event(EventKind.Planned, null, null, 0, () => link.To.Lost(link)));
        }
    }

    private void Lost(Link link)
    {
        Links.Remove(link.Back);
        Serve.CustomerDown(link.Back.CustomerNumber);
        Download.HolderDown(link.HolderNumber, _swarm.Clock.Time);
        if (IsUp && !IsSource && Links.Count < Swarming.FewestLinks)
        {
            _swarm.FindPeers(this);
        }

        Pump();
    }

    /// <summary>Meets another node: each learns what the other holds.</summary>
    /// <returns>False if the other is not there, or they know each other.</returns>
    public bool Meet(SimulatedNode other)
    {
        if (!other.IsUp || other == this || Links.Exists(l => l.To == other))
        {
            return false;
        }

        var (there, back) = (new Link(this, other), new Link(other, this));
        (there.Back, back.Back) = (back, there);
        Links.Add(there);
        other.Links.Add(back);
        Introduce(there);
        Introduce(back);
        // The bitmap: a round trip, then both begin.
        _swarm.Clock.At(_swarm.Clock.Now + 2 * (Line.Latency + other.Line.Latency), new Event(EventKind.Planned, null, null, 0, () =>
        {
            other.Greet(there);
            Greet(back);
            Pump();
            other.Pump();
        }));
        return true;
    }

    private static ulong KeyOf(Swarming swarm, int number) => Swarm.Picking.Rendezvous.Mix(swarm.Seed * 1_000_003 + (ulong)number);

    private static void Introduce(Link link)
    {
        link.CustomerNumber = link.To.IsSource ? -1 : link.From.Serve.CustomerUp(link.From._served, link.To.Key);
        link.Journal = link.From._journal.Count;
    }

    /// <summary>What the other is asked for and told, as one message or several.</summary>
    public void Pump()
    {
        if (!IsUp)
        {
            return;
        }

        int count;
        do
        {
            count = Download.Decide(_swarm.Clock.Time, _actions);
            foreach (var action in _actions.AsSpan(0, count))
            {
                Do(action);
            }
        }
        while (count == _actions.Length);

        foreach (var link in Links)
        {
            if (link.Gathering is { } parcel)
            {
                link.Gathering = null;
                Send(parcel, MessageBytes + EntryBytes * parcel.Askings!.Count);
            }
        }

        Work();
    }

    private void Do(TransferAction action)
    {
        switch (action.Kind)
        {
            case TransferActionKind.Request or TransferActionKind.Cancel:
                var link = Links.Find(l => l.Back.HolderNumber == action.Holder)!;
                link.Gathering ??= new Parcel(link) { Askings = [] };
                link.Gathering.Askings!.Add(new Asking(action.Block, action.IsUrgent, action.Kind == TransferActionKind.Cancel));
                break;
            case TransferActionKind.Ban:
                Download.HolderDown(action.Holder, _swarm.Clock.Time);
                break;
            default:
                _journal.Add(action.Block * 4 + (int)(action.Kind - TransferActionKind.AnnounceHave));
                PlanAnnouncement();
                break;
        }
    }

    // Earlier than planned, if our uplink runs out of work meanwhile.
    private void PlanAnnouncement()
    {
        var at = _swarm.Clock.Now + Announcing.Delay(Links.Count, Serve.Waiting, Line.UpBytesPerSecond).TotalSeconds;
        if (at < _announceAt)
        {
            _announceAt = at;
            _swarm.Clock.At(at, new Event(EventKind.Announce, this, null, 0, null));
        }
    }

    /// <summary>What found nothing to ride on.</summary>
    public void Announce()
    {
        if (_swarm.Clock.Now < _announceAt)
        {
            return;
        }

        _announceAt = double.PositiveInfinity;
        foreach (var link in Links)
        {
            if (IsUp && link.IsUp && link.Journal < _journal.Count)
            {
                Send(new Parcel(link), MessageBytes);
            }
        }

        Work();
    }

    private void Send(Parcel parcel, double bytes)
    {
        Ride(parcel);
        parcel.Left = bytes + EntryBytes * (parcel.JournalTo - parcel.JournalFrom);
        ControlBytes += parcel.Left;
        _control.Enqueue(parcel);
    }

    private void Ride(Parcel parcel)
    {
        (parcel.JournalFrom, parcel.JournalTo) = (parcel.Link.Journal, _journal.Count);
        parcel.Link.Journal = _journal.Count;
    }

    private void Work()
    {
        if (IsUplinkBusy || !IsUp)
        {
            return;
        }

        double bytes;
        if (_control.TryDequeue(out var parcel))
        {
            bytes = parcel.Left;
        }
        else
        {
            _sending ??= NextBlock();
            if (_sending is null)
            {
                return;
            }

            parcel = _sending;
            bytes = Math.Min(_swarm.PartBytes, parcel.Left);
        }

        IsUplinkBusy = true;
        parcel.Left -= bytes;
        SentBytes += bytes;
        _givenTo = parcel.Block >= 0 ? parcel.Link.To : null;
        if (parcel.Block >= 0)
        {
            parcel.Link.To.Owe(parcel.Link.Back, bytes, bytes / Line.UpBytesPerSecond);
        }

        var left = _swarm.Clock.Now + (bytes + _owedBytes) / Line.UpBytesPerSecond;
        _owedBytes = 0;
        if (parcel.Left <= 0 && parcel == _sending)
        {
            _sending = null;
        }

        _swarm.Clock.At(left, new Event(EventKind.UplinkFree, this, null, 0, null));
        var isLast = parcel.Left <= 0;
        if (parcel.Link.IsUp)
        {
            _swarm.Clock.At(left + Line.Latency + parcel.Link.To.Line.Latency, new Event(EventKind.AtDownlink, parcel.Link.To, isLast ? parcel : null, bytes, null));
        }
    }

    // What is received is acknowledged: in passing by what is sent to the same node, else in frames of their own on a line that is busy with others.
    private void Owe(Link back, double bytes, double seconds)
    {
        back.GaveAt = _swarm.Clock.Now + seconds;
        if (IsUplinkBusy && _givenTo != back.To)
        {
            _owedBytes += AcknowledgementBytes * Math.Min(bytes / 2 / Uplink.SegmentBytes, seconds / LatestAcknowledgementSeconds + 0.5);
        }
    }

    private Parcel? NextBlock()
    {
        foreach (var link in Links)
        {
            Serve.SetBringing(link.CustomerNumber, _swarm.Clock.Now - link.GaveAt < LinkTraffic.LongestGap.TotalSeconds);
        }

        while (Serve.TryNext(out var serving))
        {
            var link = Links.Find(l => l.CustomerNumber == serving.Customer);
            if (link is not { IsUp: true })
            {
                continue;
            }

            var parcel = new Parcel(link) { Block = serving.Block, IsFalse = Falsifies > 0 && _swarm.Random.NextDouble() < Falsifies };
            if (!double.IsInfinity(_announceAt))
            {
                PlanAnnouncement();
            }

            Ride(parcel);
            SentBlocks++;
            parcel.Left = serving.LengthBytes + BlockOverheadBytes + EntryBytes * (parcel.JournalTo - parcel.JournalFrom);
            return parcel;
        }

        return null;
    }

    /// <summary>The uplink can take more.</summary>
    public void UplinkFree()
    {
        IsUplinkBusy = false;
        Work();
    }

    /// <summary>A part reached the downlink; it is through when what came before is.</summary>
    public void AtDownlink(Parcel? parcel, double bytes)
    {
        _downlinkFreeAt = Math.Max(_downlinkFreeAt, _swarm.Clock.Now) + bytes / Line.DownBytesPerSecond;
        if (parcel is not null)
        {
            _swarm.Clock.At(_downlinkFreeAt, new Event(EventKind.Received, this, parcel, 0, null));
        }
    }

    /// <summary>A message or a block is there.</summary>
    public void Receive(Parcel parcel)
    {
        var link = parcel.Link;
        if (!link.IsUp || !IsUp)
        {
            return;
        }

        Hear(link, parcel);
        foreach (var asking in parcel.Askings ?? [])
        {
            if (asking.IsCancel)
            {
                Serve.Cancel(link.Back.CustomerNumber, asking.Block);
            }
            else if (Download.Have.Contains(asking.Block))
            {
                Serve.Ask(link.Back.CustomerNumber, asking.Block, _swarm.Map.LengthOf(asking.Block), asking.IsUrgent);
            }
        }

        if (parcel.Block >= 0)
        {
            var isKept = Download.Arrived(link.HolderNumber, parcel.Block, !parcel.IsFalse, _swarm.Clock.Time);
            Duplicates += isKept || parcel.IsFalse ? 0 : 1;
            if (isKept)
            {
                Keep(parcel.Block);
            }
        }

        Pump();
    }

    private void Keep(int block)
    {
        Kept?.Invoke(block);
        _swarm.Kept(block);
        if (double.IsInfinity(FirstImageAt) && IsFirstImageThere())
        {
            FirstImageAt = _swarm.Clock.Now;
        }

        if (Download.IsComplete)
        {
            CompleteAt = _swarm.Clock.Now;
            _swarm.Completed(this);
        }
    }

    private bool IsFirstImageThere()
    {
        for (var block = 0; block < _swarm.Map.FirstBlockOf(1); block++)
        {
            if (!Download.Have.Contains(block))
            {
                return false;
            }
        }

        return true;
    }

    // What the other announced with this message.
    private void Hear(Link link, Parcel parcel)
    {
        var haves = 0;
        for (var i = parcel.JournalFrom; i < parcel.JournalTo; i++)
        {
            var (block, kind) = (link.From._journal[i] / 4, link.From._journal[i] % 4);
            if (kind == 0)
            {
                haves++;
                _served.Seen(block);
                Download.Has(link.HolderNumber, block, _swarm.Clock.Time);
            }
            else
            {
                Download.Claimed(link.HolderNumber, block, kind == 1, _swarm.Clock.Time);
            }
        }

        if (haves > 0)
        {
            link.Announced += haves;
            Serve.Report(link.Back.CustomerNumber, link.From.Line.UpBytesPerSecond, _swarm.Map.Blocks - link.Announced);
        }
    }

    /// <summary>What a node holds and its uplink when two meet.</summary>
    public void Greet(Link link)
    {
        if (!IsUp || !link.IsUp)
        {
            return;
        }

        link.HolderNumber = IsSource ? -1 : Download.HolderUp(link.From.Key, false);
        var has = link.From.Download.Have;
        link.Announced = has.Count;
        Serve.Report(link.Back.CustomerNumber, link.From.Line.UpBytesPerSecond, _swarm.Map.Blocks - has.Count);
        if (has.IsFull)
        {
            Download.HasAll(link.HolderNumber);
            return;
        }

        Download.UplinkIs(link.HolderNumber, link.From.Line.UpBytesPerSecond);
        for (var block = has.Next(0); block >= 0; block = block + 1 < has.Capacity ? has.Next(block + 1) : -1)
        {
            Download.Has(link.HolderNumber, block, _swarm.Clock.Time);
            _served.Seen(block);
        }

        link.Journal = link.From._journal.Count;
    }

    /// <summary>Time passes for the scheduler.</summary>
    public void Tick()
    {
        if (IsUp && !Download.IsComplete)
        {
            Download.Tick();
            Pump();
            _swarm.Clock.At(_swarm.Clock.Now + Swarming.TickSeconds, new Event(EventKind.Tick, this, null, 0, null));
        }
    }
}
