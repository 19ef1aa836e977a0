using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace Panal.Unit.Federation.Support;

/// <summary>
/// Makes what runs on the thread pool follow one order, and lets it come to rest between two events: while there is one of these, the pool has one
/// thread that works, and each event begins on it. What an event has set off is over when nothing waits for that thread and nothing runs on it. So
/// rooms that run on many threads in a node play the same piece each time. Only for tests that run alone (<see cref="MeasuredAlone"/>), on a thread that is not the pool's.
/// </summary>
internal sealed class Stillness : IDisposable
{
    /// <summary>Never reached by what comes to rest at all, however busy the machine is.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private static int s_parked;

    private readonly ManualResetEventSlim _end = new();
    private readonly CountdownEvent _parked;
    private readonly (int Workers, int Ports) _before;

    public Stillness()
    {
        ThreadPool.GetMaxThreads(out _before.Workers, out _before.Ports);
        // The pool does not go below a number of threads, so all but one are kept busy with waiting.
        ThreadPool.GetMinThreads(out int least, out _);
        int threads = Math.Max(least, Environment.ProcessorCount);
        Assert.True(ThreadPool.SetMaxThreads(threads, _before.Ports));
        s_parked = threads - 1;
        _parked = new CountdownEvent(s_parked);
        for (int i = 0; i < s_parked; i++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(
                static self =>
                {
                    self._parked.Signal();
                    self._end.Wait();
                },
                this,
                preferLocal: false);
        }

        Assert.True(_parked.Wait(Limit), "The pool does not give its threads.");
        Reach();
    }

    /// <summary>Does something as the next event, and returns when what it has set off is at rest.</summary>
    public static void After(Action work) => Of(() =>
    {
        work();
        return ValueTask.CompletedTask;
    });

    /// <summary>Begins something as the next event; its result, which needs nothing but processor and disk.</summary>
    public static T Of<T>(Func<Task<T>> begin)
    {
        Task<T>? task = null;
        Exception? fault = null;
        ThreadPool.UnsafeQueueUserWorkItem(
            _ =>
            {
                try
                {
                    task = begin();
                }
                catch (Exception thrown)
                {
                    fault = thrown;
                }
            },
            null);
        Reach();
        if (fault is not null)
        {
            ExceptionDispatchInfo.Throw(fault);
        }

        Assert.True(task!.IsCompleted, "It waits for something that does not come.");
        return task.GetAwaiter().GetResult();
    }

    /// <inheritdoc cref="Of{T}(Func{Task{T}})"/>
    public static T Of<T>(Func<ValueTask<T>> begin) => Of<T>(() => begin().AsTask());

    /// <inheritdoc cref="Of{T}(Func{Task{T}})"/>
    public static void Of(Func<ValueTask> begin) => Of<int>(() => EndedAsync(begin()));

    public void Dispose()
    {
        _end.Set();
        ThreadPool.SetMaxThreads(_before.Workers, _before.Ports);
        Assert.True(SpinWait.SpinUntil(() => Working() == 0, Limit), "The pool's threads do not come back.");
        _end.Dispose();
        _parked.Dispose();
    }

    private static async Task<int> EndedAsync(ValueTask task)
    {
        await task;
        return 0;
    }

    private static void Reach()
    {
        long began = Stopwatch.GetTimestamp();
        var spin = default(SpinWait);
        // Seen twice, because counting what waits and what runs are two looks.
        for (int seen = 0; seen < 2; spin.SpinOnce(sleep1Threshold: -1))
        {
            seen = ThreadPool.PendingWorkItemCount == 0 && Working() == s_parked && ThreadPool.PendingWorkItemCount == 0 ? seen + 1 : 0;
            Assert.True(Stopwatch.GetElapsedTime(began) < Limit, "What runs never comes to rest.");
        }
    }

    private static int Working()
    {
        ThreadPool.GetMaxThreads(out int all, out _);
        ThreadPool.GetAvailableThreads(out int free, out _);
        return all - free;
    }
}
