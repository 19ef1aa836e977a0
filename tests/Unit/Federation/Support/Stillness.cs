namespace Panal.Unit.Federation.Support;

/// <summary>
/// Makes what runs on the thread pool follow one order, and lets it come to rest between two events: while there is one of these, the pool has one
/// thread that works. Whoever runs on it and sees that nothing waits for it knows that nothing else runs, so what an event has set off is over. Rooms
/// that run on many threads in a node play the same piece each time so. Only for tests that run alone (<see cref="MeasuredAlone"/>).
/// </summary>
internal sealed class Stillness : IDisposable
{
    private readonly ManualResetEventSlim _end = new();
    private readonly (int Workers, int Ports) _before;

    private Stillness()
    {
        ThreadPool.GetMaxThreads(out _before.Workers, out _before.Ports);
        // The pool does not go below a number of threads, so all but one are kept busy with waiting.
        ThreadPool.GetMinThreads(out int least, out _);
        int threads = Math.Max(least, Environment.ProcessorCount);
        Assert.True(ThreadPool.SetMaxThreads(threads, _before.Ports));
        using var parked = new CountdownEvent(threads - 1);
        for (int i = 1; i < threads; i++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(
                _ =>
                {
                    parked.Signal();
                    _end.Wait();
                },
                null);
        }

        parked.Wait();
    }

    /// <summary>Plays on the one thread; what is played may use the other members of this class.</summary>
    public static Task PlayAsync(Func<Task> play) => Task.Factory.StartNew(
        () =>
        {
            // On a thread of its own, because the pool's are taken.
            using var stillness = new Stillness();
            Task.Run(play).GetAwaiter().GetResult();
        },
        CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Does something, and ends when what it has set off is at rest.</summary>
    public static async Task AfterAsync(Action work)
    {
        work();
        await ReachAsync();
    }

    /// <summary>The result of something that needs nothing but processor and disk; ends when what it has set off is at rest.</summary>
    public static async Task<T> AfterAsync<T>(ValueTask<T> work)
    {
        Task<T> task = work.AsTask();
        await ReachAsync();
        Assert.True(task.IsCompleted, "It waits for something that does not come.");
        return await task;
    }

    /// <inheritdoc cref="AfterAsync{T}(ValueTask{T})"/>
    public static async Task AfterAsync(ValueTask work) => await AfterAsync(EndedAsync(work));

    public void Dispose()
    {
        _end.Set();
        ThreadPool.SetMaxThreads(_before.Workers, _before.Ports);
    }

    private static async ValueTask<bool> EndedAsync(ValueTask work)
    {
        await work;
        return true;
    }

    private static async Task ReachAsync()
    {
        do
        {
            // At the end of the queue that is looked into last.
            var turn = new TaskCompletionSource();
            ThreadPool.UnsafeQueueUserWorkItem(static turn => turn.SetResult(), turn, preferLocal: false);
            await turn.Task;
        }
        while (ThreadPool.PendingWorkItemCount > 0);
    }
}
