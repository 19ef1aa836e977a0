using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace Panal.Unit;

/// <summary>A clock that stands still until it is moved, and tells when somebody begins to wait on it.</summary>
internal sealed class WaitedTime : FakeTimeProvider
{
    private readonly Channel<TimeSpan> _waits = Channel.CreateUnbounded<TimeSpan>();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        _waits.Writer.TryWrite(dueTime);
        return timer;
    }

    /// <summary>Ends when somebody has begun to wait for so long.</summary>
    public async Task UntilWaitedAsync(TimeSpan wait, CancellationToken ct)
    {
        while (await _waits.Reader.ReadAsync(ct) != wait)
        {
        }
    }

    /// <summary>Lets time pass, from one wait to the next: whoever waits again and again is not left behind.</summary>
    public async Task PassAsync(TimeSpan time, CancellationToken ct)
    {
        for (var left = time; left > TimeSpan.Zero;)
        {
            var wait = await _waits.Reader.ReadAsync(ct);
            var step = wait < left ? wait : left;
            Advance(step);
            left -= step;
        }
    }
}
