using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Panal.Archive.Ingest;
using Panal.Catalogue;
using Panal.Volumes;

namespace Panal.Archive.Compaction;

/// <summary>
/// Makes stored images compact in the background: what is uncompressed is encoded without loss, decoded again and compared, and only then does
/// the compact form stand for what was received, which stays reproducible bit for bit.
/// </summary>
/// <remarks>
/// <code>
/// job names both files ─► compact forms written, durable, read back ─► one transaction: rows, job due ─► grace ─► received files deleted
/// </code>
/// A crash at any point leaves rows that point to whole files; the job deletes the others at the next start.
/// </remarks>
public sealed class Compactor : IDisposable
{
    /// <summary>Instances a transaction: its syncs are shared by so many.</summary>
    private const int BatchInstances = 64;

    /// <summary>Received bytes a transaction, so that a batch of long objects does not hold both forms of all of them.</summary>
    private const long BatchBytes = 1L << 30;

    private const int StepCandidates = 1_024;

    /// <summary>Copies that were passed over as not wanted are looked at again after so long, or when the node starts.</summary>
    private static readonly TimeSpan RoundTime = TimeSpan.FromHours(24);

    private readonly CatalogueDatabase _catalogue;
    private readonly CompactionOptions _options;
    private readonly IngestMeter _ingest;
    private readonly CompactionMeter _meter;
    private readonly TimeProvider _time;
    private readonly ILogger<Compactor> _logger;
    private readonly CompactMaker _maker;
    private readonly SupersededFiles _superseded;
    private readonly SemaphoreSlim _turn = new(1);
    private volatile bool _isPaused;
    private volatile bool _hasSwept;
    private bool _isRunning;

    // How many instances had been offered when it was last quiet.
    private long _quietAt;

    public Compactor(
        CatalogueDatabase catalogue,
        VolumeStore volumes,
        Ingester ingester,
        CompactionOptions options,
        IngestMeter ingest,
        CompactionMeter meter,
        TimeProvider time,
        ILogger<Compactor> logger)
    {
        (_catalogue, _options, _ingest, _meter, _time, _logger) = (catalogue, options, ingest, meter, time, logger);
        _maker = new CompactMaker(volumes, logger);
        _superseded = new SupersededFiles(catalogue, ingester, time, logger);
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    /// <summary>How compaction stands; reads all copies.</summary>
    public CompactionStatus Status(CancellationToken ct)
    {
        var counts = _catalogue.CompactionCounts(ct);
        return new CompactionStatus(
            _options.IsOn && _isRunning, _isPaused, counts.Undecided, counts.Compact, counts.LeftAlone, counts.ReceivedBytes, counts.CompactBytes);
    }

    /// <summary>Lets the work in the background rest after the instance in hand, until <see cref="Resume"/> or the next start.</summary>
    public void Pause() => _isPaused = true;

    /// <summary>Lets the work in the background go on.</summary>
    public void Resume() => _isPaused = false;

    /// <summary>Works in the background until cancelled, within the budget and the policy of the options.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        _isRunning = true;
        var (from, roundBegan) = (0L, _time.GetTimestamp());
        while (!_hasSwept || _options.IsOn)
        {
            if (_time.GetElapsedTime(roundBegan) > RoundTime)
            {
                (from, roundBegan) = (0, _time.GetTimestamp());
            }

            try
            {
                await SweepAsync(ct);
                if (_options.IsOn)
                {
                    await _superseded.CleanAsync(isStart: false, ct);
                    from = (await PassAsync(from, Pace.Background, null, ct)).DecidedUntil;
                }
            }
            catch (Exception fault) when (!ct.IsCancellationRequested)
            {
                // The node lives without it; a full disk or a catalogue that cannot be written is told by others too.
                Log.CompactionFailed(_logger, fault);
            }

            await Task.Delay(_options.Interval, _time, ct);
        }
    }

    /// <summary>Makes everything compact that the policy wants, at once.</summary>
    /// <param name="isTrial">Only encodes, to see what would be saved; changes nothing.</param>
    /// <param name="ignoresAge">Takes what is younger than <see cref="CompactionOptions.MinimumAge"/> too.</param>
    /// <param name="progress">Called after each step.</param>
    /// <param name="ct">Stops after the instance in hand; what is done stays done.</param>
    public async Task<CompactionProgress> RunOnceAsync(bool isTrial, bool ignoresAge, Action<CompactionProgress> progress, CancellationToken ct)
    {
        if (!isTrial)
        {
            await SweepAsync(ct);
        }

        var pace = new Pace(IsBackground: false, isTrial, ignoresAge ? TimeSpan.Zero : _options.MinimumAge);
        var pass = await PassAsync(0, pace, progress, ct);
        var last = pass.Progress with { IsComplete = true };
        progress(last);
        return last;
    }

    /// <summary>
    /// Once, and before anything is announced here: deletes what an earlier process left behind. Later it would take a batch in hand for one of those, and delete
    /// compact forms that rows are about to point to.
    /// </summary>
    private async Task SweepAsync(CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        try
        {
            if (!_hasSwept)
            {
                await _superseded.CleanAsync(isStart: true, ct);
                _hasSwept = true;
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Goes once through all copies that nobody has decided upon.</summary>
    private async Task<Pass> PassAsync(long from, Pace pace, Action<CompactionProgress>? progress, CancellationToken ct)
    {
        var total = progress is null ? 0 : _catalogue.CompactionCounts(ct).Undecided;
        var pass = new Pass(from, new CompactionProgress(total, 0, 0, 0, 0, 0, 0, false));
        while (_catalogue.CompactionCandidates(from, StepCandidates, ct) is { Count: > 0 } candidates)
        {
            var (batch, batchBytes) = (new List<CompactionCandidate>(BatchInstances), 0L);
            var passedOver = new List<CompactionDecision>();
            foreach (var candidate in candidates)
            {
                var verdict = CompactionPolicy.Decide(candidate, _options, pace.IsBackground ? _options.MinimumAge : pace.MinimumAge, _time.GetUtcNow());
                pass.Saw(candidate.Id, verdict);
                if (verdict == CompactionVerdict.NotApplicable)
                {
                    passedOver.Add(new CompactionDecision(
                        candidate.SopInstanceUid, candidate.Copy, CompactionOutcome.NotApplicable, candidate.Copy.Path, candidate.Copy.VolumeId, null));
                }
                else if (verdict == CompactionVerdict.Compact)
                {
                    batch.Add(candidate);
                    batchBytes += candidate.Copy.LengthBytes;
                    if (batch.Count == BatchInstances || batchBytes >= BatchBytes)
                    {
                        await TakeTurnAsync(batch, pace, pass, progress, ct);
                        (batch, batchBytes) = ([], 0);
                    }
                }
            }

            await TakeTurnAsync(batch, pace, pass, progress, ct);
            if (passedOver.Count > 0 && !pace.IsTrial)
            {
                await _catalogue.ApplyCompactionAsync(passedOver, null, ct);
            }

            from = candidates[^1].Id;
            progress?.Invoke(pass.Progress);
        }

        return pass;
    }

    private async Task TakeTurnAsync(List<CompactionCandidate> batch, Pace pace, Pass pass, Action<CompactionProgress>? progress, CancellationToken ct)
    {
        if (batch.Count == 0)
        {
            return;
        }

        await _turn.WaitAsync(ct);
        try
        {
            await (pace.IsTrial ? MeasureAsync(batch, pass, progress, ct) : CompactAsync(batch, pace, pass, progress, ct));
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task MeasureAsync(List<CompactionCandidate> batch, Pass pass, Action<CompactionProgress>? progress, CancellationToken ct)
    {
        foreach (var candidate in batch)
        {
            var length = await Task.Run(() => _maker.MeasureAsync(candidate, _options.Syntax, ct), ct);
            pass.Decided(length is null ? null : candidate.Copy.LengthBytes, length ?? 0);
            progress?.Invoke(pass.Progress);
        }
    }

    private async Task CompactAsync(List<CompactionCandidate> batch, Pace pace, Pass pass, Action<CompactionProgress>? progress, CancellationToken ct)
    {
        var job = await _superseded.AnnounceAsync(batch, ct);
        var decisions = new List<CompactionDecision>(batch.Count);
        try
        {
            foreach (var candidate in batch)
            {
                if (pace.IsBackground)
                {
                    await WaitForRoomAsync(ct);
                }

                var started = Stopwatch.GetTimestamp();
                var decision = await Task.Run(() => _maker.MakeAsync(candidate, _options.Syntax, ct), ct);
                var duration = Stopwatch.GetElapsedTime(started);
                if (decision is not null)
                {
                    decisions.Add(decision);
                    _meter.Record(decision, duration);
                    pass.Decided(decision.File is null ? null : candidate.Copy.LengthBytes, decision.File?.LengthBytes ?? 0);
                    progress?.Invoke(pass.Progress);
                }

                if (pace.IsBackground)
                {
                    await Task.Delay(duration * ((1 / _options.CoreShare) - 1), _time, ct);
                }
            }
        }
        finally
        {
            // What is made and compared is kept, also when the node is told to stop.
            await _catalogue.ApplyCompactionAsync(decisions, job with { DueAt = _time.GetUtcNow() + _options.Grace }, CancellationToken.None);
        }
    }

    /// <summary>Waits while instances are being received, and while it is paused.</summary>
    private async Task WaitForRoomAsync(CancellationToken ct)
    {
        while (true)
        {
            var before = _ingest.Offered;
            if (!_isPaused && before == _quietAt)
            {
                return;
            }

            await Task.Delay(_options.QuietTime, _time, ct);
            _quietAt = _ingest.Offered == before ? before : -1;
        }
    }

    /// <summary>How a pass works.</summary>
    private sealed record Pace(bool IsBackground, bool IsTrial, TimeSpan MinimumAge)
    {
        public static Pace Background { get; } = new(IsBackground: true, IsTrial: false, TimeSpan.Zero);
    }

    /// <summary>What a pass has done.</summary>
    private sealed class Pass(long from, CompactionProgress progress)
    {
        private bool _mustComeBack;

        public CompactionProgress Progress { get; private set; } = progress;

        /// <summary>Up to here nothing waits for its age.</summary>
        public long DecidedUntil { get; private set; } = from;

        public void Saw(long id, CompactionVerdict verdict)
        {
            _mustComeBack |= verdict is CompactionVerdict.Later or CompactionVerdict.Compact;
            DecidedUntil = _mustComeBack ? DecidedUntil : id;
            var waits = verdict is CompactionVerdict.Later or CompactionVerdict.NotWanted;
            var never = verdict is CompactionVerdict.NotApplicable;
            Progress = Progress with
            {
                Looked = Progress.Looked + (waits || never ? 1 : 0),
                Waiting = Progress.Waiting + (waits ? 1 : 0),
                LeftAlone = Progress.LeftAlone + (never ? 1 : 0),
            };
        }

        public void Decided(long? receivedBytes, long compactBytes) => Progress = Progress with
        {
            Looked = Progress.Looked + 1,
            Compacted = Progress.Compacted + (receivedBytes is null ? 0 : 1),
            LeftAlone = Progress.LeftAlone + (receivedBytes is null ? 1 : 0),
            ReceivedBytes = Progress.ReceivedBytes + (receivedBytes ?? 0),
            CompactBytes = Progress.CompactBytes + (receivedBytes is null ? 0 : compactBytes),
        };
    }
}
