using Panal.Swarm.Links;

namespace Panal.Swarm.Serving;

/// <summary>
/// One line over which receivers are served: how many of them at a time, and how much. Those behind another line do not wait for it.
/// </summary>
internal sealed class ServedLine
{
    private readonly RateLimit[] _limits;

    /// <param name="uplink">What its links share; null where nobody knows what the line carries.</param>
    /// <param name="limits">What may be sent over it, each alone or together with other lines; none for any rate.</param>
    public ServedLine(Uplink? uplink, params RateLimit[] limits)
    {
        (Uplink, _limits) = (uplink, limits);
        Width = uplink is null ? new ServeWidth() : new ServeWidth(uplink.FewestLinks);
    }

    /// <inheritdoc cref="ServedLine(Uplink, RateLimit[])"/>
    public ServedLine(params RateLimit[] limits)
        : this(null, limits)
    {
    }

    /// <summary>What its links share; null where nobody knows what the line carries.</summary>
    public Uplink? Uplink { get; }

    /// <summary>How many of its receivers are sent to at a time.</summary>
    public ServeWidth Width { get; }

    /// <summary>Whether one of its receivers may be sent a block now, as was seen last.</summary>
    public bool IsOpen { get; private set; } = true;

    /// <summary>A stream goes over it.</summary>
    public void Carry(ILinkStream stream)
    {
        if (Uplink is not null)
        {
            stream.Share(Uplink);
        }
    }

    /// <summary>Sees whether a block may be sent now; how long its limits have to be waited for, or a line of a known rate that is full, or zero.</summary>
    /// <param name="now">Time that only grows.</param>
    /// <param name="hour">Hour of the local day, 0 to 23.</param>
    public TimeSpan Look(TimeSpan now, int hour)
    {
        var wait = TimeSpan.Zero;
        foreach (var limit in _limits)
        {
            var one = limit.Wait(now, hour);
            wait = one > wait ? one : wait;
        }

        // Of a line whose rate is known it is seen at once when those who are served do not fill it: their own lines may be slower.
        if (Uplink is not null && !Width.HasRoom(now))
        {
            var full = Uplink.FullFor();
            wait = full > wait ? full : wait;
            if (full == TimeSpan.Zero)
            {
                Width.Widen(now);
            }
        }

        IsOpen = Width.HasRoom(now) && wait == TimeSpan.Zero;
        return wait;
    }

    /// <summary>A receiver of its is sent a block.</summary>
    public void Begin(int customer, int lengthBytes, TimeSpan now)
    {
        foreach (var limit in _limits)
        {
            limit.Sent(lengthBytes);
        }

        Width.Begin(customer, now);
    }
}
