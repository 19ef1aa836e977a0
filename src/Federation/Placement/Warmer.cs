using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Panal.Catalogue;
using Panal.Federation.Broker.Gathering;
using Panal.Federation.Fetching;
using Panal.Federation.Recycling;
using Panal.Swarm.Transfers;

namespace Panal.Federation.Placement;

/// <summary>
/// Fetches ahead of demand: new studies of chosen kinds in quiet hours within a budget, and earlier studies of a patient when one is opened. All with bulk
/// priority: whatever somebody waits for goes first.
/// </summary>
public sealed class Warmer(
    CatalogueDatabase catalogue, RemoteCopies remote, UseStatistics statistics, PlacementOptions options, TimeProvider time, ILogger<Warmer> logger, StudyFetches? fetches = null)
{
    /// <summary>Newest studies that are looked at after a start: some days of a large hospital.</summary>
    private const int StudiesLookedBackAt = 2000;

    private const int OpenedAtOnce = 256;

    private readonly Channel<string> _opened =
        Channel.CreateBounded<string>(new BoundedChannelOptions(OpenedAtOnce) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    // What it has brought, or found here: a study that was dropped since is not brought again.
    private readonly HashSet<string> _done = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _seen = new(StringComparer.Ordinal);
    private double _tokens = options.WarmBytesPerHour;
    private long _filledAt = time.GetTimestamp();

    /// <summary>Works until cancelled.</summary>
    public Task RunAsync(CancellationToken ct)
    {
        if (options.Priors > 0)
        {
            statistics.Opened = study => _opened.Writer.TryWrite(study);
        }

        return Task.WhenAll(WarmAsync(ct), FetchPriorsAsync(ct));
    }

    /// <summary>Looks once for new studies, and begins to fetch those that are settled, as far as the budget goes.</summary>
    /// <returns>How many were begun.</returns>
    public async Task<int> WarmOnceAsync(CancellationToken ct)
    {
        if (options.WarmModalities.Count == 0 || options.WarmHours is { } hours && !hours.Contains(time.GetLocalNow().Hour))
        {
            return 0;
        }

        Fill();
        var begun = 0;
        var present = new HashSet<string>(StringComparer.Ordinal);
        foreach (var study in catalogue.NewestStudies(StudiesLookedBackAt, ct).Where(IsWarmed))
        {
            present.Add(study.StudyInstanceUid);
            if (IsSettled(study) && _tokens > 0 && await FetchAsync(study.StudyInstanceUid, isPrior: false, ct) is { } transfer)
            {
                _done.Add(study.StudyInstanceUid);
                _tokens -= transfer.LengthBytes;
                begun++;
            }
        }

        _done.IntersectWith(present);
        foreach (var gone in _seen.Keys.Except(present).ToList())
        {
            _seen.Remove(gone);
        }

        if (begun > 0)
        {
            Log.Warmed(logger, begun);
        }

        return begun;
    }

    /// <summary>Begins to fetch the earlier studies of the patient of a study.</summary>
    /// <returns>How many were begun.</returns>
    public async Task<int> FetchPriorsOnceAsync(string studyInstanceUid, CancellationToken ct)
    {
        var begun = 0;
        foreach (var prior in catalogue.OtherStudiesOfPatient(studyInstanceUid, options.Priors))
        {
            begun += await FetchAsync(prior, isPrior: true, ct) is null ? 0 : 1;
        }

        if (begun > 0)
        {
            Log.PriorsFetched(logger, begun);
        }

        return begun;
    }

    private async Task WarmAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(options.WarmInterval, time);
        while (options.WarmModalities.Count > 0 && await timer.WaitForNextTickAsync(ct))
        {
            await TryAsync(WarmOnceAsync, ct);
        }
    }

    private async Task FetchPriorsAsync(CancellationToken ct)
    {
        await foreach (var study in _opened.Reader.ReadAllAsync(ct))
        {
            await TryAsync(token => FetchPriorsOnceAsync(study, token), ct);
        }
    }

    private async Task TryAsync(Func<CancellationToken, Task<int>> work, CancellationToken ct)
    {
        try
        {
            await work(ct);
        }
        catch (Exception e) when (e is IOException or CatalogueException)
        {
            Log.NotWarmed(logger, e.Message);
        }
    }

    /// <summary>Priors come from archives that offer them too; whatever else is new there is left to those who ask, for such an archive must not feel us.</summary>
    private async Task<TransferProgress?> FetchAsync(string study, bool isPrior, CancellationToken ct)
    {
        if (catalogue.CoverageOf(study) is not { } coverage || coverage.HeldHere == coverage.Instances)
        {
            return null;
        }

        var transfer = isPrior && fetches is not null
            ? (await fetches.FetchAsync(study, TransferPriority.Bulk, ct))?.Progress
            : (await remote.FetchStudyAsync(study, TransferPriority.Bulk, ct))?.Progress;
        if (transfer is not null)
        {
            statistics.Touched(study);
        }

        return transfer;
    }

    private bool IsWarmed(StudyHolding study) =>
        options.WarmModalities.Contains("*") || study.Modalities.Any(options.WarmModalities.Contains);

    /// <summary>A study that still grows is left until the next look; one that is here, or was, is left for good.</summary>
    private bool IsSettled(StudyHolding study)
    {
        var isSettled = _seen.TryGetValue(study.StudyInstanceUid, out var before) && before == study.Instances;
        _seen[study.StudyInstanceUid] = study.Instances;
        if (study.IsWhole || !statistics.IsNew(study.StudyInstanceUid))
        {
            _done.Add(study.StudyInstanceUid);
        }

        return isSettled && !_done.Contains(study.StudyInstanceUid);
    }

    private void Fill()
    {
        if (options.WarmBytesPerHour == long.MaxValue)
        {
            _tokens = double.PositiveInfinity;
            return;
        }

        var now = time.GetTimestamp();
        _tokens = Math.Min(options.WarmBytesPerHour, _tokens + (options.WarmBytesPerHour * time.GetElapsedTime(_filledAt, now).TotalHours));
        _filledAt = now;
    }
}
