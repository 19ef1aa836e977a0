using Panal.Node.Hosting;

namespace Panal.Unit.Node.Hosting;

public sealed class RestingMemoryTests
{
    private readonly WaitedTime _time = new();
    private long _allocated;
    private int _given;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Memory_is_given_back_once_when_a_load_is_over_and_not_while_it_runs()
    {
        var looks = new SemaphoreSlim(0);
        using var memory = new RestingMemory(
            _time,
            () =>
            {
                looks.Release();
                return Interlocked.Read(ref _allocated);
            },
            _ =>
            {
                Interlocked.Increment(ref _given);
                return ValueTask.CompletedTask;
            });
        await memory.StartAsync(Ct);
        await looks.WaitAsync(Ct);

        await LookAsync(RestingMemory.WorthBytes);
        await LookAsync(RestingMemory.WorthBytes);
        Assert.Equal(0, _given);

        await LookAsync(RestingMemory.RestBytes);
        await LookAsync(RestingMemory.RestBytes);
        await LookAsync(0);
        Assert.Equal(1, _given);

        await LookAsync(RestingMemory.WorthBytes);
        await LookAsync(0);
        await LookAsync(0);
        Assert.Equal(2, _given);
        await memory.StopAsync(Ct);

        async Task LookAsync(long allocated)
        {
            Interlocked.Add(ref _allocated, allocated);
            _time.Advance(RestingMemory.Interval);
            await looks.WaitAsync(Ct);
        }
    }
}
