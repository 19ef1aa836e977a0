using Microsoft.Extensions.Hosting;
using Panal.Node.Hosting;
using Panal.Unit.Dimse;

namespace Panal.Unit.Node.Hosting;

public sealed class WorkAfterStartTests
{
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(10);

    private readonly WaitedTime _time = new();
    private readonly Lifetime _lifetime = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Work_begins_when_the_doors_have_been_open_for_a_while()
    {
        using var work = new Work(_lifetime, _time);
        await work.StartAsync(Ct);
        Assert.False(work.Begun.Task.IsCompleted);
        await _lifetime.Started.CancelAsync();
        await _time.UntilWaitedAsync(Quiet, Ct).WaitAsync(ScriptedPeer.Patience, Ct);
        Assert.False(work.Begun.Task.IsCompleted);
        _time.Advance(Quiet);
        await work.Begun.Task.WaitAsync(ScriptedPeer.Patience, Ct);
        await work.StopAsync(Ct);
    }

    [Fact]
    public async Task A_node_whose_doors_never_open_does_no_work()
    {
        using var work = new Work(_lifetime, _time);
        await work.StartAsync(Ct);
        await work.StopAsync(Ct);
        Assert.False(work.Begun.Task.IsCompleted);
    }

    private sealed class Work(IHostApplicationLifetime lifetime, TimeProvider time) : WorkAfterStart(lifetime, Quiet, time)
    {
        public TaskCompletionSource Begun { get; } = new();

        protected override Task WorkAsync(CancellationToken stoppingToken)
        {
            Begun.SetResult();
            return Task.CompletedTask;
        }
    }

    private sealed class Lifetime : IHostApplicationLifetime
    {
        public CancellationTokenSource Started { get; } = new();

        public CancellationToken ApplicationStarted => Started.Token;

        public CancellationToken ApplicationStopping => CancellationToken.None;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication()
        {
            // Nobody asks for it here.
        }
    }
}
