using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Panal.Archive.Jobs;
using Panal.Catalogue;

namespace Panal.Archive.Retrieve.Metadata;

/// <summary>Stores the metadata of series in the background: of those that change, once they are quiet, and of those that were here before, by a job.</summary>
/// <remarks>
/// What changes is told by the change feed, so it does not matter how it came: sent, imported, or from other nodes; and nothing of it is on the way of an answer.
/// <code>
/// change feed, requests ─► moving ─ quiet ─┐
/// start ─► job over what is missing ───────┴─► chunks of the series, in one transaction
/// </code>
/// </remarks>
public sealed class MetadataKeeper : IDisposable
{
    /// <summary>Series that are kept in mind at most; those beyond are left to the first request, and to the job of the next start.</summary>
    private const int MovingLimit = 100_000;

    /// <summary>Changes that are looked at in one go.</summary>
    private const int StepChanges = 16_384;

    private const int StepSeries = 256;

    private readonly CatalogueDatabase _catalogue;
    private readonly MetadataOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<MetadataKeeper> _logger;
    private readonly JobRunner _jobs;
    private readonly SeriesPacker _packer;
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Lock _gate = new();
    private readonly Dictionary<SeriesName, long> _moving = [];
    private readonly Channel<bool> _wanted = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private volatile bool _isRunning;

    public MetadataKeeper(CatalogueDatabase catalogue, Retriever retriever, MetadataOptions options, TimeProvider time, ILoggerFactory loggers)
    {
        (_catalogue, _options, _time, _logger) = (catalogue, options, time, loggers.CreateLogger<MetadataKeeper>());
        _jobs = new JobRunner(catalogue, time, loggers.CreateLogger<JobRunner>());
        _packer = new SeriesPacker(catalogue, retriever, time, _logger);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _turn.Dispose();
        _jobs.Dispose();
    }

    /// <summary>Works in the background until cancelled.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        if (!_options.IsOn)
        {
            return;
        }

        _isRunning = true;
        var cursor = _catalogue.LastSequence();
        var backlog = new MetadataBacklog(_catalogue, _jobs, (series, token) => StoreAsync(series, PaceAsync, token), _logger);
        try
        {
            await backlog.BeginAsync(ct);
        }
        catch (Exception fault) when (!ct.IsCancellationRequested)
        {
            Log.MetadataFailed(_logger, fault);
        }

        await Task.WhenAll(FollowAsync(cursor, ct), _jobs.RunAsync(backlog, ct));
    }

    /// <summary>How much is stored; reads all series.</summary>
    public MetadataStatus Status(CancellationToken ct)
    {
        var counts = _catalogue.MetadataCounts(ct);
        return new MetadataStatus(
            _options.IsOn && _isRunning, _catalogue.CountSeriesWithoutMetadata(ct), counts.StoredSeries, counts.StoredInstances, counts.StoredBytes);
    }

    /// <summary>Stores at once, with a whole core, all that is missing.</summary>
    /// <param name="progress">Called after each series.</param>
    /// <param name="ct">Stops after the chunk in hand; series that are stored stay so.</param>
    public async Task<MetadataProgress> RunOnceAsync(Action<MetadataProgress> progress, CancellationToken ct)
    {
        var now = new MetadataProgress(_catalogue.CountSeriesWithoutMetadata(ct), 0, 0, IsComplete: false);
        var (series, last) = _catalogue.SeriesWithoutMetadata(0, StepSeries, ct);
        for (; series.Count > 0; (series, last) = _catalogue.SeriesWithoutMetadata(last, StepSeries, ct))
        {
            foreach (var one in series)
            {
                var stored = await Task.Run(() => StoreAsync(one, static (_, _) => Task.CompletedTask, ct).AsTask(), ct);
                now = now with { Looked = now.Looked + 1, Instances = now.Instances + stored };
                progress(now);
            }
        }

        now = now with { IsComplete = true };
        progress(now);
        return now;
    }

    /// <summary>Remembers that the metadata of a series was asked for and was not stored.</summary>
    internal void Want(SeriesName series)
    {
        if (_options.IsOn && Remember(series, isChange: false))
        {
            _wanted.Writer.TryWrite(true);
        }
    }

    private async Task FollowAsync(long cursor, CancellationToken ct)
    {
        while (true)
        {
            var commit = _catalogue.NextCommitAsync();
            try
            {
                cursor = Follow(cursor, ct);
                await StoreQuietAsync(ct);
            }
            catch (Exception fault) when (!ct.IsCancellationRequested)
            {
                // The node lives without it; a full disk or a catalogue that cannot be written is told by others too.
                Log.MetadataFailed(_logger, fault);
            }

            await Task.Delay(_options.QuietTime / 2, _time, ct);
            if (IsAtRest)
            {
                await Task.WhenAny(commit, _wanted.Reader.WaitToReadAsync(ct).AsTask()).WaitAsync(ct);
                _wanted.Reader.TryRead(out _);
            }
        }
    }

    private bool IsAtRest
    {
        get
        {
            lock (_gate)
            {
                return _moving.Count == 0;
            }
        }
    }

    /// <summary>Takes down which series changed since a change.</summary>
    private long Follow(long cursor, CancellationToken ct)
    {
        var last = _catalogue.LastSequence();
        while (cursor < last)
        {
            var until = Math.Min(last, cursor + StepChanges);
            foreach (var series in _catalogue.SeriesChanged(cursor, until, ct))
            {
                Remember(series, isChange: true);
            }

            cursor = until;
        }

        return cursor;
    }

    private bool Remember(SeriesName series, bool isChange)
    {
        lock (_gate)
        {
            var isKnown = _moving.ContainsKey(series);
            if (!isKnown && _moving.Count >= MovingLimit)
            {
                return false;
            }

            if (isChange || !isKnown)
            {
                _moving[series] = _time.GetTimestamp();
            }

            return true;
        }
    }

    private async Task StoreQuietAsync(CancellationToken ct)
    {
        SeriesName[] quiet;
        lock (_gate)
        {
            quiet = [.. _moving.Where(one => _time.GetElapsedTime(one.Value) >= _options.QuietTime).Select(static one => one.Key)];
        }

        var (series, instances) = (0, 0);
        foreach (var name in quiet)
        {
            lock (_gate)
            {
                _moving.Remove(name);
            }

            var stored = await StoreAsync(name, PaceAsync, ct);
            (series, instances) = (series + (stored > 0 ? 1 : 0), instances + stored);
        }

        if (instances > 0)
        {
            Log.MetadataStored(_logger, instances, series);
        }
    }

    private async ValueTask<int> StoreAsync(SeriesName series, Func<TimeSpan, CancellationToken, Task> pace, CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        try
        {
            return await _packer.StoreAsync(series, pace, ct);
        }
        finally
        {
            _turn.Release();
        }
    }

    private Task PaceAsync(TimeSpan worked, CancellationToken ct) => Task.Delay(worked * ((1 / _options.CoreShare) - 1), _time, ct);
}
