using Microsoft.Extensions.Logging;
using Panal.Archive.Retrieve;
using Panal.Catalogue;
using Panal.Federation.Broker.Sweeping;

namespace Panal.Federation.Broker;

/// <summary>Mirrors one archive for as long as it runs: everything once, then what is new, and everything again from time to time.</summary>
internal sealed class ForeignBroker : IAsyncDisposable
{
    /// <summary>Waits after failures, one after the other; an archive that restarts is back within minutes.</summary>
    private static readonly TimeSpan[] Pauses =
        [TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(5)];

    /// <summary>What is new is looked for this much less often at most when nothing is.</summary>
    private const int SlowestPoll = 16;

    /// <summary>Outside its hours a sweep looks at the clock this often.</summary>
    private static readonly TimeSpan HourCheck = TimeSpan.FromMinutes(5);

    /// <summary>Studies of which notice was given and that wait at most; when there are more, everything new is looked at.</summary>
    private const int NoticeLimit = 1000;

    private readonly IForeignArchives _archives;
    private readonly BrokerFolder _folder;
    private readonly CatalogueDatabase _catalogue;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Sweeper _sweeper;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _wake = new(0);
    private readonly Lock _gate = new();
    private SweepProgress _progress;
    private TimeSpan _poll;
    private readonly Queue<string> _noticed = new();
    private bool _isAsked;
    private bool _isWholeAsked;
    private TaskCompletionSource _round = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _loop = Task.CompletedTask;

    public ForeignBroker(
        BrokerDefinition definition, IForeignArchives archives, BrokerFolder folder, CatalogueDatabase catalogue, TimeProvider time, ILogger logger)
    {
        (Definition, _archives, _folder, _catalogue, _time, _logger) = (definition, archives, folder, catalogue, time, logger);
        Retrieving = new SemaphoreSlim(definition.MaximumRetrievals);
        Pace = new RequestPace(definition.RequestsPerSecond, time);
        _sweeper = new Sweeper(definition, catalogue, Tally, Pace, time);
        _progress = folder.LoadProgress(definition.Name);
        _poll = TimeSpan.FromSeconds(definition.PollSeconds);
    }

    public BrokerDefinition Definition { get; }

    public BrokerTally Tally { get; } = new();

    public RequestPace Pace { get; }

    /// <summary>Associations for retrieval that may be opened.</summary>
    public SemaphoreSlim Retrieving { get; }

    /// <summary>How far the sweeping is.</summary>
    public SweepProgress Progress
    {
        get
        {
            lock (_gate)
            {
                return _progress;
            }
        }
    }

    /// <summary>Begins to work.</summary>
    public void Start() => _loop = Task.Run(() => RunAsync(_stop.Token), CancellationToken.None);

    /// <summary>Looks at what is new at once, or sweeps everything again, whatever the hour.</summary>
    /// <returns>Ends with the round that does it, or with its failure.</returns>
    public Task SweepNowAsync(bool isWhole)
    {
        Task round;
        lock (_gate)
        {
            _isAsked = true;
            if (isWhole)
            {
                _isWholeAsked = true;
                if (_progress.Pending.Count == 0)
                {
                    _progress = _progress with { Pending = [SweepWindow.All], WindowsDone = 0 };
                }
            }

            round = _round.Task;
        }

        _wake.Release();
        return round;
    }

    /// <summary>The archive says that something has changed with a study: it is asked about it at once.</summary>
    public void Notice(string studyInstanceUid)
    {
        lock (_gate)
        {
            if (_noticed.Contains(studyInstanceUid))
            {
                return;
            }

            if (_noticed.Count < NoticeLimit)
            {
                _noticed.Enqueue(studyInstanceUid);
            }
            else
            {
                _isAsked = true;
            }
        }

        _wake.Release();
    }

    /// <summary>Changes what is kept of the progress.</summary>
    public void Keep(Func<SweepProgress, SweepProgress> change)
    {
        lock (_gate)
        {
            _progress = change(_progress);
            _folder.SaveProgress(Definition.Name, _progress);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_gate)
        {
            _round.TrySetCanceled();
        }

        _stop.Dispose();
        _wake.Dispose();
    }

    private async Task RunAsync(CancellationToken ct)
    {
        for (var failures = 0; ;)
        {
            TimeSpan wait;
            try
            {
                await _catalogue.AddForeignAsync(Definition.Source, ct);
                wait = await RoundAsync(ct);
                failures = 0;
                Tally.Trouble = null;
                EndRound(null);
            }
            catch (Exception fault) when (!ct.IsCancellationRequested)
            {
                // Theirs, the disk's or our own: it is told, and tried again, because nothing else will.
                wait = Pauses[Math.Min(failures++, Pauses.Length - 1)];
                Tally.Trouble = fault.Message;
                Log.ArchiveFails(_logger, Definition.Name, fault.Message);
                EndRound(fault);
            }

            await WaitAsync(wait, ct);
        }
    }

    private void EndRound(Exception? fault)
    {
        lock (_gate)
        {
            // Whoever asked while the round was under way waits for the next one.
            if (_isAsked && fault is null)
            {
                return;
            }

            var ended = _round;
            _round = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (fault is null)
            {
                ended.TrySetResult();
            }
            else
            {
                ended.TrySetException(fault);
                // Seldom somebody waits for it.
                _ = ended.Task.Exception;
            }
        }
    }

    /// <summary>What is new if it is time for that, then as much of the whole as may be now.</summary>
    /// <returns>How long nothing is to be done.</returns>
    private async Task<TimeSpan> RoundAsync(CancellationToken ct)
    {
        bool isAsked, isWholeAsked;
        lock (_gate)
        {
            (isAsked, isWholeAsked) = (_isAsked, _isWholeAsked);
            (_isAsked, _isWholeAsked) = (false, false);
            var now = _time.GetUtcNow();
            if (_progress is { Pending.Count: 0, CompletedAt: { } completed } && now - completed >= TimeSpan.FromDays(Definition.RecheckDays))
            {
                _progress = _progress with { Pending = [SweepWindow.All], WindowsDone = 0 };
            }
        }

        await using var queries = new LateQueries(_archives, Definition);
        while (true)
        {
            await LookAtNoticedAsync(queries, ct);
            if (isAsked || UntilPoll() <= TimeSpan.Zero)
            {
                isAsked = false;
                await PollAsync(await queries.OpenAsync(ct), ct);
            }

            if (Progress.Pending.Count == 0)
            {
                return UntilPoll();
            }

            if (!isWholeAsked && !Definition.IsSweepHour(_time.GetLocalNow()))
            {
                return UntilPoll() < HourCheck ? UntilPoll() : HourCheck;
            }

            await StepAsync(await queries.OpenAsync(ct), ct);
        }
    }

    private async Task LookAtNoticedAsync(LateQueries queries, CancellationToken ct)
    {
        for (var study = Noticed(); study is not null; study = Noticed())
        {
            await _sweeper.LookAsync(await queries.OpenAsync(ct), study, ct);
            lock (_gate)
            {
                // Only now: what fails is looked at again.
                _noticed.Dequeue();
            }
        }

        string? Noticed()
        {
            lock (_gate)
            {
                return _noticed.TryPeek(out var first) ? first : null;
            }
        }
    }

    /// <summary>Asks for the next window of the whole, and keeps how far that is.</summary>
    private async Task StepAsync(IForeignQueries queries, CancellationToken ct)
    {
        var window = Progress.Pending[^1];
        WindowOutcome outcome;
        try
        {
            outcome = await _sweeper.SweepAsync(queries, window, ct);
        }
        catch (ForeignArchiveException refusal) when (refusal.IsRefusal)
        {
            // One day that an archive cannot answer for must not keep the others back: it comes again after them.
            Keep(progress => progress with { Pending = [window, .. progress.Pending.Take(progress.Pending.Count - 1)] });
            throw;
        }

        Keep(progress =>
        {
            var pending = progress.Pending.Take(progress.Pending.Count - 1).ToList();
            if (outcome.IsCut)
            {
                var (later, earlier) = window.Split(_sweeper.Today);
                pending.Add(earlier);
                pending.Add(later);
            }

            return progress with
            {
                Pending = pending,
                WindowsDone = progress.WindowsDone + 1,
                CompletedAt = pending.Count == 0 ? _time.GetUtcNow() : progress.CompletedAt,
            };
        });
        if (Progress.Pending.Count == 0)
        {
            var (studies, instances) = _catalogue.CountOffers(Definition.Source);
            Log.ArchiveSwept(_logger, Definition.Name, studies, instances);
        }
    }

    /// <summary>
    /// Looks at yesterday, today and tomorrow: clocks and time zones differ, and images come after their study has begun. More often while
    /// something is new, less often while nothing is.
    /// </summary>
    private async Task PollAsync(IForeignQueries queries, CancellationToken ct)
    {
        var today = _sweeper.Today;
        var pending = new Stack<SweepWindow>([new SweepWindow(today.AddDays(-1), today.AddDays(1))]);
        var changed = 0;
        while (pending.TryPop(out var window))
        {
            var outcome = await _sweeper.SweepAsync(queries, window, ct);
            changed += outcome.Changed;
            if (outcome.IsCut)
            {
                var (later, earlier) = window.Split(today);
                pending.Push(earlier);
                pending.Push(later);
            }
        }

        var fastest = TimeSpan.FromSeconds(Definition.PollSeconds);
        _poll = changed > 0 ? fastest : TimeSpan.FromTicks(Math.Min(_poll.Ticks * 2, fastest.Ticks * SlowestPoll));
        Keep(progress => progress with { PolledAt = _time.GetUtcNow() });
    }

    private TimeSpan UntilPoll() => Progress.PolledAt is { } at && _time.GetUtcNow() - at is var since && since >= TimeSpan.Zero && since < _poll
        ? _poll - since
        : TimeSpan.Zero;

    private async Task WaitAsync(TimeSpan wait, CancellationToken ct)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var woken = _wake.WaitAsync(over.Token);
        await Task.WhenAny(woken, Task.Delay(wait, _time, over.Token));
        await over.CancelAsync();
        ct.ThrowIfCancellationRequested();
    }

    /// <summary>The association of a round, opened when it is needed first.</summary>
    private sealed class LateQueries(IForeignArchives archives, BrokerDefinition definition) : IAsyncDisposable
    {
        private IForeignQueries? _opened;

        public async ValueTask<IForeignQueries> OpenAsync(CancellationToken ct) => _opened ??= await archives.OpenQueriesAsync(definition.Address, ct);

        public ValueTask DisposeAsync() => _opened?.DisposeAsync() ?? ValueTask.CompletedTask;
    }
}
