namespace Panal.Dimse;

/// <summary>One wait at a time that must end in time; beginning and ending a wait touches the timer only when it would fire too late.</summary>
internal sealed class Deadline : IDisposable
{
    private readonly Lock gate = new();
    private readonly TimeProvider time;
    private readonly Action expired;
    private readonly ITimer timer;
    private bool isActive;
    private long due;
    private long armedFor = long.MaxValue;

    public Deadline(TimeProvider time, Action expired)
    {
        this.time = time;
        this.expired = expired;
        timer = time.CreateTimer(static state => ((Deadline)state!).Fire(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Begins a wait, or moves the end of the one that runs; an infinite time ends none.</summary>
    public void Begin(TimeSpan longest)
    {
        if (longest == Timeout.InfiniteTimeSpan)
        {
            End();
            return;
        }

        lock (gate)
        {
            isActive = true;
            due = time.GetTimestamp() + (long)(Math.Max(longest.TotalSeconds, 0) * time.TimestampFrequency);
            Arm();
        }
    }

    public void End()
    {
        lock (gate)
        {
            isActive = false;
        }
    }

    public void Dispose() => timer.Dispose();

    private void Arm()
    {
        if (due < armedFor)
        {
            armedFor = due;
            var wait = time.GetElapsedTime(time.GetTimestamp(), due);

            // A timer counts milliseconds: rounded up, so that it never fires before the time.
            timer.Change(TimeSpan.FromMilliseconds(Math.Ceiling(Math.Max(wait.TotalMilliseconds, 0))), Timeout.InfiniteTimeSpan);
        }
    }

    private void Fire()
    {
        lock (gate)
        {
            armedFor = long.MaxValue;
            if (!isActive)
            {
                return;
            }

            if (time.GetTimestamp() < due)
            {
                Arm();
                return;
            }

            isActive = false;
        }

        expired();
    }
}
