namespace Panal.Swarm.Serving;

/// <summary>
/// One line over which receivers are served: how many of them at a time, and how much. Those behind another line do not wait for it. No input or output,
/// no clock, no threads.
/// </summary>
/// <param name="limits">What may be sent over it, each alone or together with other lines; none for any rate.</param>
internal sealed class ServedLine(params RateLimit[] limits)
{
    /// <summary>How quickly a link over it may send, in bytes a second; null for as quickly as it can.</summary>
    public double? PaceBytesPerSecond { get; init; }

    /// <summary>How many of its receivers are sent to at a time.</summary>
    public ServeWidth Width { get; } = new();

    /// <summary>Whether one of its receivers may be sent a block now, as was seen last.</summary>
    public bool IsOpen { get; private set; } = true;

    /// <summary>Sees whether a block may be sent now; how long its limits have to be waited for, or zero.</summary>
    /// <param name="now">Time that only grows.</param>
    /// <param name="hour">Hour of the local day, 0 to 23.</param>
    public TimeSpan Look(TimeSpan now, int hour)
    {
        var wait = TimeSpan.Zero;
        foreach (var limit in limits)
        {
            var one = limit.Wait(now, hour);
            wait = one > wait ? one : wait;
        }

        IsOpen = Width.HasRoom(now) && wait == TimeSpan.Zero;
        return wait;
    }

    /// <summary>A receiver of its is sent a block.</summary>
    public void Begin(int customer, int lengthBytes, TimeSpan now)
    {
        foreach (var limit in limits)
        {
            limit.Sent(lengthBytes);
        }

        Width.Begin(customer, now);
    }
}
