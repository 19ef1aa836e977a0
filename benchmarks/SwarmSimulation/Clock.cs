namespace Panal.SwarmSimulation;

/// <summary>What can happen.</summary>
internal enum EventKind : byte
{
    /// <summary>A node's uplink has sent what it was sending.</summary>
    UplinkFree,

    /// <summary>A part of a message reaches the downlink of its receiver.</summary>
    AtDownlink,

    /// <summary>A message or block has come through the downlink whole.</summary>
    Received,

    /// <summary>Announcements that found nothing to ride on go by themselves.</summary>
    Announce,

    /// <summary>The scheduler's clock.</summary>
    Tick,

    /// <summary>Something that the scenario planned.</summary>
    Planned,
}

/// <summary>One event: kind, what it concerns, and its message if it has one.</summary>
internal readonly record struct Event(EventKind Kind, SimulatedNode? Node, Parcel? Parcel, double Bytes, Action? Planned);

/// <summary>The events to come, in order of time, those of one time in order of planning: every run is the same.</summary>
internal sealed class Clock
{
    private readonly PriorityQueue<Event, (double Time, long Order)> _events = new();
    private long _order;

    /// <summary>Seconds since the start.</summary>
    public double Now { get; private set; }

    /// <summary>The same as the schedulers take it.</summary>
    public TimeSpan Time => TimeSpan.FromSeconds(Now);

    /// <summary>Events that happened.</summary>
    public long Happened { get; private set; }

    /// <summary>Plans an event.</summary>
    public void At(double time, Event what) => _events.Enqueue(what, (time, _order++));

    /// <summary>The next event; false if there is none.</summary>
    public bool TryNext(out Event next)
    {
        if (!_events.TryDequeue(out next, out var when))
        {
            return false;
        }

        Now = when.Time;
        Happened++;
        return true;
    }
}
