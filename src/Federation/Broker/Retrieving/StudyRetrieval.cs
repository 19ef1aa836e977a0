using Microsoft.Extensions.Logging;
using Panal.Archive.Retrieve;
using Panal.Catalogue;
using Panal.Dicom;

namespace Panal.Federation.Broker.Retrieving;

/// <summary>Gets one study from its archive, series by series or in shares; what somebody waits for goes first.</summary>
internal sealed class StudyRetrieval(
    ForeignBroker broker, string studyInstanceUid, IForeignArchives archives, IForeignWeb web, CatalogueDatabase catalogue, FetchPatience patience, TimeProvider time, ILogger logger)
{
    /// <summary>How often a series is asked for before what it lacks is given up.</summary>
    private const int Attempts = 3;

    /// <summary>Instances named in one request at most: a value has 64 KiB at most, and a UID 65 bytes (PS3.5 §6.2, §9.1).</summary>
    private const int NamedAtOnce = 500;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly List<Part> _waiting = [];
    private readonly List<Part> _shares = [];
    private readonly Dictionary<string, Part> _series = new(StringComparer.Ordinal);
    private int _workers;

    /// <summary>Ends with what is under way.</summary>
    public Task Running { get; private set; } = Task.CompletedTask;

    /// <summary>Puts a series first, and begins with it when it is not under way.</summary>
    /// <param name="seriesInstanceUid">The series that is wanted now.</param>
    /// <param name="others">The other series of the study, for afterwards.</param>
    /// <param name="ct">Ends with the node.</param>
    /// <returns>Ends when the series was got, or given up.</returns>
    public Task Want(string seriesInstanceUid, IEnumerable<string> others, CancellationToken ct)
    {
        lock (_gate)
        {
            foreach (var other in others.Where(other => !_series.ContainsKey(other)))
            {
                _waiting.Add(_series[other] = new Part(other, null));
            }

            if (!_series.TryGetValue(seriesInstanceUid, out var part) || part.End.Task.IsCompleted)
            {
                _series[seriesInstanceUid] = part = new Part(seriesInstanceUid, null);
            }
            else if (!_waiting.Remove(part))
            {
                return part.End.Task;
            }

            _waiting.Insert(0, part);
            Begin(ct);
            return part.End.Task;
        }
    }

    /// <summary>Gets some instances of a series, after those that were asked for so before, and before whole series that nobody waits for.</summary>
    /// <returns>Ends when each was got, or given up; what is under way is not asked for twice.</returns>
    public Task Share(string seriesInstanceUid, IReadOnlyList<string> sopInstanceUids, CancellationToken ct)
    {
        lock (_gate)
        {
            if (_series.TryGetValue(seriesInstanceUid, out var whole) && !whole.End.Task.IsCompleted && !_waiting.Contains(whole))
            {
                return whole.End.Task;
            }

            var known = _shares.Where(share => share.Series == seriesInstanceUid && share.Only!.Overlaps(sopInstanceUids)).ToList();
            var fresh = sopInstanceUids.Where(uid => !known.Exists(share => share.Only!.Contains(uid))).ToHashSet(StringComparer.Ordinal);
            if (fresh.Count > 0)
            {
                var share = new Part(seriesInstanceUid, fresh);
                _shares.Add(share);
                known.Add(share);
                _waiting.Insert(_waiting.TakeWhile(static part => part.Only is not null).Count(), share);
                Begin(ct);
            }

            return Task.WhenAll(known.Select(static share => share.End.Task));
        }
    }

    private void Begin(CancellationToken ct)
    {
        while (_workers < Math.Min(broker.Definition.MaximumRetrievals, _waiting.Count))
        {
            _workers++;
            Running = Task.WhenAll(Running, Task.Run(() => WorkAsync(ct), CancellationToken.None));
        }
    }

    private Part? Next()
    {
        lock (_gate)
        {
            // A series whose shares are under way lacks less when they have come; whoever brings the last of them goes on with it.
            var next = _waiting.FindIndex(part => part.Only is not null || !_shares.Exists(share => share.Series == part.Series));
            if (next < 0)
            {
                _workers--;
                return null;
            }

            var part = _waiting[next];
            _waiting.RemoveAt(next);
            return part;
        }
    }

    private async Task WorkAsync(CancellationToken ct)
    {
        while (Next() is { } part)
        {
            try
            {
                await RetrieveAsync(part, ct);
            }
            catch (Exception fault)
            {
                // Whoever waits for it is told that it did not come.
                Log.RetrievalFails(logger, broker.Definition.Name, fault.Message);
            }
            finally
            {
                lock (_gate)
                {
                    _shares.Remove(part);
                }

                part.End.TrySetResult();
            }
        }
    }

    private async Task RetrieveAsync(Part part, CancellationToken ct)
    {
        var (before, isUntouched) = Lacking(part, ct);
        var lacking = before;
        for (var attempt = 1; lacking.Count > 0 && attempt <= Attempts; attempt++)
        {
            try
            {
                await broker.Retrieving.WaitAsync(ct);
                try
                {
                    await RetrieveAsync(part, lacking, isSeries: attempt == 1 && isUntouched, ct);
                }
                finally
                {
                    broker.Retrieving.Release();
                }
            }
            catch (ForeignArchiveException fault)
            {
                Log.RetrievalFails(logger, broker.Definition.Name, fault.Message);
                if (attempt < Attempts)
                {
                    await Task.Delay(Pause * attempt, time, ct);
                }
            }

            (lacking, _) = Lacking(part, ct);
        }

        broker.Tally.Retrieved(before.Count - lacking.Count, lacking.Count);
        if (lacking.Count > 0)
        {
            Log.InstancesMissing(logger, broker.Definition.Name, lacking.Count, before.Count);
        }
    }

    /// <summary>A series of which nothing is here is asked for whole, everything else by name.</summary>
    private async Task RetrieveAsync(Part part, List<InstanceRow> lacking, bool isSeries, CancellationToken ct)
    {
        if (isSeries)
        {
            await RetrieveAsync(part, lacking, [], ct);
            return;
        }

        foreach (var some in lacking.Chunk(NamedAtOnce))
        {
            await RetrieveAsync(part, some, [.. some.Select(static row => row.SopInstanceUid)], ct);
        }
    }

    /// <summary>One request; broken off when nothing comes for too long, because an archive that hangs never says so.</summary>
    private async Task RetrieveAsync(Part part, IReadOnlyList<InstanceRow> lacking, string[] named, CancellationToken ct)
    {
        using var give = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var request = RequestAsync(part.Series, lacking, named, give.Token);
        var left = Lacking(part, ct).Instances.Count;
        while (true)
        {
            using var enough = CancellationTokenSource.CreateLinkedTokenSource(ct);
            await Task.WhenAny(request, Task.Delay(patience.Stall, time, enough.Token));
            await enough.CancelAsync();
            if (request.IsCompleted || ct.IsCancellationRequested)
            {
                break;
            }

            var now = Lacking(part, ct).Instances.Count;
            if (now == left)
            {
                await give.CancelAsync();
                await request.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                throw new ForeignArchiveException("Nothing comes from the archive any more.", isRefusal: false, null);
            }

            left = now;
        }

        await request;
    }

    /// <summary>Instances of a part that the archive offers and that are not here, and whether that is all that it offers of the series.</summary>
    private (List<InstanceRow> Instances, bool IsSeries) Lacking(Part part, CancellationToken ct)
    {
        var offered = catalogue.Locate(new RetrieveKeys { StudyInstanceUids = [studyInstanceUid], SeriesInstanceUids = [part.Series] }, ct)
            .Where(row => catalogue.OffersOfInstance(row.SopInstanceUid).Contains(new Offerer(broker.Definition.Source, IsForeign: true)) || row.Copy is not null).ToList();
        var lacking = offered.Where(row => row.Copy is null && part.Only?.Contains(row.SopInstanceUid) != false).ToList();
        return (lacking, lacking.Count == offered.Count);
    }

    private Task RequestAsync(string series, IReadOnlyList<InstanceRow> lacking, string[] named, CancellationToken ct)
    {
        if (broker.Definition.Retrieve == ForeignRetrieval.Wado)
        {
            return web.RetrieveAsync(broker.Definition.WebAddress, studyInstanceUid, series, named, ct);
        }

        var identifier = new DataSet();
        identifier.Set(Tags.QueryRetrieveLevel, named.Length > 0 ? "IMAGE" : "SERIES");
        identifier.Set(Tags.StudyInstanceUID, studyInstanceUid);
        identifier.Set(Tags.SeriesInstanceUID, series);
        if (named.Length > 0)
        {
            identifier.Set(Tags.SOPInstanceUID, named);
        }

        // One that is not named fails in a C-GET, so all are proposed when not all are known.
        string[] classes = lacking.All(static row => row.SopClassUid.Length > 0) ? [.. lacking.Select(static row => row.SopClassUid).Distinct()] : [];
        return archives.RetrieveAsync(broker.Definition.Address, broker.Definition.Retrieve, identifier, classes, ct);
    }

    /// <summary>What one worker gets at a time: a series, or some instances of it.</summary>
    private sealed class Part(string series, HashSet<string>? only)
    {
        public string Series => series;

        public HashSet<string>? Only => only;

        public TaskCompletionSource End { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

/// <summary>How long an archive may be silent in the middle of a retrieval.</summary>
internal sealed record FetchPatience(TimeSpan Stall);
